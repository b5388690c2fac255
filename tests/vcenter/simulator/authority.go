package main

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Authority answers what the simulator's AuthorizationManager leaves out: it grants everything to everybody, and
// does not say the id of a role that it made.
type Authority struct {
	*simulator.AuthorizationManager
	sim *Sim
}

func (a *Authority) AddAuthorizationRole(ctx *simulator.Context, request *types.AddAuthorizationRole) soap.HasFault {
	body := &methods.AddAuthorizationRoleBody{}
	r := a.sim.rights
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.role(adminRole)
	for _, right := range request.PrivIds {
		if !known[right] {
			body.Fault_ = simulator.Fault("", &types.InvalidArgument{InvalidProperty: "privIds"})
			return body
		}
	}
	for _, role := range a.RoleList {
		if role.Name == request.Name {
			body.Fault_ = simulator.Fault("", &types.AlreadyExists{Name: request.Name})
			return body
		}
	}
	r.last++
	a.RoleList = append(a.RoleList, types.AuthorizationRole{
		RoleId: r.last, Name: request.Name, Privilege: withSystem(request.PrivIds),
		Info: &types.Description{Label: request.Name, Summary: request.Name},
	})
	body.Res = &types.AddAuthorizationRoleResponse{Returnval: r.last}
	return body
}

func (a *Authority) UpdateAuthorizationRole(ctx *simulator.Context, request *types.UpdateAuthorizationRole) soap.HasFault {
	body := &methods.UpdateAuthorizationRoleBody{}
	a.sim.rights.mu.Lock()
	defer a.sim.rights.mu.Unlock()
	for i := range a.RoleList {
		if a.RoleList[i].RoleId == request.RoleId {
			a.RoleList[i].Name = request.NewName
			a.RoleList[i].Privilege = withSystem(request.PrivIds)
			delete(a.sim.rights.roles, request.RoleId)
			body.Res = &types.UpdateAuthorizationRoleResponse{}
			return body
		}
	}
	body.Fault_ = simulator.Fault("", &types.NotFound{})
	return body
}

// The simulator keeps permissions in a map without a lock, and every call of every session asks for them.

func (a *Authority) SetEntityPermissions(request *types.SetEntityPermissions) soap.HasFault {
	a.sim.rights.mu.Lock()
	defer a.sim.rights.mu.Unlock()
	return a.AuthorizationManager.SetEntityPermissions(request)
}

func (a *Authority) RemoveEntityPermission(request *types.RemoveEntityPermission) soap.HasFault {
	a.sim.rights.mu.Lock()
	defer a.sim.rights.mu.Unlock()
	return a.AuthorizationManager.RemoveEntityPermission(request)
}

// withSystem: every role that is made holds these three, whether asked for or not.
func withSystem(rights []string) []string {
	all := slices.Clone(rights)
	for _, one := range []string{"System.Anonymous", "System.Read", "System.View"} {
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}

func (a *Authority) held(user string, entities []types.ManagedObjectReference, rights []string) []types.EntityPrivilege {
	var all []types.EntityPrivilege
	for _, entity := range entities {
		one := types.EntityPrivilege{Entity: entity}
		for _, right := range rights {
			granted := a.sim.rights.has(principal(user), entity, right)
			one.PrivAvailability = append(one.PrivAvailability, types.PrivilegeAvailability{PrivId: right, IsGranted: granted})
		}
		all = append(all, one)
	}
	return all
}

func (a *Authority) userOf(key string) string {
	a.sim.sessions.mu.Lock()
	defer a.sim.sessions.mu.Unlock()
	if one, known := a.sim.sessions.open[key]; known {
		return one.User
	}
	return ""
}

func (a *Authority) HasPrivilegeOnEntities(request *types.HasPrivilegeOnEntities) soap.HasFault {
	held := a.held(a.userOf(request.SessionId), request.Entity, request.PrivId)
	return &methods.HasPrivilegeOnEntitiesBody{Res: &types.HasPrivilegeOnEntitiesResponse{Returnval: held}}
}

func (a *Authority) HasPrivilegeOnEntity(request *types.HasPrivilegeOnEntity) soap.HasFault {
	var held []bool
	user := a.userOf(request.SessionId)
	for _, right := range request.PrivId {
		held = append(held, a.sim.rights.has(user, request.Entity, right))
	}
	return &methods.HasPrivilegeOnEntityBody{Res: &types.HasPrivilegeOnEntityResponse{Returnval: held}}
}

func (a *Authority) HasUserPrivilegeOnEntities(request *types.HasUserPrivilegeOnEntities) soap.HasFault {
	held := a.held(request.UserName, request.Entities, request.PrivId)
	return &methods.HasUserPrivilegeOnEntitiesBody{Res: &types.HasUserPrivilegeOnEntitiesResponse{Returnval: held}}
}

func (a *Authority) FetchUserPrivilegeOnEntities(request *types.FetchUserPrivilegeOnEntities) soap.HasFault {
	var all []types.UserPrivilegeResult
	r := a.sim.rights
	for _, entity := range request.Entities {
		one := types.UserPrivilegeResult{Entity: entity}
		for right := range r.granted(principal(request.UserName), entity) {
			one.Privileges = append(one.Privileges, right)
		}
		slices.Sort(one.Privileges)
		all = append(all, one)
	}
	return &methods.FetchUserPrivilegeOnEntitiesBody{Res: &types.FetchUserPrivilegeOnEntitiesResponse{Returnval: all}}
}
