"""The memory source: an estate whose guests write between points, in four flavours."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal, Self

from mtv.errors import CheckFailed, Held, MtvError, Refused
from mtv.model.estate import VM, Change, Disk, Finding, Revision
from mtv.model.points import Export, Extent, Point
from mtv.model.reading import Opener, SourceCheck
from mtv.providers.memory.content import changed
from mtv.providers.memory.estate import Flavour, read_address, read_estate
from mtv.providers.memory.faults import Faults
from mtv.providers.memory.reader import OPENERS, WAY
from mtv.providers.memory.state import PointState, States, VmState


class MemorySource:
    """Given an address, makes the class of its flavour."""

    kind = "memory"
    openers: Mapping[str, Opener] = OPENERS
    checks: Mapping[str, SourceCheck] = {}
    steady = False
    reads: Literal["random", "stream"] = "random"

    def __new__(cls, name: str, address: str, secrets: Mapping[str, bytes] | None = None) -> Self:
        if cls is not MemorySource:
            return super().__new__(cls)
        made = FLAVOURS[read_estate(name, read_address(address)).flavour]
        return super().__new__(made)  # type: ignore[return-value]

    def __init__(self, name: str, address: str, secrets: Mapping[str, bytes] | None = None) -> None:
        asked = read_address(address)
        self.name = name
        self.estate = read_estate(name, asked)
        self.faults = Faults(asked.path)
        self._states = States(asked.path)

    async def check(self) -> Sequence[Finding]:
        self.faults.meet("check")
        return [Finding(name="estate", ok=True, text=f"{len(self.estate.vms)} made-up VMs, {self.estate.flavour}")]

    async def inventory(self, since: str | None) -> AsyncIterator[Change]:
        self.faults.meet("inventory")
        known = int(since) if since and since.isdecimal() else None
        revision = self._states.revision()
        if known is None:
            for datastore in self.estate.datastores:
                yield datastore
            for network in self.estate.networks:
                yield network
        for vm in self.estate.vms:
            if known is None or self._states.get(vm).revision > known:
                yield self._now(vm)
        yield Revision(str(revision))

    async def vm(self, id: str) -> VM:  # noqa: A002 - the contract's word
        self.faults.meet("vm")
        return self._now(self._find(id))

    async def close(self) -> None:
        """Nothing is held open."""

    async def power(self, vm: VM, state: Literal["on", "off"], grace_s: float, then: Literal["hold", "force"]) -> None:
        self.faults.meet("power")
        was = self._state(vm)
        if was.power == state:
            return
        if state == "off" and then == "hold" and vm.attributes.get("shutdown") == "never":
            raise Held("source.shutdown", f"{vm.name} did not shut down within {grace_s:.0f} s", "shut it down")
        if state == "on" and was.fenced:
            raise MtvError("source.fenced", f"{vm.name} is fenced and cannot start", "unfence it first")
        wrote = 1 if state == "off" else 0  # a guest writes its last while it shuts down
        self._put(vm, replace(was, power=state, generation=was.generation + wrote))

    async def fence(self, vm: VM, name: str) -> None:
        self.faults.meet("fence")
        state = self._state(vm)
        if state.fence not in ("", name):
            raise CheckFailed(
                "source.fenced-by", f"{vm.name} is fenced by {state.fence}", "end that run, or roll it back"
            )
        self._put(vm, replace(state, fence=name))

    async def unfence(self, vm: VM, name: str) -> None:
        self.faults.meet("unfence")
        state = self._state(vm)
        if state.fence == name:
            self._put(vm, replace(state, fence=""))

    async def freeze(self, vm: VM, disks: Sequence[Disk], name: str, since: Point | None, quiesce: bool) -> Point:
        self.faults.meet("freeze")
        state = self._state(vm)
        if name not in state.points:
            state = self.started(vm, state, name, since).written_after(name)
            self._put(vm, state)
        return self._point(vm, disks, name, state.points[name])

    async def export(self, point: Point, disk: Disk) -> Export:
        self.faults.meet("export")
        found = self.standing(point)
        return Export(
            id=f"{point.id}/{disk.key}",
            kind=self.reads,
            way=WAY,
            size_bytes=disk.size_bytes,
            identity=f"{self.estate.seed}/{point.vm}/{disk.key}@{found.generation}",
            params={
                "seed": self.estate.seed,
                "disk": f"{point.vm}/{disk.key}",
                "generation": -1 if disk.blank else found.generation,
            },
        )

    async def release(self, point: Point) -> None:
        self.faults.meet("release")
        vm = self._find(point.vm)
        state = self._state(vm)
        if point.id in state.points:
            left = {name: one for name, one in state.points.items() if name != point.id}
            self._put(vm, replace(state, points=left))

    def started(self, vm: VM, state: VmState, name: str, since: Point | None) -> VmState:
        """That state with a new point in it: what `since` is worth is the flavour's affair."""
        made = PointState(generation=state.generation, epoch=0)
        return replace(state, points={**state.points, name: made})

    def standing(self, point: Point) -> PointState:
        """Raises MtvError `source.point-gone`."""
        vm = self._find(point.vm)
        found = self._state(vm).points.get(point.id)
        if found is None:
            raise MtvError("source.point-gone", f"{vm.name} has no point {point.id}: somebody removed it")
        return found

    def _point(self, vm: VM, disks: Sequence[Disk], name: str, made: PointState) -> Point:
        token = f"{made.epoch}/{made.generation}"
        return Point(
            id=name,
            vm=vm.id,
            identity=f"{self.estate.seed}/{vm.id}@{made.generation}",
            since=made.since,
            tokens={disk.key: token for disk in disks} if made.epoch else {},
        )

    def _find(self, id: str) -> VM:  # noqa: A002 - the contract's word
        found = self.estate.find(id)
        if found is None:
            raise Refused("source.no-vm", f"{self.name} has no VM with the id '{id}'", f"`mtv refresh {self.name}`")
        return found

    def _state(self, vm: VM) -> VmState:
        return self._states.get(self._find(vm.id))

    def _put(self, vm: VM, state: VmState) -> None:
        if state != self._state(vm):
            self._states.put(vm, state)

    def _now(self, vm: VM) -> VM:
        state = self._states.get(vm)
        now = replace(vm, power=state.power, revision=str(state.revision))
        if not state.fenced:
            return now
        nics = tuple(replace(nic, connected=False) for nic in vm.nics)
        return replace(now, name=f"{vm.name} (moved)", nics=nics)


class TrackingSource(MemorySource):
    """One that can tell what changed, while tracking is on."""

    async def track(self, vm: VM, on: bool) -> bool:
        self.faults.meet("track")
        state = self._state(vm)
        was = state.tracking and not state.tracking_is_ours
        turned_on = on and not state.tracking
        self._put(
            vm,
            replace(
                state,
                tracking=on,
                tracking_is_ours=on and not was,
                epoch=state.epoch + (1 if turned_on else 0),
                checkpoints=(),
            ),
        )
        return was

    async def extents(self, point: Point, disk: Disk) -> Sequence[Extent] | None:
        self.faults.meet("extents")
        made = self.standing(point)
        if made.base is None:
            return None
        if disk.blank:
            return []
        return changed(self.estate.seed, f"{point.vm}/{disk.key}", disk.size_bytes, made.base, made.generation)

    def started(self, vm: VM, state: VmState, name: str, since: Point | None) -> VmState:
        base = self.base(state, since) if since else None
        made = PointState(
            generation=state.generation,
            epoch=state.epoch if state.tracking else 0,
            since=since.id if since and base is not None else "",
            base=base,
        )
        return replace(state, points={**state.points, name: made})

    def base(self, state: VmState, since: Point) -> int | None:
        """The generation that `since` stands for; None where its change ids are worth nothing."""
        epoch, _, generation = next(iter(since.tokens.values()), "").partition("/")
        if not state.tracking or epoch != str(state.epoch):
            return None
        return int(generation)


class BackupSource(TrackingSource):
    """A backup is based on a checkpoint that must still be there; no VM has two backups at once."""

    def started(self, vm: VM, state: VmState, name: str, since: Point | None) -> VmState:
        if state.points:
            raise MtvError("source.busy", f"{vm.name} has a backup under way: {', '.join(state.points)}")
        made = super().started(vm, state, name, since)
        base = made.points[name].base
        kept = tuple(one for one in state.checkpoints if base is not None and one >= base)
        return replace(made, checkpoints=(*kept, state.generation) if state.tracking else ())

    def base(self, state: VmState, since: Point) -> int | None:
        found = super().base(state, since)
        return found if found in state.checkpoints else None


class UntrackedSource(TrackingSource):
    """Would tell what changed, and never can: the worker compares hashes."""

    def base(self, state: VmState, since: Point) -> int | None:
        return None


class StreamSource(MemorySource):
    """Reads from beginning to end; tells nothing about changes."""

    reads: Literal["random", "stream"] = "stream"


FLAVOURS: Mapping[Flavour, type[MemorySource]] = {
    Flavour.SNAPSHOTS: TrackingSource,
    Flavour.BACKUPS: BackupSource,
    Flavour.UNTRACKED: UntrackedSource,
    Flavour.STREAMS: StreamSource,
}
