package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// Calls that carry no right in the type tables, since it depends on what they are asked to do. The rights of
// ReconfigVM_Task are those that its reference names ("vSphere Web Services API", VirtualMachine, ReconfigVM_Task,
// https://developer.broadcom.com/xapis/vsphere-web-services-api/latest/vim.VirtualMachine.html#reconfigure):
// "VirtualMachine.Config.Rename if renaming the virtual machine", and so on for each field.
func needsOfSpec(ctx *simulator.Context, method *simulator.Method, on types.ManagedObjectReference) []need {
	var named []string
	switch request := method.Body.(type) {
	case *types.ReconfigVM_Task:
		return append(needsOfDevices(ctx, &request.Spec, on), each(on, rightsOfFields(&request.Spec))...)
	case *types.Rename_Task:
		named = []string{ofKind(on.Type, "VirtualMachine.Config.Rename", "Datastore.Rename", "Folder.Rename")}
	case *types.Destroy_Task:
		named = []string{ofKind(on.Type, "VirtualMachine.Inventory.Delete", "Datastore.Delete", "Folder.Delete")}
	case *types.SetEntityPermissions, *types.RemoveEntityPermission, *types.ResetEntityPermissions:
		named = []string{"Authorization.ModifyPermissions"}
	case *types.SetCustomValue:
		named = []string{"Global.SetCustomField"}
	}
	return each(on, named)
}

func each(on types.ManagedObjectReference, rights []string) []need {
	var all []need
	for _, right := range rights {
		all = append(all, need{on, right})
	}
	return all
}

func ofKind(kind, vm, datastore, folder string) string {
	switch kind {
	case "VirtualMachine":
		return vm
	case "Datastore":
		return datastore
	case "Folder":
		return folder
	}
	return "System.View"
}

func rightsOfFields(spec *types.VirtualMachineConfigSpec) []string {
	set := map[string]bool{
		"VirtualMachine.Config.Rename":                 spec.Name != "",
		"VirtualMachine.Config.Annotation":             spec.Annotation != "",
		"VirtualMachine.Config.ChangeTracking":         spec.ChangeTrackingEnabled != nil,
		"VirtualMachine.Config.AdvancedConfig":         len(spec.ExtraConfig) > 0,
		"VirtualMachine.Config.CPUCount":               spec.NumCPUs != 0 || spec.NumCoresPerSocket != nil,
		"VirtualMachine.Config.Memory":                 spec.MemoryMB != 0,
		"VirtualMachine.Config.SwapPlacement":          spec.SwapPlacement != "",
		"VirtualMachine.Config.ManagedBy":              spec.ManagedBy != nil,
		"VApp.ApplicationConfig":                       spec.VAppConfig != nil,
		"VirtualMachine.Config.UpgradeVirtualHardware": spec.Version != "",
		"VirtualMachine.Config.Resource": spec.CpuAllocation != nil || spec.MemoryAllocation != nil ||
			spec.CpuAffinity != nil || spec.MemoryReservationLockedToMax != nil || spec.LatencySensitivity != nil,
		"VirtualMachine.Config.Settings": spec.GuestId != "" || spec.Flags != nil || spec.Tools != nil ||
			spec.BootOptions != nil || spec.PowerOpInfo != nil || spec.Firmware != "" || spec.Uuid != "" ||
			spec.InstanceUuid != "" || spec.CpuHotAddEnabled != nil || spec.MemoryHotAddEnabled != nil,
	}
	var needed []string
	for right, yes := range set {
		if yes {
			needed = append(needed, right)
		}
	}
	return needed
}

// needsOfDevices: disks have rights of their own; a card also needs its network's.
func needsOfDevices(ctx *simulator.Context, spec *types.VirtualMachineConfigSpec, on types.ManagedObjectReference) []need {
	var all []need
	for _, change := range spec.DeviceChange {
		one := change.GetVirtualDeviceConfigSpec()
		right := "VirtualMachine.Config.AddRemoveDevice"
		_, disk := one.Device.(*types.VirtualDisk)
		switch {
		case disk && one.Operation == types.VirtualDeviceConfigSpecOperationRemove:
			right = "VirtualMachine.Config.RemoveDisk"
		case disk && one.Operation == types.VirtualDeviceConfigSpecOperationAdd && one.FileOperation != "":
			right = "VirtualMachine.Config.AddNewDisk"
		case disk && one.Operation == types.VirtualDeviceConfigSpecOperationAdd:
			right = "VirtualMachine.Config.AddExistingDisk"
		case disk && grows(ctx, on, one.Device):
			right = "VirtualMachine.Config.DiskExtend"
		case one.Operation == types.VirtualDeviceConfigSpecOperationEdit:
			right = "VirtualMachine.Config.EditDevice"
			if onlyConnection(ctx, on, one.Device) {
				right = "VirtualMachine.Interact.DeviceConnection"
			}
		}
		all = append(all, need{on, right})
		if network := networkOf(ctx, one.Device); network != nil && one.Operation != types.VirtualDeviceConfigSpecOperationRemove &&
			!onlyConnection(ctx, on, one.Device) {
			all = append(all, need{*network, "Network.Assign"})
		}
	}
	return all
}

func present(ctx *simulator.Context, on types.ManagedObjectReference, device types.BaseVirtualDevice) types.BaseVirtualDevice {
	vm, known := ctx.Map.Get(on).(*simulator.VirtualMachine)
	if !known {
		return nil
	}
	for _, one := range vm.Config.Hardware.Device {
		if one.GetVirtualDevice().Key == device.GetVirtualDevice().Key {
			return one
		}
	}
	return nil
}

func grows(ctx *simulator.Context, on types.ManagedObjectReference, device types.BaseVirtualDevice) bool {
	now, known := present(ctx, on, device).(*types.VirtualDisk)
	return known && device.(*types.VirtualDisk).CapacityInKB > now.CapacityInKB
}

// onlyConnection: a card that stays on its network and is plugged or unplugged.
func onlyConnection(ctx *simulator.Context, on types.ManagedObjectReference, device types.BaseVirtualDevice) bool {
	now := present(ctx, on, device)
	if now == nil || device.GetVirtualDevice().Connectable == nil {
		return false
	}
	was, is := networkOf(ctx, now), networkOf(ctx, device)
	return is == nil || (was != nil && *was == *is)
}

func networkOf(ctx *simulator.Context, device types.BaseVirtualDevice) *types.ManagedObjectReference {
	switch backing := device.GetVirtualDevice().Backing.(type) {
	case *types.VirtualEthernetCardNetworkBackingInfo:
		return backing.Network
	case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
		ref := types.ManagedObjectReference{Type: "DistributedVirtualPortgroup", Value: backing.Port.PortgroupKey}
		if ctx.Map.Get(ref) != nil {
			return &ref
		}
	}
	return nil
}
