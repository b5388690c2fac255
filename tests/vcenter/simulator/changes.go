package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// tracking keeps, for each disk, what it held at each change id that was handed out. The answer to "what has changed
// since" is a comparison with that, so it is true whatever wrote to the disk's file.
type tracking struct {
	mu    sync.Mutex
	disks map[diskKey]*history
}

type diskKey struct {
	vm  types.ManagedObjectReference
	key int32
}

type history struct {
	epoch string // the part of a change id that says whether two of them can be compared
	last  int
	held  map[string]fingerprint
}

func newTracking() *tracking { return &tracking{disks: map[diskKey]*history{}} }

// begin starts tracking where the VM asks for it: as in ESXi this happens when the VM is stunned, which is at power
// on and with each snapshot made, removed or reverted to; reconfiguring alone does not do it.
func (t *tracking) begin(sim *Sim, vm *simulator.VirtualMachine) error {
	if on := vm.Config.ChangeTrackingEnabled; on == nil || !*on {
		return nil
	}
	for _, disk := range disksOf(vm.Config.Hardware.Device) {
		if flat(disk) == nil || independent(disk) || t.of(vm, disk.Key) != nil {
			continue
		}
		t.mu.Lock()
		t.disks[diskKey{vm.Self, disk.Key}] = &history{epoch: uuid.NewString(), held: map[string]fingerprint{}}
		t.mu.Unlock()
		if _, err := t.mark(sim, vm, disk); err != nil {
			return err
		}
	}
	return nil
}

// end forgets everything, so that what begins after it cannot be compared with what was before.
func (t *tracking) end(vm types.ManagedObjectReference) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key := range t.disks {
		if key.vm == vm {
			delete(t.disks, key)
		}
	}
}

func (t *tracking) of(vm *simulator.VirtualMachine, key int32) *history {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.disks[diskKey{vm.Self, key}]
}

// mark hands out the next change id of a disk, and keeps what the disk holds now.
func (t *tracking) mark(sim *Sim, vm *simulator.VirtualMachine, disk *types.VirtualDisk) (string, error) {
	history := t.of(vm, disk.Key)
	if history == nil {
		return "", nil
	}
	path, err := sim.content(vm, disk)
	if err != nil {
		return "", err
	}
	print, err := fingerprintOf(path)
	if err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	history.last++
	id := fmt.Sprintf("%s/%d", history.epoch, history.last)
	history.held[id] = print
	return id, nil
}

func independent(disk *types.VirtualDisk) bool {
	backing := flat(disk)
	return backing != nil && strings.HasPrefix(backing.DiskMode, "independent")
}

func (vm *VM) QueryChangedDiskAreas(ctx *simulator.Context, request *types.QueryChangedDiskAreas) soap.HasFault {
	body := &methods.QueryChangedDiskAreasBody{}
	answer, fault := vm.changes(ctx, request)
	if fault != nil {
		body.Fault_ = simulator.Fault("", fault)
		return body
	}
	body.Res = &types.QueryChangedDiskAreasResponse{Returnval: *answer}
	return body
}

func (vm *VM) changes(ctx *simulator.Context, request *types.QueryChangedDiskAreas) (*types.DiskChangeInfo, types.BaseMethodFault) {
	disk, fault := vm.diskAsked(ctx, request)
	if fault != nil {
		return nil, fault
	}
	if request.StartOffset < 0 || request.StartOffset >= disk.CapacityInBytes {
		return nil, &types.InvalidArgument{InvalidProperty: "startOffset"}
	}
	path, err := vm.sim.content(vm.VirtualMachine, disk)
	if err != nil {
		return nil, fileFault(err.Error(), "")
	}
	blocks, fault := vm.changedBlocks(disk, path, request.ChangeId)
	if fault != nil {
		return nil, fault
	}
	return areas(blocks, request.StartOffset, disk.CapacityInBytes, vm.sim.timing.get()), nil
}

// diskAsked is the disk as the snapshot has it or, without one, as it is now: then the VM has to be powered off.
func (vm *VM) diskAsked(ctx *simulator.Context, request *types.QueryChangedDiskAreas) (*types.VirtualDisk, types.BaseMethodFault) {
	devices := vm.Config.Hardware.Device
	if request.Snapshot != nil {
		snapshot, known := ctx.Map.Get(*request.Snapshot).(*simulator.VirtualMachineSnapshot)
		if !known || snapshot.Vm != vm.Self {
			return nil, &types.InvalidArgument{InvalidProperty: "snapshot"}
		}
		devices = snapshot.Config.Hardware.Device
	} else if vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
		return nil, fileFault("the disk is in use; ask about a snapshot", "")
	}
	for _, disk := range disksOf(devices) {
		if disk.Key == request.DeviceKey {
			return disk, nil
		}
	}
	return nil, &types.InvalidArgument{InvalidProperty: "deviceKey"}
}

func (vm *VM) changedBlocks(disk *types.VirtualDisk, path, since string) ([]int64, types.BaseMethodFault) {
	history := vm.sim.tracking.of(vm.VirtualMachine, disk.Key)
	if history == nil {
		return nil, fileFault("change tracking is not in effect", "vim.hostd.vmsvc.cbt.noTrack")
	}
	if since == "*" {
		blocks, err := allocated(path)
		if err != nil {
			return nil, fileFault(err.Error(), "")
		}
		return blocks, nil
	}
	epoch, number, two := strings.Cut(since, "/")
	if _, err := strconv.Atoi(number); !two || err != nil {
		return nil, &types.InvalidArgument{InvalidProperty: "changeId"}
	}
	vm.sim.tracking.mu.Lock()
	before, known := history.held[since]
	vm.sim.tracking.mu.Unlock()
	if epoch != history.epoch || !known {
		return nil, fileFault("the change id is of another epoch", "vim.hostd.vmsvc.cbt.noEpoch")
	}
	after, err := fingerprintOf(path)
	if err != nil {
		return nil, fileFault(err.Error(), "")
	}
	return differing(before, after), nil
}

func differing(before, after fingerprint) []int64 {
	var blocks []int64
	for at, digest := range after {
		if before[at] != digest {
			blocks = append(blocks, at)
		}
	}
	for at := range before {
		if _, still := after[at]; !still {
			blocks = append(blocks, at)
		}
	}
	slices.Sort(blocks)
	return blocks
}

// areas joins blocks, and ends an answer where it has as many areas, or covers as much, as the timings allow. An
// answer may cover a part with no change in it at all; callers have to go on from where it ended.
func areas(blocks []int64, from, capacity int64, limits Timings) *types.DiskChangeInfo {
	end := capacity
	if limits.ChangedWindow > 0 {
		end = min(end, from+limits.ChangedWindow)
	}
	info := &types.DiskChangeInfo{StartOffset: from}
	for _, at := range blocks {
		start, stop := max(at*block, from), min((at+1)*block, end)
		if start >= stop {
			continue
		}
		last := len(info.ChangedArea) - 1
		if last >= 0 && info.ChangedArea[last].Start+info.ChangedArea[last].Length == start {
			info.ChangedArea[last].Length += stop - start
			continue
		}
		if int64(len(info.ChangedArea)) == limits.ChangedAreas {
			end = start
			break
		}
		info.ChangedArea = append(info.ChangedArea, types.DiskChangeExtent{Start: start, Length: stop - start})
	}
	info.Length = end - from
	return info
}

// fileFault carries its cause as ESXi does: in the key of a message, which is what clients have to look at.
func fileFault(text, key string) *types.FileFault {
	fault := &types.FileFault{}
	fault.FaultMessage = []types.LocalizableMessage{{Key: key, Message: text}}
	return fault
}
