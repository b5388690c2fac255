package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// stale refuses a change of a VM that is no more what its caller takes it to be. The simulator does not look.
func stale(ctx *simulator.Context, method *simulator.Method) types.BaseMethodFault {
	request, yes := method.Body.(*types.ReconfigVM_Task)
	if !yes || request.Spec.ChangeVersion == "" {
		return nil
	}
	vm, known := ctx.Map.Get(request.This).(*simulator.VirtualMachine)
	if known && vm.Config.ChangeVersion != request.Spec.ChangeVersion {
		return &types.ConcurrentAccess{}
	}
	return nil
}
