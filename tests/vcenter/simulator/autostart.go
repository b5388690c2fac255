package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// AutoStart is which VMs a host starts by itself. The simulator's hosts name one that is not there.
type AutoStart struct {
	mo.HostAutoStartManager
	host types.ManagedObjectReference
}

func (s *Sim) addAutoStart() {
	for _, host := range s.hosts() {
		one := &AutoStart{host: host.Self}
		one.Self = types.ManagedObjectReference{Type: "HostAutoStartManager", Value: "autostart-" + host.Self.Value}
		one.Config.Defaults = &types.AutoStartDefaults{Enabled: types.NewBool(true)}
		s.registry().Put(one)
		manager := host.ConfigManager
		manager.AutoStartManager = &one.Self
		ctx := s.background()
		ctx.WithLock(host, func() {
			ctx.Update(host, []types.PropertyChange{{Name: "configManager", Val: manager}})
		})
	}
}

// ReconfigureAutostart changes the entries that it names, and leaves the others.
func (a *AutoStart) ReconfigureAutostart(ctx *simulator.Context, request *types.ReconfigureAutostart) soap.HasFault {
	config := *copyOf(&a.Config)
	if request.Spec.Defaults != nil {
		config.Defaults = request.Spec.Defaults
	}
	for _, told := range request.Spec.PowerInfo {
		config.PowerInfo = withPower(config.PowerInfo, told)
	}
	ctx.Update(a, []types.PropertyChange{{Name: "config", Val: config}})
	return &methods.ReconfigureAutostartBody{Res: &types.ReconfigureAutostartResponse{}}
}

func withPower(all []types.AutoStartPowerInfo, told types.AutoStartPowerInfo) []types.AutoStartPowerInfo {
	for i := range all {
		if all[i].Key == told.Key {
			all[i] = told
			return all
		}
	}
	return append(all, told)
}
