package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// Sim is the whole server: govmomi's model, and what we keep beside it.
type Sim struct {
	settings Settings
	timing   timing
	model    *simulator.Model
	sessions *sessions
	tickets  *tickets
	rights   *rights
	leases   *leases
	tracking *tracking
	guests   *guests
	faults   *faults
	// certificate is what new connections are shown; a test may change it while the server runs.
	certificate     atomic.Pointer[tls.Certificate]
	hostCertificate *tls.Certificate
	url             string
}

// running is the one server of this process. The simulator makes each session's property collector by reflection,
// so a collector cannot be given its server.
var running *Sim

func start(settings Settings) (*Sim, error) {
	sim := &Sim{settings: settings}
	running = sim
	sim.timing.now = settings.Timings
	sim.sessions = newSessions(sim)
	sim.tickets = newTickets()
	sim.leases = newLeases(sim)
	sim.tracking = newTracking()
	sim.guests = newGuests()
	sim.faults = newFaults()
	var err error
	if sim.rights, err = readRights(sim, settings.Rights); err != nil {
		return nil, err
	}
	if err = sim.build(); err != nil {
		return nil, err
	}
	if err = sim.serve(); err != nil {
		return nil, err
	}
	go sim.sweep()
	return sim, nil
}

// build makes the inventory before any rule of ours holds: the model is made through the same calls as clients use.
func (s *Sim) build() error {
	s.model = simulator.VPX()
	if s.settings.Kind == "esxi" {
		s.model = simulator.ESX()
	}
	s.model.Machine = 0
	fields := map[string]*int{
		"datacenters": &s.model.Datacenter, "clusters": &s.model.Cluster, "cluster_hosts": &s.model.ClusterHost,
		"hosts": &s.model.Host, "datastores": &s.model.Datastore, "machines": &s.model.Machine, "pools": &s.model.Pool,
		"vapps": &s.model.App, "portgroups": &s.model.Portgroup, "nsx_portgroups": &s.model.PortgroupNSX,
		"opaque_networks": &s.model.OpaqueNetwork, "folders": &s.model.Folder, "pods": &s.model.Pod,
	}
	for name, count := range s.settings.Model {
		field, known := fields[name]
		if !known {
			return fmt.Errorf("the model has no %s", name)
		}
		*field = count
	}
	var err error
	s.model.ServiceContent.About.ApiVersion = s.settings.APIVersion
	s.model.ServiceContent.About.Version = strings.TrimSuffix(s.settings.APIVersion, ".0")
	if s.settings.Load != "" {
		err = s.model.Load(s.settings.Load)
	} else {
		err = s.model.Create()
	}
	if err != nil {
		return err
	}
	s.restoreSnapshots()
	registry := s.registry()
	registry.SessionManager().ValidLogin = s.sessions.valid
	collector := &Collector{}
	collector.Self = s.service().PropertyCollector
	registry.Put(collector)
	s.addAutoStart()
	s.rights.grantAdministrators()
	s.pace(0)
	registry.Handler = s.handle
	registry.AddHandler(&watcher{s})
	return nil
}

// restoreSnapshots makes the objects of the snapshot trees that were loaded: the simulator loads the trees alone, and
// fails at the first call for one of them. The disks' files of all of them are the ones that the VM has now.
func (s *Sim) restoreSnapshots() {
	for _, entity := range s.registry().All("VirtualMachine") {
		vm := &VM{entity.(*simulator.VirtualMachine), s}
		if vm.VirtualMachine.Snapshot == nil {
			continue
		}
		for i := range vm.VirtualMachine.Snapshot.RootSnapshotList {
			for _, ref := range all(&vm.VirtualMachine.Snapshot.RootSnapshotList[i]) {
				if s.registry().Get(ref) != nil {
					continue
				}
				one := &simulator.VirtualMachineSnapshot{}
				one.Self, one.Vm, one.Config = ref, vm.Self, *vm.Config
				s.registry().Put(one)
			}
		}
	}
}

// pace makes tasks as slow as the timings say, and those that merge slower by so many milliseconds. Without LockHandoff
// nobody could read a VM while a task of it waits.
func (s *Sim) pace(merging int) {
	simulator.TaskDelay.MethodDelay = map[string]int{
		"LockHandoff": 0, "RemoveSnapshot_Task": merging, "RemoveAllSnapshots_Task": merging, "ConsolidateVMDisks_Task": merging,
	}
	simulator.TaskDelay.Delay = int(s.timing.get().Task)
}

func (s *Sim) serve() error {
	service := s.model.Service
	service.RegisterEndpoints = true
	// A user that is not the simulator's own default makes it ask ValidLogin; the name itself is never used.
	service.Listen = &url.URL{Host: s.settings.Listen, User: url.UserPassword("nobody", "nothing")}
	if err := s.setCertificate(s.settings.Certificate, s.settings.Key); err != nil {
		return err
	}
	first := s.certificate.Load()
	service.TLS = &tls.Config{
		Certificates: []tls.Certificate{*first},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return &tls.Config{Certificates: []tls.Certificate{*s.certificate.Load()}}, nil
		},
	}
	service.ServeMux = http.NewServeMux()
	server := service.NewServer()
	s.url = server.URL.Scheme + "://" + server.URL.Host
	server.Config.Handler = s.faults.wrap(s.sessions.wrap(s.route(service.ServeMux)))
	server.Config.ConnContext = rememberConnection
	if err := s.serveHosts(service.ServeMux); err != nil {
		return err
	}
	control, err := s.serveControl()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]string{"url": s.url, "control": control})
}

// route sends what a real server guards to us, and the rest to the simulator.
func (s *Sim) route(simulated http.Handler) http.Handler {
	mux := http.NewServeMux()
	files := s.folder(door{s.visitor, s.datastoreAsked}, simulated)
	mux.Handle("/folder/", files)
	mux.Handle("/folder", files)
	mux.Handle("/nfc/", http.HandlerFunc(s.leases.serve))
	mux.Handle("/", simulated)
	return mux
}

func (s *Sim) setCertificate(certificate, key string) error {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return err
	}
	s.certificate.Store(&pair)
	return nil
}

// handle is asked before each call: is there a session, has the account the right, is the VM free? What it returns
// answers the call in the simulator's stead.
func (s *Sim) handle(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	if ctx.Session != nil && ctx.Session.UserName == "" {
		return nil, nil // the simulator's own client, within the process
	}
	if fault := s.sessions.admit(ctx, method); fault != nil {
		return nil, fault
	}
	if fault := s.rights.check(ctx, method); fault != nil {
		return nil, fault
	}
	if fault := s.busy(ctx, method); fault != nil {
		return nil, fault
	}
	if fault := stale(ctx, method); fault != nil {
		return nil, fault
	}
	if ctx.Session == nil {
		return s.stricter(ctx, method.This), nil
	}
	s.dress(ctx, method.This)
	return nil, nil
}

// dress puts our object before the simulator's, for this session: a session's own objects come first, while the
// simulator's code goes on finding its own kinds in the global registry (it asserts them in dozens of places).
func (s *Sim) dress(ctx *simulator.Context, ref types.ManagedObjectReference) {
	if ref.Type == "SessionManager" || ref.Type == "PropertyCollector" {
		s.dressSessionManager(ctx)
	}
	if ctx.Session.Registry.Get(ref) != nil {
		return
	}
	ours := s.stricter(ctx, ref)
	if ours == nil {
		return
	}
	if entity, yes := ours.(mo.Entity); yes { // Put paints entities green, which would hide their true state
		was := *entity.Entity()
		defer func() {
			now := entity.Entity()
			now.ConfigStatus, now.OverallStatus, now.EffectiveRole = was.ConfigStatus, was.OverallStatus, was.EffectiveRole
		}()
	}
	ctx.Session.Put(ours)
}

func (s *Sim) stricter(ctx *simulator.Context, ref types.ManagedObjectReference) mo.Reference {
	switch object := ctx.Map.Get(ref).(type) {
	case *simulator.VirtualMachine:
		return &VM{object, s}
	case *simulator.VirtualMachineSnapshot:
		return &Snapshot{object, s}
	case *simulator.SessionManager:
		return &Logins{object, s}
	case *simulator.AuthorizationManager:
		return &Authority{object, s}
	}
	return nil
}

func (s *Sim) registry() *simulator.Registry { return s.model.Service.Context.Map }

func (s *Sim) service() types.ServiceContent {
	type holder interface{ ServiceContent() types.ServiceContent }
	instance := types.ManagedObjectReference{Type: "ServiceInstance", Value: "ServiceInstance"}
	return s.registry().Get(instance).(holder).ServiceContent()
}

// background is a context for what happens in the server by itself, outside any client's call.
func (s *Sim) background() *simulator.Context {
	ctx := *s.model.Service.Context
	ctx.Context = context.Background()
	ctx.Session = &simulator.Session{Registry: simulator.NewRegistry(), Map: s.registry()}
	return &ctx
}

// sweep ends what has run out. Often, since tests shorten minutes to fractions of a second.
func (s *Sim) sweep() {
	for range time.Tick(20 * time.Millisecond) {
		s.sessions.expire()
		s.leases.expire()
	}
}
