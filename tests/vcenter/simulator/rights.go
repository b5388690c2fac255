package main

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// rights says what an account may do. Which right a method or a property needs is pyVmomi's word, not ours: server.py
// writes its type tables into a file. Who has it where, is what the tests set through the AuthorizationManager.
type rights struct {
	sim        *Sim
	mu         sync.Mutex
	Methods    map[string]map[string]string `json:"methods"`    // type to method to right
	Properties map[string]map[string]string `json:"properties"` // type to property to right
	last       int32                        // role ids that we gave
	roles      map[int32]map[string]bool
}

func readRights(sim *Sim, path string) (*rights, error) {
	table := &rights{sim: sim, last: 1000, roles: map[int32]map[string]bool{}}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return table, json.Unmarshal(text, table)
}

// grantAdministrators gives them the Admin role at the root, as SSO's own administrator has it.
func (r *rights) grantAdministrators() {
	root := r.sim.service().RootFolder
	request := &types.SetEntityPermissions{Entity: root}
	for _, admin := range r.sim.settings.Admins {
		request.Permission = append(request.Permission, types.Permission{
			Entity: &root, Principal: admin, RoleId: adminRole, Propagate: true,
		})
	}
	r.authority().SetEntityPermissions(request)
}

const adminRole = -1

func (r *rights) authority() *simulator.AuthorizationManager {
	return r.sim.registry().Get(*r.sim.service().AuthorizationManager).(*simulator.AuthorizationManager)
}

// check refuses a call for which the account lacks a right on the object called, or on those that the spec touches.
func (r *rights) check(ctx *simulator.Context, method *simulator.Method) types.BaseMethodFault {
	if ctx.Session == nil {
		return nil
	}
	user := principal(ctx.Session.UserName)
	entity := r.entityOf(ctx, method.This)
	for _, need := range r.needs(ctx, method, entity) {
		if !r.has(user, need.on, need.right) {
			on := need.on
			return &types.NoPermission{Object: &on, PrivilegeId: need.right}
		}
	}
	return nil
}

type need struct {
	on    types.ManagedObjectReference
	right string
}

func (r *rights) needs(ctx *simulator.Context, method *simulator.Method, on types.ManagedObjectReference) []need {
	var all []need
	if right := r.Methods[method.This.Type][method.Name]; right != "" {
		all = append(all, need{on, right})
	}
	all = append(all, needsOfSpec(ctx, method, on)...)
	if len(all) == 0 && isEntity(on) && on != r.sim.service().RootFolder {
		all = append(all, need{on, "System.View"}) // what cannot be seen cannot be called either
	}
	return all
}

func isEntity(ref types.ManagedObjectReference) bool {
	_, managed := running.registry().Get(ref).(mo.Entity)
	return managed
}

// entityOf is the inventory object whose permissions hold for ref: a snapshot's VM, a task's target, and for the
// service's own managers the root folder.
func (r *rights) entityOf(ctx *simulator.Context, ref types.ManagedObjectReference) types.ManagedObjectReference {
	object := ctx.Map.Get(ref)
	if ctx.Session != nil && object == nil {
		object = ctx.Session.Get(ref)
	}
	switch one := object.(type) {
	case mo.Entity:
		return ref
	case *simulator.VirtualMachineSnapshot:
		return one.Vm
	case *simulator.Task:
		if one.Info.Entity != nil && isEntity(*one.Info.Entity) {
			return *one.Info.Entity
		}
	case *Lease:
		return one.vm
	case *AutoStart:
		return one.host
	}
	return r.sim.service().RootFolder
}

// has says whether the account has the right on an object.
func (r *rights) has(user string, ref types.ManagedObjectReference, right string) bool {
	return r.allows(r.granted(user, ref), ref, right)
}

func (r *rights) allows(held map[string]bool, ref types.ManagedObjectReference, right string) bool {
	if right == "" || right == "System.Anonymous" {
		return true
	}
	if strings.HasPrefix(right, "System.") && ref == r.sim.service().RootFolder {
		return true // whoever is logged in sees the service's own objects and the root
	}
	return held[right]
}

// granted walks from the object to the root: the nearest object with a permission for the account decides, and one
// for the user itself beats one for its group, as vCenter does it.
func (r *rights) granted(user string, ref types.ManagedObjectReference) map[string]bool {
	for depth := 0; ; depth++ {
		if role, found := r.roleAt(user, ref, depth == 0); found {
			return role
		}
		entity, managed := r.sim.registry().Get(ref).(mo.Entity)
		if !managed || entity.Entity().Parent == nil {
			return nil
		}
		ref = *entity.Entity().Parent
	}
}

func (r *rights) roleAt(user string, ref types.ManagedObjectReference, here bool) (map[string]bool, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body := r.authority().RetrieveEntityPermissions(r.sim.background(), &types.RetrieveEntityPermissions{Entity: ref})
	group := r.sim.settings.Groups[user]
	var ofGroup map[string]bool
	for _, one := range permissionsOf(body) {
		if !here && !one.Propagate {
			continue
		}
		switch {
		case !one.Group && principal(one.Principal) == user:
			return r.role(one.RoleId), true
		case one.Group && group != "" && principal(one.Principal) == principal(group):
			ofGroup = r.role(one.RoleId)
		}
	}
	return ofGroup, ofGroup != nil
}

// anywhere says whether an account has a permission on any object at all.
func (r *rights) anywhere(user string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	group := principal(r.sim.settings.Groups[user])
	for _, one := range permissionsOf(r.authority().RetrieveAllPermissions(&types.RetrieveAllPermissions{})) {
		if (!one.Group && principal(one.Principal) == user) || (one.Group && principal(one.Principal) == group) {
			return true
		}
	}
	return false
}

func permissionsOf(body any) []types.Permission {
	answer := reflect.ValueOf(body).Elem().FieldByName("Res")
	return answer.Elem().FieldByName("Returnval").Interface().([]types.Permission)
}

// role is the set of a role's rights. Kept: every object of an inventory asks for it.
func (r *rights) role(id int32) map[string]bool {
	if held, known := r.roles[id]; known {
		return held
	}
	held := map[string]bool{}
	r.roles[id] = held
	for _, role := range r.authority().RoleList {
		if role.RoleId != id {
			continue
		}
		for _, right := range role.Privilege {
			held[right] = true
		}
		if id == adminRole { // also what this pyVmomi knows and the simulator's list does not
			for _, methods := range r.Methods {
				for _, right := range methods {
					held[right] = true
				}
			}
		}
	}
	return held
}

// property is the right that reading it needs. Where the tables name none, it is System.Read.
func (r *rights) property(kind, path string) string {
	name, _, _ := strings.Cut(path, ".")
	name, _, _ = strings.Cut(name, "[")
	if right := r.Properties[kind][name]; right != "" {
		return right
	}
	return "System.Read"
}
