package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// A disk's content is a raw file beside its descriptor: NAME-flat.vmdk, and NAME-sesparse.vmdk for what a snapshot
// leaves to write to. A real delta holds only what differs; ours holds everything, which spares the tests a format
// that nobody but ESXi reads.

const block = 64 << 10 // the grain of allocated and changed areas, as on VMFS

func disksOf(devices []types.BaseVirtualDevice) []*types.VirtualDisk {
	var disks []*types.VirtualDisk
	for _, device := range devices {
		if disk, yes := device.(*types.VirtualDisk); yes {
			disks = append(disks, disk)
		}
	}
	return disks
}

// flat is the disk's backing, if it is one that has a file of ours.
func flat(disk *types.VirtualDisk) *types.VirtualDiskFlatVer2BackingInfo {
	backing, _ := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	return backing
}

// contentName is the file with the disk's bytes, as a path in its datastore.
func contentName(backing *types.VirtualDiskFlatVer2BackingInfo) string {
	suffix := "-flat.vmdk"
	if backing.Parent != nil {
		suffix = "-sesparse.vmdk"
	}
	return strings.TrimSuffix(backing.FileName, ".vmdk") + suffix
}

// datastoreOf finds a datastore by its name as the VM's host knows it: names repeat between datacenters.
func (s *Sim) datastoreOf(vm *simulator.VirtualMachine, name string) (*simulator.Datastore, error) {
	host, known := s.registry().Get(*vm.Runtime.Host).(*simulator.HostSystem)
	if known {
		if store, found := s.registry().FindByName(name, host.Datastore).(*simulator.Datastore); found {
			return store, nil
		}
	}
	return nil, fmt.Errorf("no datastore %s on the host of %s", name, vm.Name)
}

// place is where a datastore path lies on this machine.
func (s *Sim) place(vm *simulator.VirtualMachine, datastorePath string) (string, error) {
	var path object.DatastorePath
	if !path.FromString(datastorePath) {
		return "", fmt.Errorf("no datastore path: %s", datastorePath)
	}
	store, err := s.datastoreOf(vm, path.Datastore)
	if err != nil {
		return "", err
	}
	return filepath.Join(store.Summary.Url, filepath.FromSlash(path.Path)), nil
}

// content is the file with a disk's bytes, as long as the disk: the simulator makes flat files empty.
func (s *Sim) content(vm *simulator.VirtualMachine, disk *types.VirtualDisk) (string, error) {
	backing := flat(disk)
	if backing == nil {
		return "", fmt.Errorf("disk %d of %s has no flat file", disk.Key, vm.Name)
	}
	path, err := s.place(vm, contentName(backing))
	if err != nil {
		return "", err
	}
	return path, lengthen(path, disk.CapacityInBytes)
}

func lengthen(path string, size int64) error {
	info, err := os.Stat(path)
	if err == nil && info.Size() >= size {
		return nil
	}
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	if err = os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(file.Truncate(size), file.Close())
}

const (
	seekData = 3          // SEEK_DATA of lseek(2)
	seekHole = 4          // SEEK_HOLE
	fiClone  = 0x40049409 // FICLONE of ioctl_ficlone(2)
)

// copyDisk clones a file where the file system can, else copies what is allocated.
func copyDisk(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer target.Close()
	if _, _, failed := syscall.Syscall(syscall.SYS_IOCTL, target.Fd(), fiClone, source.Fd()); failed == 0 {
		return nil
	}
	info, err := source.Stat()
	if err != nil {
		return err
	}
	err = eachExtent(source, info.Size(), func(start, end int64) error {
		if _, err := target.Seek(start, io.SeekStart); err != nil {
			return err
		}
		_, err := io.Copy(target, io.NewSectionReader(source, start, end-start))
		return err
	})
	return errors.Join(err, target.Truncate(info.Size()))
}

// eachExtent calls visit with each allocated part of a file.
func eachExtent(file *os.File, size int64, visit func(start, end int64) error) error {
	for at := int64(0); at < size; {
		start, err := file.Seek(at, seekData)
		if errors.Is(err, syscall.ENXIO) {
			return nil // only a hole is left
		}
		if err != nil {
			return err
		}
		end, err := file.Seek(start, seekHole)
		if err != nil {
			return err
		}
		if err = visit(start, min(end, size)); err != nil {
			return err
		}
		at = end
	}
	return nil
}

// fingerprint is a digest of each block that is not all zero: enough to tell later what has changed since.
type fingerprint map[int64][sha256.Size]byte

var zeros [block]byte

func fingerprintOf(path string) (fingerprint, error) {
	print := fingerprint{}
	buffer := make([]byte, block)
	err := eachBlock(path, func(file *os.File, at int64) error {
		count, err := file.ReadAt(buffer, at*block)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if !bytes.Equal(buffer[:count], zeros[:count]) {
			print[at] = sha256.Sum256(buffer[:count])
		}
		return nil
	})
	return print, err
}

// allocated are the blocks that hold data or were written, in order.
func allocated(path string) ([]int64, error) {
	var blocks []int64
	err := eachBlock(path, func(_ *os.File, at int64) error {
		if len(blocks) == 0 || blocks[len(blocks)-1] < at {
			blocks = append(blocks, at)
		}
		return nil
	})
	return blocks, err
}

// eachBlock calls visit with the number of each block of a file that is allocated, twice where two extents meet in it.
func eachBlock(path string, visit func(file *os.File, at int64) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return eachExtent(file, info.Size(), func(start, end int64) error {
		for at := start / block; at*block < end; at++ {
			if err := visit(file, at); err != nil {
				return err
			}
		}
		return nil
	})
}
