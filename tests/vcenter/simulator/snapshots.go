package main

import (
	"log"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// The simulator's snapshots are entries in a tree. These freeze the disks' files, let the VM write to new ones, and
// show so in the backing chain.

// VM is a virtual machine with what the simulator lacks or lets pass.
type VM struct {
	*simulator.VirtualMachine
	sim *Sim
}

// Snapshot is one of a VM.
type Snapshot struct {
	*simulator.VirtualMachineSnapshot
	sim *Sim
}

func (s *Snapshot) owner(ctx *simulator.Context) *VM {
	return &VM{ctx.Map.Get(s.Vm).(*simulator.VirtualMachine), s.sim}
}

var snapshotIDs atomic.Int32

func (vm *VM) CreateSnapshotTask(ctx *simulator.Context, request *types.CreateSnapshot_Task) soap.HasFault {
	ref, fault := vm.snapshot(ctx, "createSnapshotTask", request.Name, request.Description, request.Memory, request.Quiesce)
	if fault != nil {
		return &methods.CreateSnapshot_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.CreateSnapshot_TaskBody{Res: &types.CreateSnapshot_TaskResponse{Returnval: ref}}
}

func (vm *VM) CreateSnapshotExTask(ctx *simulator.Context, request *types.CreateSnapshotEx_Task) soap.HasFault {
	ref, fault := vm.snapshot(ctx, "createSnapshotExTask", request.Name, request.Description, request.Memory, request.QuiesceSpec != nil)
	if fault != nil {
		return &methods.CreateSnapshotEx_TaskBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.CreateSnapshotEx_TaskBody{Res: &types.CreateSnapshotEx_TaskResponse{Returnval: ref}}
}

func (vm *VM) snapshot(ctx *simulator.Context, name, title, text string, memory, quiesce bool) (types.ManagedObjectReference, types.BaseMethodFault) {
	on := vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
	switch {
	case vm.Config.Template:
		return types.ManagedObjectReference{}, &types.NotSupported{}
	case memory && !on:
		memory = false
	case memory && slices.ContainsFunc(disksOf(vm.Config.Hardware.Device), independent):
		return types.ManagedObjectReference{}, &types.InvalidState{}
	}
	task := simulator.CreateTask(vm.Self, name, func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		if quiesce && on && !vm.toolsRun() {
			return nil, &types.ApplicationQuiesceFault{}
		}
		if sharesBus(vm.Config.Hardware.Device) {
			return nil, &types.SnapshotFault{}
		}
		return vm.freeze(ctx, title, text, memory, quiesce && on)
	})
	return task.Run(ctx), nil
}

// sharesBus: ESXi refuses snapshots of VMs whose SCSI controllers share their bus.
func sharesBus(devices []types.BaseVirtualDevice) bool {
	for _, device := range devices {
		if controller, yes := device.(types.BaseVirtualSCSIController); yes {
			switch controller.GetVirtualSCSIController().SharedBus {
			case types.VirtualSCSISharingPhysicalSharing, types.VirtualSCSISharingVirtualSharing:
				return true
			}
		}
	}
	return false
}

func (vm *VM) freeze(ctx *simulator.Context, title, text string, memory, quiesced bool) (types.AnyType, types.BaseMethodFault) {
	devices := copyOf(vm.Config).Hardware.Device
	snapshot := &simulator.VirtualMachineSnapshot{}
	snapshot.Vm = vm.Self
	snapshot.Config = *copyOf(vm.Config)
	frozen := disksOf(snapshot.Config.Hardware.Device)
	for i, disk := range disksOf(devices) {
		if flat(disk) == nil || independent(disk) {
			continue
		}
		id, err := vm.sim.tracking.mark(vm.sim, vm.VirtualMachine, disk)
		if err == nil {
			err = vm.branch(disk)
		}
		if err != nil {
			log.Print(err)
			return nil, fileFault(err.Error(), "")
		}
		flat(frozen[i]).ChangeId = id
		flat(disk).ChangeId = id
		flat(disk).Parent.ChangeId = id
	}
	ctx.Map.Put(snapshot)
	state := types.VirtualMachinePowerStatePoweredOff
	if memory {
		state = vm.Runtime.PowerState
	}
	vm.grow(ctx, snapshot, types.VirtualMachineSnapshotTree{
		Snapshot: snapshot.Self, Vm: vm.Self, Name: title, Description: text, Id: snapshotIDs.Add(1),
		CreateTime: time.Now(), State: state, Quiesced: quiesced, ReplaySupported: types.NewBool(false),
	})
	vm.setDevices(ctx, devices)
	return snapshot.Self, vm.stunned(ctx)
}

// stunned is what every stun of a VM brings: change tracking that was asked for begins.
func (vm *VM) stunned(ctx *simulator.Context) types.BaseMethodFault {
	if err := vm.sim.tracking.begin(vm.sim, vm.VirtualMachine); err != nil {
		return fileFault(err.Error(), "")
	}
	return nil
}

func (vm *VM) setDevices(ctx *simulator.Context, devices []types.BaseVirtualDevice) {
	ctx.Update(vm.VirtualMachine, []types.PropertyChange{
		{Name: "config.hardware.device", Val: devices},
		{Name: "config.changeVersion", Val: time.Now().UTC().Format(time.RFC3339Nano)},
	})
}

func (s *Snapshot) RemoveSnapshotTask(ctx *simulator.Context, request *types.RemoveSnapshot_Task) soap.HasFault {
	merge := request.Consolidate == nil || *request.Consolidate
	task := simulator.CreateTask(s.Vm, "removeSnapshotTask", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		vm := s.owner(ctx)
		gone := []types.ManagedObjectReference{s.Self}
		if request.RemoveChildren {
			gone = all(find(vm.VirtualMachine.Snapshot.RootSnapshotList, s.Self))
		}
		return nil, vm.remove(ctx, gone, merge)
	})
	s.owner(ctx).mergeSlowly()
	return &methods.RemoveSnapshot_TaskBody{Res: &types.RemoveSnapshot_TaskResponse{Returnval: task.Run(ctx)}}
}

func (vm *VM) RemoveAllSnapshotsTask(ctx *simulator.Context, request *types.RemoveAllSnapshots_Task) soap.HasFault {
	merge := request.Consolidate == nil || *request.Consolidate
	task := simulator.CreateTask(vm.Self, "removeAllSnapshotsTask", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		var gone []types.ManagedObjectReference
		if tree := vm.VirtualMachine.Snapshot; tree != nil {
			for i := range tree.RootSnapshotList {
				gone = append(gone, all(&tree.RootSnapshotList[i])...)
			}
		}
		return nil, vm.remove(ctx, gone, merge)
	})
	vm.mergeSlowly()
	return &methods.RemoveAllSnapshots_TaskBody{Res: &types.RemoveAllSnapshots_TaskResponse{Returnval: task.Run(ctx)}}
}

// remove takes snapshots out of the tree and, when asked to, merges the files that nothing needs any more.
func (vm *VM) remove(ctx *simulator.Context, gone []types.ManagedObjectReference, merge bool) types.BaseMethodFault {
	if vm.VirtualMachine.Snapshot == nil {
		return nil
	}
	info := copyOf(vm.VirtualMachine.Snapshot)
	for _, ref := range gone {
		if info.CurrentSnapshot != nil && *info.CurrentSnapshot == ref {
			info.CurrentSnapshot = parentOf(info.RootSnapshotList, ref)
		}
		info.RootSnapshotList = without(info.RootSnapshotList, ref)
		ctx.Map.Remove(ctx, ref)
	}
	vm.setTree(ctx, info)
	if !merge {
		ctx.Update(vm.VirtualMachine, []types.PropertyChange{{Name: "runtime.consolidationNeeded", Val: true}})
		return nil
	}
	return vm.consolidate(ctx)
}

func (vm *VM) ConsolidateVMDisksTask(ctx *simulator.Context, _ *types.ConsolidateVMDisks_Task) soap.HasFault {
	task := simulator.CreateTask(vm.Self, "consolidateVMDisksTask", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		return nil, vm.consolidate(ctx)
	})
	vm.mergeSlowly()
	return &methods.ConsolidateVMDisks_TaskBody{Res: &types.ConsolidateVMDisks_TaskResponse{Returnval: task.Run(ctx)}}
}

func (s *Snapshot) RevertToSnapshotTask(ctx *simulator.Context, _ *types.RevertToSnapshot_Task) soap.HasFault {
	task := simulator.CreateTask(s.Vm, "revertToSnapshotTask", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		return nil, s.owner(ctx).revert(ctx, s.VirtualMachineSnapshot)
	})
	return &methods.RevertToSnapshot_TaskBody{Res: &types.RevertToSnapshot_TaskResponse{Returnval: task.Run(ctx)}}
}

func (vm *VM) RevertToCurrentSnapshotTask(ctx *simulator.Context, _ *types.RevertToCurrentSnapshot_Task) soap.HasFault {
	body := &methods.RevertToCurrentSnapshot_TaskBody{}
	if vm.VirtualMachine.Snapshot == nil || vm.VirtualMachine.Snapshot.CurrentSnapshot == nil {
		body.Fault_ = simulator.Fault("", &types.NotFound{})
		return body
	}
	snapshot := ctx.Map.Get(*vm.VirtualMachine.Snapshot.CurrentSnapshot).(*simulator.VirtualMachineSnapshot)
	task := simulator.CreateTask(vm.Self, "revertToCurrentSnapshotTask", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		return nil, vm.revert(ctx, snapshot)
	})
	body.Res = &types.RevertToCurrentSnapshot_TaskResponse{Returnval: task.Run(ctx)}
	return body
}

// revert drops what was written since, and goes on from a copy of what the snapshot holds. Change ids from before
// mean nothing any more, as VMware says of a revert.
func (vm *VM) revert(ctx *simulator.Context, to *simulator.VirtualMachineSnapshot) types.BaseMethodFault {
	devices := copyOf(&to.Config).Hardware.Device
	for _, disk := range disksOf(vm.Config.Hardware.Device) {
		if backing := flat(disk); backing != nil && backing.Parent != nil && !vm.stoodOn(ctx, backing.FileName) {
			path, err := vm.sim.place(vm.VirtualMachine, contentName(backing))
			if err == nil {
				_ = os.Remove(path)
				_ = os.Remove(strings.TrimSuffix(path, "-sesparse.vmdk") + ".vmdk")
			}
		}
	}
	for _, disk := range disksOf(devices) {
		if flat(disk) == nil || independent(disk) {
			continue
		}
		flat(disk).ChangeId = ""
		if err := vm.branch(disk); err != nil {
			return fileFault(err.Error(), "")
		}
	}
	vm.sim.tracking.end(vm.Self)
	vm.setDevices(ctx, devices)
	info := copyOf(vm.VirtualMachine.Snapshot)
	info.CurrentSnapshot = &to.Self
	vm.setTree(ctx, info)
	state := find(info.RootSnapshotList, to.Self).State
	ctx.Update(vm.VirtualMachine, []types.PropertyChange{
		{Name: "runtime.powerState", Val: state}, {Name: "summary.runtime.powerState", Val: state},
	})
	return vm.stunned(ctx)
}
