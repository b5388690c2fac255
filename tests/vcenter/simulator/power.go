package main

import (
	"slices"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// guests knows what each VM's guest is like: has it tools, how long does it take to shut down, does it at all?
type guests struct {
	mu   sync.Mutex
	each map[types.ManagedObjectReference]guest
	said map[types.ManagedObjectReference]*types.GuestInfo // before they were powered off
}

type guest struct {
	NoTools  bool   `json:"no_tools"`
	Ignores  bool   `json:"ignores_shutdown"`
	Shutdown *int64 `json:"shutdown_ms"`
}

func newGuests() *guests {
	return &guests{
		each: map[types.ManagedObjectReference]guest{}, said: map[types.ManagedObjectReference]*types.GuestInfo{},
	}
}

func (g *guests) remember(vm types.ManagedObjectReference, said types.GuestInfo) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.said[vm] = &said
}

func (g *guests) recall(vm types.ManagedObjectReference) *types.GuestInfo {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.said[vm]
}

func (g *guests) of(vm types.ManagedObjectReference) guest {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.each[vm]
}

func (g *guests) set(vm types.ManagedObjectReference, one guest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.each[vm] = one
}

func (vm *VM) toolsRun() bool {
	return vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn && !vm.sim.guests.of(vm.Self).NoTools
}

// ShutdownGuest asks the guest and answers at once; whether and when it ends is the guest's business. The simulator's
// VMs are off in an instant, and even without tools.
func (vm *VM) ShutdownGuest(ctx *simulator.Context, request *types.ShutdownGuest) soap.HasFault {
	body := &methods.ShutdownGuestBody{}
	if vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		body.Fault_ = simulator.Fault("", vm.wrongState(types.VirtualMachinePowerStatePoweredOn))
		return body
	}
	if !vm.toolsRun() {
		body.Fault_ = simulator.Fault("", &types.ToolsUnavailable{})
		return body
	}
	body.Res = &types.ShutdownGuestResponse{}
	guest := vm.sim.guests.of(vm.Self)
	if guest.Ignores {
		return body
	}
	after := vm.sim.timing.get().Shutdown
	if guest.Shutdown != nil {
		after = *guest.Shutdown
	}
	time.AfterFunc(milliseconds(after), func() {
		later := vm.sim.background()
		later.WithLock(vm.VirtualMachine, func() {
			if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
				vm.VirtualMachine.ShutdownGuest(later, request)
			}
		})
	})
	return body
}

func (vm *VM) wrongState(wanted types.VirtualMachinePowerState) *types.InvalidPowerState {
	return &types.InvalidPowerState{RequestedState: wanted, ExistingState: vm.Runtime.PowerState}
}

// powered is what follows a change of power: a guest that runs says so and what it knows, one that does not keeps
// silent; and a VM that starts was stunned, with which change tracking begins.
func (vm *VM) powered() {
	ctx := vm.sim.background()
	ctx.WithLock(vm.VirtualMachine, func() {
		if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
			vm.stunned(ctx)
			if known := vm.sim.guests.recall(vm.Self); known != nil {
				ctx.Update(vm.VirtualMachine, addresses(known))
			}
		} else if vm.Guest != nil && vm.Guest.GuestState == "running" {
			vm.sim.guests.remember(vm.Self, *vm.Guest)
			ctx.Update(vm.VirtualMachine, addresses(&types.GuestInfo{}))
		}
		vm.showTools(ctx)
	})
}

// addresses are what only a running guest tells.
func addresses(guest *types.GuestInfo) []types.PropertyChange {
	return []types.PropertyChange{
		{Name: "guest.net", Val: guest.Net}, {Name: "guest.ipStack", Val: guest.IpStack},
		{Name: "guest.ipAddress", Val: guest.IpAddress}, {Name: "summary.guest.ipAddress", Val: guest.IpAddress},
	}
}

// showTools makes the guest's properties say what it is like.
func (vm *VM) showTools(ctx *simulator.Context) {
	status, state := types.VirtualMachineToolsRunningStatusGuestToolsNotRunning, "notRunning"
	if vm.toolsRun() {
		status, state = types.VirtualMachineToolsRunningStatusGuestToolsRunning, "running"
	}
	ctx.Update(vm.VirtualMachine, []types.PropertyChange{
		{Name: "guest.toolsRunningStatus", Val: string(status)}, {Name: "guest.guestState", Val: state},
		{Name: "summary.guest.toolsRunningStatus", Val: string(status)},
	})
}

// exclusive are the calls of which a VM does one at a time. The simulator lets them all in.
var exclusive = []string{
	"PowerOnVM_Task", "PowerOffVM_Task", "SuspendVM_Task", "ResetVM_Task", "ReconfigVM_Task", "CreateSnapshot_Task",
	"CreateSnapshotEx_Task", "RemoveSnapshot_Task", "RemoveAllSnapshots_Task", "RevertToSnapshot_Task",
	"RevertToCurrentSnapshot_Task", "ConsolidateVMDisks_Task", "Destroy_Task", "UnregisterVM", "RelocateVM_Task",
	"CloneVM_Task", "ExportVm", "ExportSnapshot", "MarkAsTemplate", "Rename_Task", "MigrateVM_Task",
}

// busy refuses a call while the VM is at another, or while a lease holds it.
func (s *Sim) busy(ctx *simulator.Context, method *simulator.Method) types.BaseMethodFault {
	if !slices.Contains(exclusive, method.Name) {
		return nil
	}
	ref := s.rights.entityOf(ctx, method.This)
	vm, known := ctx.Map.Get(ref).(*simulator.VirtualMachine)
	if !known {
		return nil
	}
	if s.leases.holds(ref) {
		return &types.TaskInProgress{Task: types.ManagedObjectReference{Type: "Task", Value: "export"}}
	}
	for _, one := range vm.RecentTask {
		task, known := ctx.Map.Get(one).(*simulator.Task)
		if !known {
			continue
		}
		var state types.TaskInfoState
		ctx.WithLock(task, func() { state = task.Info.State })
		if state == types.TaskInfoStateRunning || state == types.TaskInfoStateQueued {
			return &types.TaskInProgress{Task: one}
		}
	}
	return nil
}
