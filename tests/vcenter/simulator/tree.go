package main

import (
	"bytes"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

// The tree of a VM's snapshots, as its property shows it.

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
