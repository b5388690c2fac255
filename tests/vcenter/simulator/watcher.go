package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// watcher is told of every object that comes and goes.
type watcher struct{ sim *Sim }

func (w *watcher) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "Watcher", Value: "watcher"}
}

// methodOf are the tasks that the simulator names otherwise than a vCenter, which gives the method's own name: pyVmomi
// cannot even read a task of another name.
var methodOf = map[string]string{
	"PowerOn": "PowerOnVM_Task", "PowerOff": "PowerOffVM_Task", "Suspend": "SuspendVM_Task", "Reset": "ResetVM_Task",
	"ReconfigVm": "ReconfigVM_Task", "CreateVm": "CreateVM_Task", "RegisterVm": "RegisterVM_Task", "CloneVm": "CloneVM_Task",
	"RelocateVm": "RelocateVM_Task", "Destroy": "Destroy_Task", "Rename": "Rename_Task", "MoveIntoFolder": "MoveIntoFolder_Task",
	"DeleteDatastoreFile": "DeleteDatastoreFile_Task", "CopyDatastoreFile": "CopyDatastoreFile_Task",
	"MoveDatastoreFile": "MoveDatastoreFile_Task", "CreateVirtualDisk": "CreateVirtualDisk_Task",
	"DeleteVirtualDisk": "DeleteVirtualDisk_Task", "ExtendVirtualDisk": "ExtendVirtualDisk_Task",
	"EnterMaintenanceMode": "EnterMaintenanceMode_Task", "ExitMaintenanceMode": "ExitMaintenanceMode_Task",
	"ReconfigureDvPortgroup": "ReconfigureDVPortgroup_Task", "SearchDatastore": "SearchDatastore_Task",
	"ShutdownGuest": "ShutdownGuest", "AddDVPortgroup": "AddDVPortgroup_Task", "DisconnectHost": "DisconnectHost_Task",
	"ReconnectHost": "ReconnectHost_Task", "UpgradeVm": "UpgradeVM_Task", "PromoteDisks": "PromoteDisks_Task",
}

func (w *watcher) PutObject(_ *simulator.Context, object mo.Reference) {
	switch one := object.(type) {
	case *simulator.Task:
		if method, known := methodOf[one.Info.Name]; known {
			one.Info.Name = method
		}
	case *simulator.VirtualMachine: // the simulator leaves them empty, and pyVmomi reads no enum that is empty
		for _, runtime := range []*types.VirtualMachineRuntimeInfo{&one.Runtime, &one.Summary.Runtime} {
			if runtime.FaultToleranceState == "" {
				runtime.FaultToleranceState = types.VirtualMachineFaultToleranceStateNotConfigured
			}
			if runtime.RecordReplayState == "" {
				runtime.RecordReplayState = types.VirtualMachineRecordReplayStateInactive
			}
		}
	}
}

func (w *watcher) UpdateObject(_ *simulator.Context, object mo.Reference, changes []types.PropertyChange) {
	for _, change := range changes {
		if change.Name != "runtime.powerState" {
			continue
		}
		if vm, known := w.sim.registry().Get(object.Reference()).(*simulator.VirtualMachine); known {
			go (&VM{vm, w.sim}).powered() // it waits for the task that has the VM's lock now
		}
	}
}

// RemoveObject takes an object out of every session that has one of ours for it.
func (w *watcher) RemoveObject(ctx *simulator.Context, ref types.ManagedObjectReference) {
	for _, registry := range w.sim.sessions.registries() {
		if registry.Get(ref) != nil {
			registry.Remove(ctx, ref)
		}
	}
}
