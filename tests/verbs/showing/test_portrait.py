"""What `mtv describe vm` says that a source told of a VM."""

from dataclasses import fields, replace

import pytest

from mtv.model.details import Device, FileSystem, GuestNic, GuestView, Route, Share, Snapshot
from mtv.model.estate import VM, Disk, Firmware, Nic
from mtv.verbs.showing.portrait import lines
from tests.store.estates import ODD_NAMES

GIB = 1 << 30
BARE = VM(source="vc", id="vm-1", name="db01")
RICH = VM(
    source="vc", id="vm-1", name="db01", path="/DC/vm/finance/db01", cpus=4, cores_per_socket=2, memory_bytes=8 * GIB,
    firmware=Firmware.EFI, secure_boot=True, tpm=True, os_id="debian12_64Guest", os_family="linux", os_name="Debian 12",
    uuid="4200-01", serial="serial-1", power="on", host="esx1", cluster="CL-7", revision="r", instance="5000-01",
    tags={"app": "ledger"}, attributes={"owner": "o'neil"}, template=True, datacenter="DC", pool="gold", app="shop",
    hardware="vmx-19", notes="ask Ada\nbefore touching", created_at="2024-01-02T00:00:00.000Z",
    started_at="2026-01-02T03:04:05.000Z", state="inaccessible", config_path="[gold] db01/db01.vmx", tracking=True,
    encrypted=True, consolidate=True, fault_tolerant=True, nested=True,
    cpu=Share(reservation=200, limit=4000, shares=8000, level="high"), memory=Share(reservation=GIB), cpu_hot_add=True,
    memory_hot_add=True, latency="high", cpu_affinity=(2, 3), numa_nodes="0",
    restart_priority="high", used_bytes=30 * GIB, cpu_used_mhz=812, memory_used_bytes=3 * GIB,
    disks=(
        Disk(key="2000", label="Hard disk 1", size_bytes=20 * GIB, allocated_bytes=7 * GIB, datastore="gold",
             controller="pvscsi", image="vmdk-flat", path="[gold] db01/db01-000002.vmdk", thin=True, policy="silver",
             parents=("[gold] db01/db01-000001.vmdk", "[gold] db01/db01.vmdk"), mode="independent_persistent",
             encrypted=True),
        Disk(key="2001", size_bytes=GIB, raw="physical", lun="naa.6000", shared=True, bus_sharing="virtual",
             blank=True),
    ),
    nics=(Nic(key="4000", label="Network adapter 1", network="VLAN-120", mac="00:50:56:00:00:01", model="vmxnet3",
              connected=False, pci_slot=192, mac_from="manual", starts_connected=False, kind="distributed"),),
    guest=GuestView(
        hostname="db01.example.org", address="10.0.0.5", os_name="Debian GNU/Linux 12", state="running",
        tools="running", tools_status="old", tools_version="12352",
        nics=(GuestNic(nic="4000", mac="00:50:56:00:00:01", addresses=("10.0.0.5/24",), dhcp=False),),
        routes=(Route(to="0.0.0.0/0", via="10.0.0.1"),), dns=("10.0.0.53",), domains=("example.org",),
        file_systems=(FileSystem(path="/data", size_bytes=20 * GIB, free_bytes=5 * GIB, kind="xfs"),),
    ),
    snapshots=(
        Snapshot(id="1", name="before", at="2025-01-01T00:00:00.000Z", description="ask Bob", state="on",
                 quiesced=True),
        Snapshot(id="2", name="after", at="2025-02-01T00:00:00.000Z", parent="1", current=True),
    ),
    devices=(Device(kind="cdrom", key="3000", label="CD/DVD drive 1", backing="[iso] tools.iso", connected=True),),
    rules=("keep db01 and db02 apart",), settings={"disk.EnableUUID": "TRUE"},
)  # fmt: skip
TOLD = """\
db01 (vc/vm-1)
  4 CPUs, 2 cores a socket, 8.0 GiB memory, efi, secure boot, TPM, vmx-19
  Debian 12, power on, since 2026-01-02T03:04:05Z, inaccessible, a template
  CPUs and memory can be added while it runs, runs VMs itself, latency sensitivity high, fault tolerant, encrypted, \
its source notes what changes, has leavings of snapshots
  /DC/vm/finance/db01, datacenter DC
  cluster CL-7, host esx1, pool gold, vApp shop
  bound to CPUs 2, 3, bound to NUMA nodes 0, restart priority high
  [gold] db01/db01.vmx, takes 30.0 GiB at the source
  UUID 4200-01, serial number serial-1, made 2024-01-02
shares of its host:
  CPU: 200 MHz reserved, at most 4000 MHz, shares high (8000), 812 MHz in use
  memory: 1.0 GiB reserved, 3.0 GiB in use
disks:
  disk Hard disk 1: 20.0 GiB, 7.0 GiB in use, pvscsi 0:0, thin, independent_persistent, encrypted, policy silver
    [gold] db01/db01-000002.vmdk, vmdk-flat, a difference to 2 disks
  disk 2001: 1.0 GiB, scsi 0:0, raw (physical), shared, controller shared (virtual), empty
    LUN naa.6000
network cards:
  NIC Network adapter 1: vmxnet3 00:50:56:00:00:01, network VLAN-120, distributed, address chosen by hand, unplugged, \
unplugged at power on, PCI slot 192
devices:
  cdrom, CD/DVD drive 1, [iso] tools.iso, connected
snapshots, which stay behind:
  before, 2025-01-01T00:00:00Z, power on, quiesced, ask Bob
    after, 2025-02-01T00:00:00Z, current
what its guest told the source:
  db01.example.org, Debian GNU/Linux 12, running
  agent running, old, version 12352
  00:50:56:00:00:01: 10.0.0.5/24, static
  route 0.0.0.0/0 via 10.0.0.1
  DNS 10.0.0.53, domains example.org
  /data: 5.0 GiB free of 20.0 GiB, xfs
what people wrote:
  tag app: ledger
  attribute owner: o'neil
  ask Ada
  before touching
rules of its cluster:
  keep db01 and db02 apart
settings:
  disk.EnableUUID = TRUE
"""


def test_everything_is_told_in_its_section() -> None:
    assert "\n".join(lines(RICH)) + "\n" == TOLD


def test_a_line_that_would_say_nothing_is_left_out() -> None:
    assert list(lines(BARE)) == ["db01 (vc/vm-1)", "  1 CPU, 0 B memory, bios", "  unknown system, power off"]


SILENT = {"source", "id", "name", "os_family", "os_id", "revision", "instance", "concerns", "cpu_hot_remove"}
"""What stands at the head, is told elsewhere, or by another of the VM's fields."""


@pytest.mark.parametrize("name", [field.name for field in fields(VM) if field.name not in SILENT])
def test_no_part_of_the_model_is_forgotten(name: str) -> None:
    changed = replace(RICH, **{name: getattr(BARE, name)})
    assert list(lines(changed)) != list(lines(RICH))


@pytest.mark.parametrize("name", ODD_NAMES)
def test_no_name_moves_the_cursor(name: str) -> None:
    odd = replace(RICH, name=name, notes=name, tags={name: name}, rules=(name,), path=name, host=name)
    told = "\n".join(lines(odd))
    assert not any(one in told for one in "\x1b\r\t\u202e")
