"""What a memory source is made of: estate.json of its folder, or else as many VMs as the address asks for.

Address: `memory:PATH?flavour=snapshots&vms=3&seed=1&disks=2&size_mib=4`.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl

from mtv import codec
from mtv.errors import Refused
from mtv.model.estate import VM, Datastore, Disk, Firmware, Json, Network, Nic
from mtv.providers.memory.content import content_at, numbers
from mtv.providers.memory.folder import Folder

FILE = "estate"
SYSTEMS = (("debian12_64Guest", "linux", "Debian 12"), ("rhel9_64Guest", "linux", "RHEL 9"))


class Flavour(StrEnum):
    SNAPSHOTS = "snapshots"  # like vSphere: a snapshot, changes told since any earlier change id
    BACKUPS = "backups"  # like oVirt: one backup at a time, its base named when it starts
    STREAMS = "streams"  # no random access, no tracking
    UNTRACKED = "untracked"  # random access, cannot tell what changed


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An address, read."""

    path: Path
    flavour: Flavour = Flavour.SNAPSHOTS
    vms: int = 3
    seed: int = 1
    disks: int = 2
    size_mib: int = 4
    capacity_bytes: int | None = None  # of a target


@dataclass(frozen=True, kw_only=True)
class MadeUp:
    """An estate. A VM's `attributes` may say `shutdown: never`, `guest: none`, `conversion: none|network|full`."""

    seed: int = 1
    flavour: Flavour = Flavour.SNAPSHOTS
    vms: tuple[VM, ...] = ()
    datastores: tuple[Datastore, ...] = ()
    networks: tuple[Network, ...] = ()

    def find(self, id: str) -> VM | None:  # noqa: A002 - the contract's word
        return next((vm for vm in self.vms if vm.id == id), None)


def read_address(address: str) -> Asked:
    """Raises Refused `memory.address`, naming what is wrong."""
    path, _, query = address.removeprefix("memory:").partition("?")
    known = {"flavour": Flavour, "vms": int, "seed": int, "disks": int, "size_mib": int, "capacity_bytes": int}
    given: dict[str, object] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in known:
            raise Refused("memory.address", f"memory:{path} has no option '{key}': there are {', '.join(known)}")
        try:
            given[key] = known[key](value)
        except ValueError as error:
            raise Refused("memory.address", f"memory:{path}: {key} cannot be '{value}'") from error
    return replace(Asked(path=Path(path or ".").expanduser().absolute()), **given)  # type: ignore[arg-type]


def read_estate(name: str, asked: Asked) -> MadeUp:
    """The estate of that folder, or a made-up one, all of its objects' source being `name`."""
    data = Folder(asked.path).get(FILE)
    if data is None:
        return make_estate(name, asked)
    named = {key: _named(rows, name) if isinstance(rows, list) else rows for key, rows in data.items()}
    return codec.load(MadeUp, named, f"{asked.path / FILE}.json")


def _named(rows: list[Json], name: str) -> list[Json]:
    return [{**row, "source": name} if isinstance(row, dict) else row for row in rows]


def write_estate(path: Path, estate: MadeUp) -> None:
    Folder(path).put(FILE, codec.dump(estate))


@lru_cache(maxsize=16)
def make_estate(name: str, asked: Asked) -> MadeUp:
    """Depends on the address's numbers alone."""
    return MadeUp(
        seed=asked.seed,
        flavour=asked.flavour,
        vms=tuple(_vm(name, asked, index) for index in range(1, asked.vms + 1)),
        datastores=tuple(
            Datastore(source=name, id=f"ds-{n}", name=f"ds{n}", kind="memory", capacity_bytes=1 << 44) for n in (1, 2)
        ),
        networks=tuple(Network(source=name, id=f"net-{n}", name=f"VLAN-{n}0", vlan=f"{n}0") for n in (1, 2)),
    )


def _vm(name: str, asked: Asked, index: int) -> VM:
    os_choice, cpus, memory, host = numbers(f"{asked.seed}/vm/{index}", 4)
    os_id, family, os_name = SYSTEMS[os_choice % len(SYSTEMS)]
    vm_id = f"vm-{index}"
    return VM(
        source=name,
        id=vm_id,
        name=f"vm{index:03}",
        cpus=1 + cpus % 4,
        memory_bytes=(1 + memory % 8) << 30,
        firmware=Firmware.BIOS,
        os_id=os_id,
        os_family=family,
        os_name=os_name,
        power="on",
        host=f"host-{1 + host % 2}",
        cluster="CL-1",
        disks=tuple(_disk(asked, vm_id, unit) for unit in range(asked.disks)),
        nics=(Nic(key="4000", label="NIC 1", network="VLAN-10", mac=_mac(asked.seed, index), model="vmxnet3"),),
        tags={"app": "ledger" if index % 2 else "web"},
    )


def _disk(asked: Asked, vm_id: str, unit: int) -> Disk:
    key = f"{2000 + unit}"
    size_bytes = (asked.size_mib >> (unit % 2) or 1) << 20
    data = content_at(asked.seed, f"{vm_id}/{key}", size_bytes, 0)
    return Disk(
        key=key,
        label=f"Hard disk {unit + 1}",
        size_bytes=size_bytes,
        allocated_bytes=data.data_bytes,
        datastore=f"ds{1 + unit % 2}",
        controller="pvscsi",
        unit=unit,
        image="raw",
    )


def _mac(seed: int, index: int) -> str:
    return f"52:54:00:{seed & 255:02x}:{index >> 8 & 255:02x}:{index & 255:02x}"
