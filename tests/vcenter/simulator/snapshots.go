package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
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

// grow hangs a new snapshot under the current one.
func (vm *VM) grow(ctx *simulator.Context, snapshot *simulator.VirtualMachineSnapshot, leaf types.VirtualMachineSnapshotTree) {
	info := types.VirtualMachineSnapshotInfo{}
	if vm.VirtualMachine.Snapshot != nil {
		info = *copyOf(vm.VirtualMachine.Snapshot)
	}
	if info.CurrentSnapshot == nil {
		info.RootSnapshotList = append(info.RootSnapshotList, leaf)
	} else {
		parent := find(info.RootSnapshotList, *info.CurrentSnapshot)
		parent.ChildSnapshotList = append(parent.ChildSnapshotList, leaf)
		above := ctx.Map.Get(*info.CurrentSnapshot).(*simulator.VirtualMachineSnapshot)
		above.ChildSnapshot = append(above.ChildSnapshot, snapshot.Self)
	}
	info.CurrentSnapshot = &snapshot.Self
	vm.setTree(ctx, &info)
}

func (vm *VM) setTree(ctx *simulator.Context, info *types.VirtualMachineSnapshotInfo) {
	if info == nil || len(info.RootSnapshotList) == 0 {
		ctx.Update(vm.VirtualMachine, []types.PropertyChange{{Name: "snapshot", Val: nil}, {Name: "rootSnapshot", Val: nil}})
		return
	}
	var roots []types.ManagedObjectReference
	for _, one := range info.RootSnapshotList {
		roots = append(roots, one.Snapshot)
	}
	ctx.Update(vm.VirtualMachine, []types.PropertyChange{{Name: "snapshot", Val: info}, {Name: "rootSnapshot", Val: roots}})
}

func (vm *VM) setDevices(ctx *simulator.Context, devices []types.BaseVirtualDevice) {
	ctx.Update(vm.VirtualMachine, []types.PropertyChange{
		{Name: "config.hardware.device", Val: devices},
		{Name: "config.changeVersion", Val: time.Now().UTC().Format(time.RFC3339Nano)},
	})
}

// branch lets a disk go on in a file of its own; the one so far becomes its parent and is written no more.
func (vm *VM) branch(disk *types.VirtualDisk) error {
	from, err := vm.sim.content(vm.VirtualMachine, disk)
	if err != nil {
		return err
	}
	parent := flat(disk)
	child := *parent
	child.Parent = parent
	child.DeltaDiskFormat = "seSparseFormat"
	for number := 1; ; number++ {
		child.FileName = fmt.Sprintf("%s-%06d.vmdk", trunk(parent.FileName), number)
		place, err := vm.sim.place(vm.VirtualMachine, child.FileName)
		if err != nil {
			return err
		}
		if _, err = os.Stat(place); os.IsNotExist(err) {
			break
		}
	}
	disk.Backing = &child
	to, err := vm.sim.place(vm.VirtualMachine, contentName(&child))
	if err != nil {
		return err
	}
	descriptor := strings.TrimSuffix(to, "-sesparse.vmdk") + ".vmdk"
	hint := fmt.Sprintf("# Disk DescriptorFile\nversion=1\ncreateType=\"seSparse\"\nparentFileNameHint=\"%s\"\n", path.Base(parent.FileName))
	if err = os.WriteFile(descriptor, []byte(hint), 0o600); err != nil {
		return err
	}
	return copyDisk(from, to)
}

// trunk is the name of the disk at the root of the chain: disk-000001.vmdk is of disk.vmdk.
func trunk(name string) string {
	name = strings.TrimSuffix(name, ".vmdk")
	if len(name) > 7 && name[len(name)-7] == '-' && strings.Trim(name[len(name)-6:], "0123456789") == "" {
		return name[:len(name)-7]
	}
	return name
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
	return &methods.ConsolidateVMDisks_TaskBody{Res: &types.ConsolidateVMDisks_TaskResponse{Returnval: task.Run(ctx)}}
}

// consolidate shortens the chains: a file that no snapshot stands on takes over what its only child holds.
func (vm *VM) consolidate(ctx *simulator.Context) types.BaseMethodFault {
	devices := copyOf(vm.Config).Hardware.Device
	for _, disk := range disksOf(devices) {
		for vm.mergeOne(ctx, disk) {
		}
	}
	vm.setDevices(ctx, devices)
	ctx.Update(vm.VirtualMachine, []types.PropertyChange{{Name: "runtime.consolidationNeeded", Val: false}})
	return vm.stunned(ctx)
}

// mergeOne finds one file of the disk's chain that nothing but the chain needs, and puts its child in its place.
func (vm *VM) mergeOne(ctx *simulator.Context, disk *types.VirtualDisk) bool {
	for child := flat(disk); child != nil && child.Parent != nil; child = child.Parent {
		parent := child.Parent
		if vm.stoodOn(ctx, parent.FileName) || vm.children(ctx, disk, parent.FileName) > 1 {
			continue
		}
		from, err := vm.sim.place(vm.VirtualMachine, contentName(child))
		if err != nil {
			return false
		}
		to, err := vm.sim.place(vm.VirtualMachine, contentName(parent))
		if err != nil {
			return false
		}
		vm.takeTime(from)
		if err = os.Rename(from, to); err != nil {
			log.Print(err)
			return false
		}
		_ = os.Remove(strings.TrimSuffix(from, "-sesparse.vmdk") + ".vmdk")
		was, id := child.FileName, child.ChangeId
		vm.rename(ctx, disk, was, parent)
		if id != "" && flat(disk).FileName == parent.FileName {
			flat(disk).ChangeId = id
		}
		return true
	}
	return false
}

// takeTime makes merging as slow as the timings say for what the file holds.
func (vm *VM) takeTime(path string) {
	if slow := vm.sim.timing.get().FreezePerMiB; slow > 0 {
		blocks, _ := allocated(path)
		time.Sleep(time.Duration(int64(len(blocks))*block>>20*slow) * time.Microsecond)
	}
}

// stoodOn: is it the file of a disk in one of the snapshots?
func (vm *VM) stoodOn(ctx *simulator.Context, name string) bool {
	for _, one := range vm.snapshots(ctx) {
		for _, disk := range disksOf(one.Config.Hardware.Device) {
			if backing := flat(disk); backing != nil && backing.FileName == name {
				return true
			}
		}
	}
	return false
}

// children counts the files that have this one as their parent, over all snapshots and the VM.
func (vm *VM) children(ctx *simulator.Context, disk *types.VirtualDisk, name string) int {
	found := map[string]bool{}
	tops := []*types.VirtualDisk{disk}
	for _, one := range vm.snapshots(ctx) {
		tops = append(tops, disksOf(one.Config.Hardware.Device)...)
	}
	for _, top := range tops {
		for backing := flat(top); backing != nil && backing.Parent != nil; backing = backing.Parent {
			if backing.Parent.FileName == name {
				found[backing.FileName] = true
			}
		}
	}
	return len(found)
}

// rename puts a backing in the place of the one with this name, wherever it stands in a chain.
func (vm *VM) rename(ctx *simulator.Context, disk *types.VirtualDisk, was string, is *types.VirtualDiskFlatVer2BackingInfo) {
	tops := []*types.VirtualDisk{disk}
	for _, one := range vm.snapshots(ctx) {
		tops = append(tops, disksOf(one.Config.Hardware.Device)...)
	}
	for _, top := range tops {
		backing := flat(top)
		if backing != nil && backing.FileName == was {
			same := *is
			same.ChangeId = backing.ChangeId
			top.Backing = &same
			continue
		}
		for ; backing != nil && backing.Parent != nil; backing = backing.Parent {
			if backing.Parent.FileName == was {
				same := *is
				backing.Parent = &same
				break
			}
		}
	}
}

func (vm *VM) snapshots(ctx *simulator.Context) []*simulator.VirtualMachineSnapshot {
	var found []*simulator.VirtualMachineSnapshot
	if vm.VirtualMachine.Snapshot == nil {
		return nil
	}
	for i := range vm.VirtualMachine.Snapshot.RootSnapshotList {
		for _, ref := range all(&vm.VirtualMachine.Snapshot.RootSnapshotList[i]) {
			if one, known := ctx.Map.Get(ref).(*simulator.VirtualMachineSnapshot); known {
				found = append(found, one)
			}
		}
	}
	return found
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

// copyOf is a deep copy by way of XML, as a client would get it.
func copyOf[T any](value *T) *T {
	text, err := xml.Marshal(value)
	if err != nil {
		panic(err)
	}
	decoder := xml.NewDecoder(bytes.NewReader(text))
	decoder.TypeFunc = types.TypeFunc()
	made := new(T)
	if err = decoder.Decode(made); err != nil {
		panic(err)
	}
	return made
}

func find(list []types.VirtualMachineSnapshotTree, ref types.ManagedObjectReference) *types.VirtualMachineSnapshotTree {
	for i := range list {
		if list[i].Snapshot == ref {
			return &list[i]
		}
		if below := find(list[i].ChildSnapshotList, ref); below != nil {
			return below
		}
	}
	return nil
}

func parentOf(list []types.VirtualMachineSnapshotTree, ref types.ManagedObjectReference) *types.ManagedObjectReference {
	for i := range list {
		if slices.ContainsFunc(list[i].ChildSnapshotList, func(one types.VirtualMachineSnapshotTree) bool { return one.Snapshot == ref }) {
			return &list[i].Snapshot
		}
		if above := parentOf(list[i].ChildSnapshotList, ref); above != nil {
			return above
		}
	}
	return nil
}

func all(tree *types.VirtualMachineSnapshotTree) []types.ManagedObjectReference {
	if tree == nil {
		return nil
	}
	refs := []types.ManagedObjectReference{tree.Snapshot}
	for i := range tree.ChildSnapshotList {
		refs = append(refs, all(&tree.ChildSnapshotList[i])...)
	}
	return refs
}

// without takes one snapshot out; those below it move up.
func without(list []types.VirtualMachineSnapshotTree, ref types.ManagedObjectReference) []types.VirtualMachineSnapshotTree {
	var kept []types.VirtualMachineSnapshotTree
	for _, one := range list {
		below := without(one.ChildSnapshotList, ref)
		if one.Snapshot == ref {
			kept = append(kept, below...)
			continue
		}
		one.ChildSnapshotList = below
		kept = append(kept, one)
	}
	return kept
}
