package main

import (
	"crypto/sha1"
	"crypto/tls"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// door is where a request for a file comes in: the vCenter itself, or one of its hosts.
type door struct {
	user  func(*http.Request) (string, bool)
	store func(*http.Request) *simulator.Datastore
}

// folder guards the datastores' files: a session, the two rights that it takes, and no file that a VM may be writing
// to. The simulator gives anything to anybody. What is granted, it serves itself, ranges included.
func (s *Sim) folder(door door, simulated http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, known := door.user(r)
		if !known {
			w.Header().Set("WWW-Authenticate", `Basic realm="VMware HTTP server"`)
			http.Error(w, "no session", http.StatusUnauthorized)
			return
		}
		store := door.store(r)
		if store == nil {
			http.NotFound(w, r)
			return
		}
		if status, why := s.refuses(r, user, store); status != 0 {
			http.Error(w, why, status)
			return
		}
		timings := s.timing.get()
		time.Sleep(milliseconds(timings.FolderPerChunk))
		if timings.FolderRate > 0 {
			w = &slowly{w, timings.FolderRate}
		}
		query := r.URL.Query()
		query.Set("dcPath", "/"+s.datacenterPath(store)) // a host has a name of its own for it
		r.URL.RawQuery = query.Encode()
		simulated.ServeHTTP(w, r)
	})
}

func (s *Sim) refuses(r *http.Request, user string, store *simulator.Datastore) (int, string) {
	for _, right := range []string{"Datastore.Browse", "Datastore.FileManagement"} {
		if !s.rights.has(user, store.Self, right) {
			return http.StatusForbidden, "needs " + right
		}
	}
	if strings.Contains(r.URL.Path, "..") {
		return http.StatusBadRequest, "no such path"
	}
	if !store.Summary.Accessible {
		return http.StatusServiceUnavailable, store.Name + " is not accessible"
	}
	file := fmt.Sprintf("[%s] %s", store.Name, strings.TrimPrefix(path.Clean(r.URL.Path), "/folder/"))
	if why := s.locked(store, file); why != "" {
		return http.StatusInternalServerError, why // ESXi says no more than the number
	}
	return 0, ""
}

// datastoreAsked is the one that dsName means in the datacenter of dcPath.
func (s *Sim) datastoreAsked(r *http.Request) *simulator.Datastore {
	query := r.URL.Query()
	for _, entity := range s.registry().All("Datastore") {
		store := entity.(*simulator.Datastore)
		if store.Name == query.Get("dsName") && s.datacenterPath(store) == strings.Trim(query.Get("dcPath"), "/") {
			return store
		}
	}
	return nil
}

// datacenterPath is the datacenter's name with those of the folders above it, the root folder left out.
func (s *Sim) datacenterPath(entity mo.Entity) string {
	var names []string
	inside := false
	for parent := entity.Entity().Parent; parent != nil; {
		above, known := s.registry().Get(*parent).(mo.Entity)
		if !known {
			break
		}
		inside = inside || parent.Type == "Datacenter"
		parent = above.Entity().Parent
		if inside && parent != nil {
			names = append([]string{above.Entity().Name}, names...)
		}
	}
	return strings.Join(names, "/")
}

// locked says which VM holds a disk's file: one that is powered on, that has a snapshot, or that is being exported.
func (s *Sim) locked(store *simulator.Datastore, file string) string {
	if !strings.HasSuffix(file, "-flat.vmdk") && !strings.HasSuffix(file, "-sesparse.vmdk") {
		return ""
	}
	for _, entity := range s.registry().All("VirtualMachine") {
		vm := entity.(*simulator.VirtualMachine)
		if !s.uses(vm, store, file) {
			continue
		}
		switch {
		case vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff:
			return vm.Name + " is powered on"
		case vm.Snapshot != nil:
			return vm.Name + " has a snapshot"
		case s.leases.holds(vm.Self):
			return vm.Name + " is being exported"
		}
	}
	return ""
}

// uses also sees to it that the file is as long as its disk.
func (s *Sim) uses(vm *simulator.VirtualMachine, store *simulator.Datastore, file string) bool {
	for _, disk := range disksOf(vm.Config.Hardware.Device) {
		for backing := flat(disk); backing != nil; backing = backing.Parent {
			if contentName(backing) != file || backing.Datastore == nil || *backing.Datastore != store.Self {
				continue
			}
			if place, err := s.place(vm, file); err == nil {
				_ = lengthen(place, disk.CapacityInBytes)
			}
			return true
		}
	}
	return false
}

// thumbprint of the certificate, as VMware writes it.
func (s *Sim) thumbprint() string { return thumbprintOf(s.certificate.Load()) }

func thumbprintOf(certificate *tls.Certificate) string {
	var parts []string
	for _, one := range sha1.Sum(certificate.Certificate[0]) {
		parts = append(parts, fmt.Sprintf("%02X", one))
	}
	return strings.Join(parts, ":")
}

// slowly writes no faster than a rate, in pieces.
type slowly struct {
	http.ResponseWriter
	rate int64
}

func (s *slowly) Write(data []byte) (int, error) {
	done := 0
	for done < len(data) {
		piece := min(len(data)-done, 64<<10)
		count, err := s.ResponseWriter.Write(data[done : done+piece])
		done += count
		if err != nil {
			return done, err
		}
		time.Sleep(time.Duration(int64(count) * int64(time.Second) / s.rate))
	}
	return done, nil
}
