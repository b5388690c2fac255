package main

import (
	"reflect"
	"strconv"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Collector is a property collector that shows an account only what it may see, and that knows the versions which it
// handed out: one of another session, or of this session before it was lost, is refused.
type Collector struct {
	simulator.PropertyCollector
	turn    sync.Mutex
	version int
}

func (c *Collector) CreatePropertyCollector(ctx *simulator.Context, _ *types.CreatePropertyCollector) soap.HasFault {
	made := &Collector{}
	made.Self.Type = "PropertyCollector"
	ref := ctx.Session.Put(made).Reference()
	return &methods.CreatePropertyCollectorBody{Res: &types.CreatePropertyCollectorResponse{Returnval: ref}}
}

func (c *Collector) RetrievePropertiesEx(ctx *simulator.Context, request *types.RetrievePropertiesEx) soap.HasFault {
	result := c.PropertyCollector.RetrievePropertiesEx(ctx, request)
	if body := result.(*methods.RetrievePropertiesExBody); body.Res != nil && body.Res.Returnval != nil {
		body.Res.Returnval.Objects = visible(ctx, body.Res.Returnval.Objects)
	}
	return result
}

func (c *Collector) ContinueRetrievePropertiesEx(ctx *simulator.Context, request *types.ContinueRetrievePropertiesEx) soap.HasFault {
	result := c.PropertyCollector.ContinueRetrievePropertiesEx(ctx, request)
	if body := result.(*methods.ContinueRetrievePropertiesExBody); body.Res != nil {
		body.Res.Returnval.Objects = visible(ctx, body.Res.Returnval.Objects)
	}
	return result
}

func (c *Collector) RetrieveProperties(ctx *simulator.Context, request *types.RetrieveProperties) soap.HasFault {
	result := c.PropertyCollector.RetrieveProperties(ctx, request)
	if body := result.(*methods.RetrievePropertiesBody); body.Res != nil {
		body.Res.Returnval = visible(ctx, body.Res.Returnval)
	}
	return result
}

// FetchBody answers Fetch, the call by which pyVmomi reads an attribute. The simulator answers one for a property that
// is not set with another call's answer, which no client can read.
type FetchBody struct {
	Res    *FetchResponse `xml:"FetchResponse,omitempty"`
	Fault_ *soap.Fault    `xml:"http://schemas.xmlsoap.org/soap/envelope/ Fault,omitempty"`
}

// FetchResponse without a value says that there is none.
type FetchResponse struct{}

func (b *FetchBody) Fault() *soap.Fault { return b.Fault_ }

// fetched is what a Fetch asks for; of any other request it is nothing.
func fetched(request any) (types.ManagedObjectReference, string) {
	path := reflect.ValueOf(request).Elem().FieldByName("Prop")
	if !path.IsValid() {
		return types.ManagedObjectReference{}, ""
	}
	on := reflect.ValueOf(request).Elem().FieldByName("This").Interface()
	return on.(types.ManagedObjectReference), path.String()
}

// Fetch takes any request, as the simulator's type for it is its own.
func (c *Collector) Fetch(ctx *simulator.Context, request any) soap.HasFault {
	on, path := fetched(request)
	right := running.rights.property(on.Type, path)
	entity := running.rights.entityOf(ctx, on)
	if ctx.Session != nil && !running.rights.has(principal(ctx.Session.UserName), entity, right) {
		return &FetchBody{Fault_: simulator.Fault("", &types.NoPermission{Object: &entity, PrivilegeId: right})}
	}
	fetch := reflect.ValueOf(&c.PropertyCollector).MethodByName("Fetch")
	result := fetch.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(request)})[0].Interface().(soap.HasFault)
	if _, other := result.(*methods.RetrievePropertiesExBody); other && result.Fault() == nil {
		return &FetchBody{Res: &FetchResponse{}}
	}
	return result
}

func (c *Collector) WaitForUpdatesEx(ctx *simulator.Context, request *types.WaitForUpdatesEx) soap.HasFault {
	c.turn.Lock()
	issued := strconv.Itoa(c.version)
	c.turn.Unlock()
	if request.Version != "" && (request.Version != issued || c.version == 0) {
		return &methods.WaitForUpdatesExBody{Fault_: simulator.Fault("", &types.InvalidCollectorVersion{})}
	}
	own := c.Self == running.service().PropertyCollector
	if own && request.Version == "" {
		ctx.Map.AddHandler(&listener{&c.PropertyCollector, ctx.Session.Key})
	}
	result := c.PropertyCollector.WaitForUpdatesEx(ctx, request)
	if own && request.Version == "" {
		ctx.Map.RemoveHandler(&c.PropertyCollector)
	}
	body := result.(*methods.WaitForUpdatesExBody)
	if body.Res == nil || body.Res.Returnval == nil {
		return result
	}
	c.turn.Lock()
	c.version++
	body.Res.Returnval.Version = strconv.Itoa(c.version)
	c.turn.Unlock()
	for i := range body.Res.Returnval.FilterSet {
		set := &body.Res.Returnval.FilterSet[i]
		set.ObjectSet = visibleUpdates(ctx, set.ObjectSet)
	}
	return result
}

// WaitForUpdates is the call of old, which pyVmomi's own WaitForTask still makes.
func (c *Collector) WaitForUpdates(ctx *simulator.Context, request *types.WaitForUpdates) soap.HasFault {
	body := &methods.WaitForUpdatesBody{}
	result := c.WaitForUpdatesEx(ctx, &types.WaitForUpdatesEx{This: request.This, Version: request.Version})
	if body.Fault_ = result.Fault(); body.Fault_ == nil {
		body.Res = &types.WaitForUpdatesResponse{Returnval: *result.(*methods.WaitForUpdatesExBody).Res.Returnval}
	}
	return body
}

// listener is told of changes in the stead of a session's own collector. Every session has one of the same id, and the
// simulator tells only the last of that id: whoever waited before would wait for ever.
type listener struct {
	*simulator.PropertyCollector
	session string
}

func (l *listener) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "PropertyCollector", Value: "of session " + l.session}
}

// visible leaves out what the account may not see, and says of each property that it may not read that this is so.
// It also drops the nameless values that the simulator puts into every page but the first.
func visible(ctx *simulator.Context, objects []types.ObjectContent) []types.ObjectContent {
	if ctx.Session == nil || ctx.Session.UserName == "" {
		return objects
	}
	user := principal(ctx.Session.UserName)
	kept := objects[:0]
	for _, object := range objects {
		on := running.rights.entityOf(ctx, object.Obj)
		held := running.rights.granted(user, on)
		if !running.rights.allows(held, on, "System.View") {
			continue
		}
		read := object.PropSet[:0]
		for _, property := range object.PropSet {
			right := running.rights.property(object.Obj.Type, property.Name)
			switch {
			case property.Val == nil:
			case running.rights.allows(held, on, right):
				read = append(read, property)
			default:
				object.MissingSet = append(object.MissingSet, missing(object.Obj, property.Name, right))
			}
		}
		object.PropSet = read
		kept = append(kept, object)
	}
	return kept
}

func visibleUpdates(ctx *simulator.Context, updates []types.ObjectUpdate) []types.ObjectUpdate {
	user := principal(ctx.Session.UserName)
	var kept []types.ObjectUpdate
	for _, update := range updates {
		on := running.rights.entityOf(ctx, update.Obj)
		if update.Kind == types.ObjectUpdateKindLeave {
			kept = append(kept, update)
			continue
		}
		if !running.rights.has(user, on, "System.View") {
			continue
		}
		var read []types.PropertyChange
		for _, change := range update.ChangeSet {
			right := running.rights.property(update.Obj.Type, change.Name)
			if running.rights.has(user, on, right) {
				read = append(read, change)
			} else {
				update.MissingSet = append(update.MissingSet, missing(update.Obj, change.Name, right))
			}
		}
		update.ChangeSet = read
		kept = append(kept, update)
	}
	return kept
}

func missing(on types.ManagedObjectReference, path, right string) types.MissingProperty {
	fault := &types.NoPermission{Object: &on, PrivilegeId: right}
	return types.MissingProperty{Path: path, Fault: types.LocalizedMethodFault{Fault: fault}}
}
