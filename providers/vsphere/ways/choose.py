"""Which way a VM's disks are read, and why the others are not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mtv.errors import CheckFailed, Refused
from mtv.model.estate import VM, Datastore, Disk, Entity
from mtv.model.infrastructure import Host
from mtv.model.reading import Route
from mtv.providers.vsphere.ways.table import ALONE, FOLDER, NAMES, VDDK, Scene, reasons

AUTO = "auto"
RUNNING = frozenset({VDDK})  # ways that read a VM at random while it runs
HINTS = "`mtv describe vm` shows each way; `mtv check provider` what the copy account lacks"


@dataclass(frozen=True)
class Choice:
    """`way` is "" where none is open. `refused` are the reasons of each way that is not."""

    way: str
    refused: Mapping[str, Sequence[str]]


def scene(vm: VM, around: Sequence[Entity], *, disks: Sequence[Disk] | None = None, running: bool = False,
          library: bool = False, lacks: Mapping[str, Sequence[str]] | None = None) -> Scene:  # fmt: skip
    """The VM among those of the objects that it stands on. Blank disks are not read."""
    stores = [one for one in around if isinstance(one, Datastore) and one.datacenter in ("", vm.datacenter)]
    hosts = [one for one in around if isinstance(one, Host) and one.name == vm.host]
    return Scene(
        vm=vm, disks=tuple(one for one in (vm.disks if disks is None else disks) if not one.blank),
        datastores={one.name: one for one in stores}, host=hosts[0] if hosts else None, running=running,
        library=library, lacks=lacks or {},
    )  # fmt: skip


def choose(of: Scene, wanted: str = AUTO) -> Choice:
    """The first way that is open, or the one that is wanted. Raises Refused `vsphere.way` for a word that is none."""
    if wanted not in (AUTO, *NAMES):
        raise Refused("vsphere.way", f"'{wanted}' is no way to read a disk", f"write auto, {', '.join(NAMES)}")
    refused = {way: found for way in NAMES if (found := reasons(of, way))}
    names = NAMES if wanted == AUTO else (wanted,)
    return Choice(next((way for way in names if way not in refused), ""), refused)


def chosen(of: Scene, wanted: str = AUTO) -> str:
    """Raises CheckFailed `source.no-way`, with the reasons."""
    found = choose(of, wanted)
    if found.way:
        return found.way
    names = NAMES if wanted == AUTO else (wanted,)
    told = "; ".join(f"{way}: {', '.join(found.refused[way])}" for way in names)
    raise CheckFailed("source.no-way", f"{of.vm.name}: its disks can be read by no way: {told}", HINTS)


def routes(of: Scene, wanted: str = AUTO) -> tuple[Route, ...]:
    """Each way for people, the best first."""
    found = choose(of, wanted)
    return tuple(Route(way, way == found.way, _why(of, found, way)) for way in NAMES)


def _why(of: Scene, found: Choice, way: str) -> str:
    if way in found.refused:
        return "; ".join(found.refused[way])
    if way == found.way == FOLDER and of.host and of.vm.datacenter != ALONE:
        return f"chosen; from host {of.host.name} where it answers, else by the vCenter"
    return "chosen" if way == found.way else f"open; {found.way or 'another one'} is taken"
