package main

import (
	"encoding/json"
	"os"
	"sync"
	"time"
)

// Settings are what a test asks for when it starts the server.
type Settings struct {
	Kind        string `json:"kind"` // vcenter or esxi
	Listen      string `json:"listen"`
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
	// HostCertificate makes the hosts answer, too, at addresses of their own.
	HostCertificate string            `json:"host_certificate"`
	HostKey         string            `json:"host_key"`
	Load            string            `json:"load"`   // a folder of ObjectContent files, instead of a model
	Rights          string            `json:"rights"` // pyVmomi's table, as server.py writes it
	APIVersion      string            `json:"api_version"`
	Accounts        map[string]string `json:"accounts"` // user to password
	Groups          map[string]string `json:"groups"`   // user to group
	Admins          []string          `json:"administrators"`
	Model           map[string]int    `json:"model"`
	Timings         Timings           `json:"timings"`
}

// Timings can be changed while the server runs. Milliseconds, because tests are in a hurry.
type Timings struct {
	Task           int64 `json:"task_ms"`            // each task takes this long
	SessionIdle    int64 `json:"session_idle_ms"`    // real: 30 minutes
	Lease          int64 `json:"lease_ms"`           // real: 5 minutes
	LeaseReady     int64 `json:"lease_ready_ms"`     // initializing for this long
	Shutdown       int64 `json:"shutdown_ms"`        // a guest takes this long to end
	ChangedAreas   int64 `json:"changed_areas"`      // at most as many in one answer; real: about 2,000
	ChangedWindow  int64 `json:"changed_window"`     // bytes that one answer covers at most; 0: the whole disk
	LockOutAfter   int64 `json:"lock_out_after"`     // refused passwords; 0: never
	MergePerMiB    int64 `json:"merge_us_per_mib"`   // removing a snapshot takes as long for each MiB that is merged
	FolderPerChunk int64 `json:"folder_latency_ms"`  // before each /folder answer
	FolderRate     int64 `json:"folder_bytes_per_s"` // of each connection; 0: as fast as it goes
}

// timing holds the present Timings.
type timing struct {
	mu  sync.Mutex
	now Timings
}

func (t *timing) get() Timings {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now
}

func (t *timing) set(change func(*Timings)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.now)
}

func milliseconds(count int64) time.Duration { return time.Duration(count) * time.Millisecond }

func readSettings(path string) (Settings, error) {
	settings := Settings{
		Kind: "vcenter", Listen: "127.0.0.1:0", APIVersion: "8.0.3.0",
		Timings: Timings{SessionIdle: 1_800_000, Lease: 300_000, Shutdown: 100, ChangedAreas: 2000},
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return settings, err
	}
	return settings, json.Unmarshal(text, &settings)
}
