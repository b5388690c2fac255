package main

import (
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Lease is an export of a VM's or a snapshot's disks as streams.
type Lease struct {
	mo.HttpNfcLease
	sim     *Sim
	id      string
	session string
	vm      types.ManagedObjectReference
	until   time.Time
	ended   chan struct{}
	disks   map[string]*exported // by the name in their URL
}

type exported struct {
	url      types.HttpNfcLeaseDeviceUrl
	path     string
	capacity int64
	wanted   string // sha1 or sha256
	manifest *types.HttpNfcLeaseManifestEntry
}

func (vm *VM) ExportVm(ctx *simulator.Context, _ *types.ExportVm) soap.HasFault {
	body := &methods.ExportVmBody{}
	if vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
		body.Fault_ = simulator.Fault("", vm.wrongState(types.VirtualMachinePowerStatePoweredOff))
		return body
	}
	lease, err := vm.sim.leases.begin(ctx, vm.VirtualMachine, vm.Config.Hardware.Device)
	if err != nil {
		body.Fault_ = simulator.Fault("", fileFault(err.Error(), ""))
		return body
	}
	body.Res = &types.ExportVmResponse{Returnval: lease.Self}
	return body
}

func (s *Snapshot) ExportSnapshot(ctx *simulator.Context, _ *types.ExportSnapshot) soap.HasFault {
	body := &methods.ExportSnapshotBody{}
	lease, err := s.sim.leases.begin(ctx, s.owner(ctx).VirtualMachine, s.Config.Hardware.Device)
	if err != nil {
		body.Fault_ = simulator.Fault("", fileFault(err.Error(), ""))
		return body
	}
	body.Res = &types.ExportSnapshotResponse{Returnval: lease.Self}
	return body
}

func (l *leases) begin(ctx *simulator.Context, vm *simulator.VirtualMachine, devices []types.BaseVirtualDevice) (*Lease, error) {
	now := l.sim.timing.get()
	lease := &Lease{
		sim: l.sim, id: uuid.NewString(), session: ctx.Session.Key, vm: vm.Self, ended: make(chan struct{}),
		disks: map[string]*exported{}, until: time.Now().Add(milliseconds(now.Lease + now.LeaseReady)),
	}
	lease.Self = types.ManagedObjectReference{Type: "HttpNfcLease", Value: "session[" + ctx.Session.Key + "]" + lease.id}
	lease.State = types.HttpNfcLeaseStateInitializing
	lease.Mode = string(types.HttpNfcLeaseModePushOrGet)
	lease.Capabilities = types.HttpNfcLeaseCapabilities{CorsSupported: true, PullModeSupported: true}
	info := &types.HttpNfcLeaseInfo{Lease: lease.Self, Entity: vm.Self, LeaseTimeout: int32(max(now.Lease/1000, 1))}
	for i, disk := range disksOf(devices) {
		if flat(disk) == nil {
			continue // a raw device is not exported
		}
		path, err := l.sim.content(vm, disk)
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("disk-%d.vmdk", i)
		url := types.HttpNfcLeaseDeviceUrl{
			Key: deviceKey(vm, devices, disk), ImportKey: deviceKey(vm, devices, disk), TargetId: name,
			Url: l.sim.url + "/nfc/" + lease.id + "/" + name, Disk: types.NewBool(true),
			SslThumbprint: l.sim.thumbprint(),
		}
		info.DeviceUrl = append(info.DeviceUrl, url)
		info.TotalDiskCapacityInKB += disk.CapacityInKB
		lease.disks[name] = &exported{url: url, path: path, capacity: disk.CapacityInBytes, wanted: "sha1"}
	}
	ctx.Session.Registry.Put(lease)
	l.mu.Lock()
	l.open[lease.id] = lease
	l.mu.Unlock()
	lease.ready(ctx, info, now.LeaseReady)
	return lease, nil
}

func (l *Lease) ready(ctx *simulator.Context, info *types.HttpNfcLeaseInfo, after int64) {
	later := *ctx
	update := func() {
		later.WithLock(l, func() {
			later.Update(l, []types.PropertyChange{
				{Name: "info", Val: info}, {Name: "state", Val: types.HttpNfcLeaseStateReady},
			})
		})
	}
	if after == 0 {
		update()
		return
	}
	time.AfterFunc(milliseconds(after), update)
}

// deviceKey is how a lease names a disk: the VM, and the controller with its bus and the disk's unit.
func deviceKey(vm *simulator.VirtualMachine, devices []types.BaseVirtualDevice, disk *types.VirtualDisk) string {
	for _, device := range devices {
		controller, yes := device.(types.BaseVirtualController)
		if yes && device.GetVirtualDevice().Key == disk.ControllerKey {
			kind := reflect.TypeOf(device).Elem().Name()
			unit := int32(0)
			if disk.UnitNumber != nil {
				unit = *disk.UnitNumber
			}
			return fmt.Sprintf("/%s/%s%d:%d", vm.Self.Value, kind, controller.GetVirtualController().BusNumber, unit)
		}
	}
	return fmt.Sprintf("/%s/disk:%d", vm.Self.Value, disk.Key)
}

func (l *Lease) HttpNfcLeaseProgress(ctx *simulator.Context, request *types.HttpNfcLeaseProgress) soap.HasFault {
	body := &methods.HttpNfcLeaseProgressBody{}
	if l.State != types.HttpNfcLeaseStateReady {
		body.Fault_ = simulator.Fault("", &types.Timedout{})
		return body
	}
	l.sim.leases.mu.Lock()
	l.until = time.Now().Add(milliseconds(l.sim.timing.get().Lease))
	l.sim.leases.mu.Unlock()
	l.TransferProgress = request.Percent
	body.Res = &types.HttpNfcLeaseProgressResponse{}
	return body
}

func (l *Lease) HttpNfcLeaseComplete(ctx *simulator.Context, _ *types.HttpNfcLeaseComplete) soap.HasFault {
	l.close(ctx)
	return &methods.HttpNfcLeaseCompleteBody{Res: &types.HttpNfcLeaseCompleteResponse{}}
}

func (l *Lease) HttpNfcLeaseAbort(ctx *simulator.Context, _ *types.HttpNfcLeaseAbort) soap.HasFault {
	l.close(ctx)
	return &methods.HttpNfcLeaseAbortBody{Res: &types.HttpNfcLeaseAbortResponse{}}
}

// HttpNfcLeaseSetManifestChecksumType chooses the digest of each disk; it has to come before its stream.
func (l *Lease) HttpNfcLeaseSetManifestChecksumType(_ *simulator.Context, request *types.HttpNfcLeaseSetManifestChecksumType) soap.HasFault {
	body := &methods.HttpNfcLeaseSetManifestChecksumTypeBody{}
	for _, pair := range request.DeviceUrlsToChecksumTypes {
		if pair.Value != "sha1" && pair.Value != "sha256" {
			body.Fault_ = simulator.Fault("", &types.InvalidArgument{InvalidProperty: "deviceUrlsToChecksumTypes"})
			return body
		}
		for _, disk := range l.disks {
			if disk.url.Key == pair.Key {
				disk.wanted = pair.Value
			}
		}
	}
	body.Res = &types.HttpNfcLeaseSetManifestChecksumTypeResponse{}
	return body
}

// HttpNfcLeaseGetManifest has an entry for each disk that was read to its end.
func (l *Lease) HttpNfcLeaseGetManifest(*simulator.Context, *types.HttpNfcLeaseGetManifest) soap.HasFault {
	l.sim.leases.mu.Lock()
	defer l.sim.leases.mu.Unlock()
	var entries []types.HttpNfcLeaseManifestEntry
	for _, url := range l.Info.DeviceUrl {
		if made := l.disks[url.TargetId].manifest; made != nil {
			entries = append(entries, *made)
		}
	}
	return &methods.HttpNfcLeaseGetManifestBody{Res: &types.HttpNfcLeaseGetManifestResponse{Returnval: entries}}
}

func (l *Lease) close(ctx *simulator.Context) {
	ctx.Session.Registry.Remove(ctx, l.Self)
	l.sim.leases.drop(l)
}
