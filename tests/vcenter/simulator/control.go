package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

// The control is the tests' way behind the server's back: what is open, what the guests are like, what shall fail.
// It listens on an address of its own and asks for a secret in its path.

func (s *Sim) serveControl() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	secret := "/" + rand.Text()
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+secret+"/state", s.showState)
	mux.HandleFunc("GET "+secret+"/disks", s.showDisks)
	mux.HandleFunc("POST "+secret+"/timings", s.changeTimings)
	mux.HandleFunc("POST "+secret+"/guest", do(s.changeGuest))
	mux.HandleFunc("POST "+secret+"/expire", do(s.expireSessions))
	mux.HandleFunc("POST "+secret+"/spoil", do(func(rule *spoiled) error { s.faults.add(rule); return nil }))
	mux.HandleFunc("POST "+secret+"/inject", do(func(rule *injected) error { return s.inject(*rule) }))
	mux.HandleFunc("POST "+secret+"/mend", do(s.mend))
	mux.HandleFunc("POST "+secret+"/certificate", do(s.changeCertificate))
	mux.HandleFunc("POST "+secret+"/property", do(s.setProperty))
	mux.HandleFunc("POST "+secret+"/lose-tracking", do(s.loseTracking))
	go func() { log.Print(http.Serve(listener, mux)) }()
	return "http://" + listener.Addr().String() + secret, nil
}

// do reads a request's JSON and answers with what went wrong, if anything.
func do[T any](work func(*T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		asked := new(T)
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		err := decoder.Decode(asked)
		if err == nil {
			err = work(asked)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = w.Write([]byte("{}"))
	}
}

func (s *Sim) show(w http.ResponseWriter, what any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(what); err != nil {
		log.Print(err)
	}
}

func (s *Sim) changeTimings(w http.ResponseWriter, r *http.Request) {
	var err error
	s.timing.set(func(now *Timings) { err = json.NewDecoder(r.Body).Decode(now) })
	s.pace(0)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.show(w, s.timing.get())
}

type sessionShown struct {
	User  string    `json:"user"`
	Agent string    `json:"agent"`
	Since time.Time `json:"since"`
}

type leaseShown struct {
	ID string `json:"id"`
	VM string `json:"vm"`
}

func (s *Sim) showState(w http.ResponseWriter, _ *http.Request) {
	state := struct {
		Sessions []sessionShown       `json:"sessions"`
		Leases   []leaseShown         `json:"leases"`
		Tasks    []string             `json:"running_tasks"`
		Logins   map[string]*attempts `json:"logins"`
		Requests map[string]int       `json:"requests"`
	}{[]sessionShown{}, []leaseShown{}, []string{}, s.sessions.Logins, s.faults.Count}
	for _, lease := range s.leases.all() {
		state.Leases = append(state.Leases, leaseShown{lease.id, s.nameOf(lease)})
	}
	for _, one := range s.registry().AllReference("Task") {
		if task := one.(*simulator.Task); task.Info.State == "running" || task.Info.State == "queued" {
			state.Tasks = append(state.Tasks, task.Info.Name)
		}
	}
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for _, one := range s.sessions.open {
		state.Sessions = append(state.Sessions, sessionShown{one.User, one.Agent, one.Since})
	}
	s.show(w, state)
}

func (s *Sim) nameOf(lease *Lease) string {
	if entity, known := s.registry().Get(lease.vm).(mo.Entity); known {
		return entity.Entity().Name
	}
	return lease.vm.Value
}

// named finds a VM; tests that make two of one name give its id.
func (s *Sim) named(name string) (*VM, error) {
	for _, entity := range s.registry().All("VirtualMachine") {
		if vm := entity.(*simulator.VirtualMachine); vm.Name == name || vm.Self.Value == name {
			return &VM{vm, s}, nil
		}
	}
	return nil, fmt.Errorf("no VM is called %s", name)
}

type diskShown struct {
	Key      int32    `json:"key"`
	Label    string   `json:"label"`
	Capacity int64    `json:"capacity"`
	Path     string   `json:"path"`  // the file that the guest writes to now
	Chain    []string `json:"chain"` // datastore paths, from the newest to the first
}

func (s *Sim) showDisks(w http.ResponseWriter, r *http.Request) {
	vm, err := s.named(r.URL.Query().Get("vm"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	shown := []diskShown{}
	for _, disk := range disksOf(vm.Config.Hardware.Device) {
		path, err := s.content(vm.VirtualMachine, disk)
		if err == nil {
			path, err = filepath.Abs(path)
		}
		if err != nil {
			continue
		}
		one := diskShown{Key: disk.Key, Capacity: disk.CapacityInBytes, Path: path}
		if disk.DeviceInfo != nil {
			one.Label = disk.DeviceInfo.GetDescription().Label
		}
		for backing := flat(disk); backing != nil; backing = backing.Parent {
			one.Chain = append(one.Chain, backing.FileName)
		}
		shown = append(shown, one)
	}
	s.show(w, shown)
}

func (s *Sim) changeGuest(asked *struct {
	VM    string `json:"vm"`
	Guest guest  `json:"guest"`
}) error {
	vm, err := s.named(asked.VM)
	if err != nil {
		return err
	}
	s.guests.set(vm.Self, asked.Guest)
	ctx := s.background()
	ctx.WithLock(vm.VirtualMachine, func() { vm.showTools(ctx) })
	return nil
}

// expireSessions ends those of a user, or all.
func (s *Sim) expireSessions(asked *struct {
	User string `json:"user"`
}) error {
	s.sessions.mu.Lock()
	var keys []string
	for key, one := range s.sessions.open {
		if asked.User == "" || one.User == principal(asked.User) {
			keys = append(keys, key)
		}
	}
	s.sessions.mu.Unlock()
	for _, key := range keys {
		s.sessions.end(key)
	}
	return nil
}

func (s *Sim) mend(*struct{}) error {
	s.faults.clear()
	s.model.Service.ClearFaultRules()
	return nil
}

func (s *Sim) changeCertificate(asked *struct {
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
}) error {
	return s.setCertificate(asked.Certificate, asked.Key)
}

// loseTracking is a host that lost power: tracking begins anew, with ids that no earlier one can be compared with.
func (s *Sim) loseTracking(asked *struct {
	VM string `json:"vm"`
}) error {
	vm, err := s.named(asked.VM)
	if err != nil {
		return err
	}
	s.tracking.end(vm.Self)
	return s.tracking.begin(s, vm.VirtualMachine)
}

// setProperty makes any property of any object say anything: a host in maintenance, a full datastore, a lost VM.
func (s *Sim) setProperty(asked *struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Name string `json:"name"`
	XML  string `json:"xml"` // the value with its xsi:type, as it goes over the wire
}) error {
	ref := types.ManagedObjectReference{Type: asked.Type, Value: asked.ID}
	object := s.registry().Get(ref)
	if object == nil {
		return fmt.Errorf("there is no %s %s", asked.Type, asked.ID)
	}
	holder := struct {
		Value types.AnyType `xml:"val,typeattr"`
	}{}
	decoder := xml.NewDecoder(strings.NewReader(asked.XML))
	decoder.TypeFunc = types.TypeFunc()
	if err := decoder.Decode(&holder); err != nil {
		return err
	}
	ctx := s.background()
	ctx.WithLock(object, func() {
		ctx.Update(object, []types.PropertyChange{{Name: asked.Name, Val: holder.Value}})
	})
	return nil
}
