package main

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// leases are the exports that are open: one for a VM, ended by their session's end and when nobody keeps them alive.
type leases struct {
	sim  *Sim
	mu   sync.Mutex
	open map[string]*Lease // by the last part of their id, which is also in their URLs
}

func newLeases(sim *Sim) *leases { return &leases{sim: sim, open: map[string]*Lease{}} }

func (l *leases) holds(vm types.ManagedObjectReference) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lease := range l.open {
		if lease.vm == vm {
			return true
		}
	}
	return false
}

func (l *leases) drop(lease *Lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, open := l.open[lease.id]; open {
		delete(l.open, lease.id)
		close(lease.ended)
	}
}

func (l *leases) all() []*Lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []*Lease
	for _, lease := range l.open {
		all = append(all, lease)
	}
	return all
}

func (l *leases) endSession(key string) {
	for _, lease := range l.all() {
		if lease.session == key {
			l.drop(lease)
		}
	}
}

// expire ends leases that nobody kept alive; their owner finds them in error.
func (l *leases) expire() {
	for _, lease := range l.all() {
		l.mu.Lock()
		late := time.Now().After(lease.until)
		l.mu.Unlock()
		if !late {
			continue
		}
		l.drop(lease)
		ctx := l.sim.background()
		ctx.WithLock(lease, func() {
			ctx.Update(lease, []types.PropertyChange{
				{Name: "state", Val: types.HttpNfcLeaseStateError},
				{Name: "error", Val: &types.LocalizedMethodFault{Fault: &types.Timedout{}, LocalizedMessage: "The lease was not kept alive."}},
			})
		})
	}
}

// serve streams a disk. The URL is all that it takes, as with ESXi; there are no ranges.
func (l *leases) serve(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(path.Clean(r.URL.Path), "/"), "/")
	l.mu.Lock()
	var disk *exported
	var lease *Lease
	if len(parts) == 3 && l.open[parts[1]] != nil {
		lease = l.open[parts[1]]
		disk = lease.disks[parts[2]]
	}
	l.mu.Unlock()
	if disk == nil || lease.State != types.HttpNfcLeaseStateReady {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "application/x-vnd.vmware-streamVmdk")
	lease.stream(w, disk)
}

func (l *Lease) stream(w io.Writer, disk *exported) {
	digests := map[string]hash.Hash{"sha1": sha1.New(), "sha256": sha256.New()}
	counter := &counting{to: io.MultiWriter(w, digests["sha1"], digests["sha256"]), ended: l.ended}
	populated, err := writeStream(counter, disk.path, disk.capacity)
	if err != nil {
		panic(http.ErrAbortHandler) // the client has to see that the stream is not whole
	}
	l.sim.leases.mu.Lock()
	defer l.sim.leases.mu.Unlock()
	disk.manifest = &types.HttpNfcLeaseManifestEntry{
		Key: disk.url.Key, Sha1: hex.EncodeToString(digests["sha1"].Sum(nil)),
		Checksum: hex.EncodeToString(digests[disk.wanted].Sum(nil)), ChecksumType: disk.wanted,
		Size: counter.count, Disk: true, Capacity: disk.capacity, PopulatedSize: populated,
	}
}

// counting fails once its lease has ended, which cuts the transfer.
type counting struct {
	to    io.Writer
	ended chan struct{}
	count int64
}

func (c *counting) Write(data []byte) (int, error) {
	select {
	case <-c.ended:
		return 0, io.ErrClosedPipe
	default:
	}
	count, err := c.to.Write(data)
	c.count += int64(count)
	return count, err
}
