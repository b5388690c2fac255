package main

import (
	"fmt"
	"log"
	"os"
	"path"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// The chain of files of a disk: a snapshot makes it longer, a removal shorter.

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

// mergeSlowly makes the tasks that merge as slow as the timings say for what the VM's files hold. The time passes
// before the task takes the VM's lock: others go on reading the VM meanwhile.
func (vm *VM) mergeSlowly() {
	slow := vm.sim.timing.get().MergePerMiB
	if slow == 0 {
		return
	}
	bytes := int64(0)
	for _, disk := range disksOf(vm.Config.Hardware.Device) {
		if backing := flat(disk); backing != nil && backing.Parent != nil {
			if path, err := vm.sim.place(vm.VirtualMachine, contentName(backing)); err == nil {
				blocks, _ := allocated(path)
				bytes += int64(len(blocks)) * block
			}
		}
	}
	vm.sim.pace(int(bytes >> 20 * slow / 1000))
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
