"""The contract of the two ends of a journey; that of workers is in workers.py beside it.

A provider implements those of these small protocols that it has. What differs between providers is data
(`Capabilities`, derived from what a provider implements), never `if name == ...`. All methods are coroutines; a
blocking SDK is put into threads inside the provider, each call with a socket time limit. Methods may be called again
after a crash: each finds its own objects by name. Errors: `mtv.errors`, with the VM and the thing named.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from mtv.model.estate import VM, Change, Concern, Disk, Entity, Finding, Json
from mtv.model.points import Export, Extent, Point
from mtv.model.reading import Opener, Route, SourceCheck
from mtv.model.volumes import Image, Machine, Volume, VolumeSpec
from mtv.providers.workers import Workers


@runtime_checkable
class Estate(Protocol):
    """Every source. `steady` says that a VM of it cannot change while it is read (an OVA): one appliance less."""

    name: str
    steady: bool

    async def check(self) -> Sequence[Finding]:
        """Log in, name each missing right with its fix. Raises only if nothing at all can be said."""
        ...

    def inventory(self, since: str | None) -> AsyncIterator[Change]:
        """Changes since that revision, or everything; a Revision comes last. A part that cannot be read is a
        concern of its VM and stops nothing else."""
        ...

    async def vm(self, id: str) -> VM:  # noqa: A002 - the vendor's word
        """One VM as it is now."""
        ...

    async def close(self) -> None: ...


@runtime_checkable
class Power(Protocol):
    async def power(self, vm: VM, state: Literal["on", "off"], grace_s: float, then: Literal["hold", "force"]) -> None:
        """Guest shutdown, confirmed; after `grace_s` what the plan says: errors.Held, or force."""
        ...

    async def fence(self, vm: VM, name: str) -> None:
        """NICs off, renamed, cannot start by accident; what was is remembered at the source, and so is `name`, which
        is the run's. Raises CheckFailed `source.fenced-by` for a VM that carries another's fence, and names it."""
        ...

    async def unfence(self, vm: VM, name: str) -> None:
        """Back to exactly what was before the fence of that name; there being none, or another's, is no error."""
        ...


@runtime_checkable
class Points(Protocol):
    async def freeze(self, vm: VM, disks: Sequence[Disk], name: str, since: Point | None, quiesce: bool) -> Point:
        """A readable state, ours only, named `name` and found again by it after a crash. `since` is the point whose
        changes this one shall tell."""
        ...

    async def export(self, point: Point, disk: Disk) -> Export:
        """How a worker opens that disk: data, no open handle."""
        ...

    async def release(self, point: Point) -> None:
        """Drop the point; waits for consolidation, within limits. A point that is gone already is no error."""
        ...


@runtime_checkable
class Tracks(Protocol):
    """Points that can tell what changed."""

    async def track(self, vm: VM, on: bool) -> bool:
        """Change tracking on or off; gives what it was before we touched it: that is remembered at the source, so
        that asking again after a crash gives the same answer. Drops marks of ours that an earlier run left."""
        ...

    async def extents(self, point: Point, disk: Disk) -> Sequence[Extent] | None:
        """What changed since `point.since`. None: cannot say, resync by hash."""
        ...


@runtime_checkable
class Foresees(Protocol):
    """Sources that can tell while a VM runs whether its disks can be read once it is off."""

    async def foresee(self, vm: VM, disks: Sequence[Disk]) -> str:
        """In which way. Raises CheckFailed `source.no-way`, and for a VM that another run holds."""
        ...


@runtime_checkable
class Lends(Protocol):
    """Sources whose disks workers read with an account."""

    def lends(self) -> Mapping[str, bytes]:
        """Its secrets by the names that exports carry: given to workers as files, and to nobody else."""
        ...


@runtime_checkable
class Reached(Protocol):
    """Sources that workers read over a network."""

    async def addresses(self) -> Sequence[str]:
        """HOST:PORT of all that a worker may have to reach, whichever way it reads."""
        ...


@runtime_checkable
class Renews(Protocol):
    async def renew(self, export: Export) -> Mapping[str, str]:
        """Keep a ticket alive; gives new secrets, by file name."""
        ...


@runtime_checkable
class Volumes(Protocol):
    """Targets. Only what carries our labels is ever changed or removed."""

    name: str

    async def create(self, spec: VolumeSpec) -> Volume:
        """The volume of that spec, made or found again; `zeroed` only if it was made by this very call."""
        ...

    async def find(self, spec: VolumeSpec) -> Volume | None:
        """The volume of that spec if it is there and ours; makes nothing, `zeroed` is False."""
        ...

    async def remove(self, volume: Volume) -> None:
        """It being gone is no error."""
        ...

    async def scratch(self, run: str, machine: str, disks: Sequence[VolumeSpec] = ()) -> str:
        """A folder beside the data that outlives a worker: journal and overlays, with room for those of these disks.
        Made or found again."""
        ...

    async def tidy(self, run: str, machine: str) -> None:
        """Remove that folder; it being gone is no error."""
        ...


@runtime_checkable
class Housed(Protocol):
    """Targets with namespaces, by whatever word: asked before anything else, once for each process."""

    def house(self, namespace: str, run: str = "") -> None:
        """From now on, what is made, found or removed lies there, and is that run's where one is named."""
        ...


@runtime_checkable
class Readies(Protocol):
    """Volumes that can tell before anything is changed whether they would be made."""

    async def ready(self, specs: Sequence[VolumeSpec], need_bytes: int) -> None:
        """Raises CheckFailed or Held for everything that would refuse these disks; `need_bytes` is their data."""
        ...


@runtime_checkable
class Stands(Protocol):
    """Targets that judge a VM's documents by what stands there already."""

    async def standing(self, documents: Sequence[Mapping[str, Json]]) -> Sequence[Mapping[str, Json]]:
        """The target's own settings, and the objects that those documents name: as far as they may be read."""
        ...


@runtime_checkable
class Explains(Protocol):
    """Targets that can say why a VM does not come there."""

    async def why(self, machine: str, run: str, vm: str) -> Sequence[Finding]:
        """Each cause that is found now, with its evidence and its fix; `vm` is the VM's key. Changes nothing."""
        ...


@runtime_checkable
class Machines(Protocol):
    async def create_machine(
        self, name: str, documents: Sequence[Mapping[str, Json]], extras: Mapping[str, bytes]
    ) -> Machine:
        """The VM, halted, from finished documents; `extras` are files beside them (receipt, README)."""
        ...

    async def machine(self, name: str) -> Machine: ...

    async def remove_machine(self, name: str) -> None: ...


@runtime_checkable
class Uploads(Protocol):
    """Targets that take finished disks from this machine, over the network and without a worker."""

    async def upload(
        self, run: str, vm: str, claim: Mapping[str, Json], image: Image, tell: Callable[[int, int], None],
        through: str,
    ) -> bool:  # fmt: skip
        """That claim holds the disk afterwards, whole: False where it did before. `tell` is given the bytes that were
        sent and all of them; `through` is an address where disks are taken, "" the target's own word for it."""
        ...


@runtime_checkable
class Starts(Protocol):
    """Targets that can run what they hold; a bundle cannot, so start, verify guest and probation are skipped."""

    async def start_machine(self, name: str) -> None: ...

    async def stop_machine(self, name: str) -> None: ...

    async def guest(self, name: str) -> Mapping[str, Json]:
        """What the guest's agent says: host name, interfaces, addresses. Empty while nobody answers."""
        ...


@runtime_checkable
class Snapshots(Protocol):
    """Targets that can keep a state of a VM that they run."""

    async def can_snapshot(self, specs: Sequence[VolumeSpec]) -> None:
        """Raises CheckFailed where one of these disks would be left out."""
        ...

    async def take_snapshot(self, document: Mapping[str, Json]) -> Mapping[str, Json]:
        """That one, made or found again by its name, once it is fit for use; what it says of itself. Raises Held where
        it failed, or lacks a disk: asked again, it is taken anew."""
        ...

    async def remove_snapshot(self, machine: str, name: str) -> None:
        """It being gone is no error, and another's is left alone."""
        ...


@runtime_checkable
class Routes(Protocol):
    """Sources whose disks can be read in several ways. Their names are `ways`, the best first."""

    @staticmethod
    def routes(vm: VM, around: Sequence[Entity], wanted: str) -> Sequence[Route]:
        """Each of them, taken or not, and why; pure, over what is stored. `wanted` is one of them, or auto."""
        ...

    def prefer(self, way: str) -> None:
        """From now on, disks are read by that way; auto: by the best one that is open."""
        ...


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What an end can do, for the journey's `when` and for people."""

    power: bool = False
    points: bool = False
    tracks: bool = False
    steady: bool = False
    machines: bool = False
    starts: bool = False
    snapshots: bool = False
    workers: bool = False
    storage: tuple[str, ...] = ()
    """What a storage map may name there; empty: classes of its own inventory."""
    namespaced: bool = False
    plain: bool = False
    """It keeps VMs without manifests."""
    cold_only: bool = False
    """Its points are not fit for a warm journey."""
    ways: tuple[str, ...] = ()
    """In which its disks can be read; empty: there is no choice."""


def capabilities(end: object) -> Capabilities:
    """Derived from the protocols that `end` implements."""
    return Capabilities(
        power=isinstance(end, Power),
        points=isinstance(end, Points),
        tracks=isinstance(end, Tracks),
        steady=bool(getattr(end, "steady", False)),
        machines=isinstance(end, Machines),
        starts=isinstance(end, Starts),
        snapshots=isinstance(end, Snapshots),
        workers=isinstance(end, Workers),
        storage=tuple(getattr(end, "storage", ())),
        namespaced=bool(getattr(end, "namespaced", False)),
        plain=bool(getattr(end, "plain", False)),
        cold_only=bool(getattr(end, "cold_only", False)),
        ways=tuple(getattr(end, "ways", ())),
    )


class Provider(Protocol):
    """What an entry point of `mtv.sources` or `mtv.targets` names: a class. `openers` and `checks` are for the
    worker's process, by Export.way: how to open a disk, and how to hold it against the source's own checksums."""

    kind: str
    openers: Mapping[str, Opener]
    checks: Mapping[str, SourceCheck]

    def __init__(self, name: str, address: str, secrets: Mapping[str, bytes] | None = None) -> None: ...


@runtime_checkable
class Judges(Protocol):
    """Targets with rules of their own about a VM and what is asked for it."""

    def concerns(self, vm: VM, to: Mapping[str, str]) -> Sequence[Concern]: ...
