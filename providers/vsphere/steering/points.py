"""Points: a state of a VM's disks that can be read. Of a VM that is off it is the disks themselves, else a snapshot."""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from pyVmomi import vim

from mtv.errors import CheckFailed, Held, MtvError, Temporary
from mtv.model.estate import VM, Disk
from mtv.model.points import Point
from mtv.providers.vsphere.steering import snapshots
from mtv.providers.vsphere.steering.alarm import last_start, refuse_powered_on
from mtv.providers.vsphere.steering.fence import refuse_fenced
from mtv.providers.vsphere.steering.marks import ended
from mtv.providers.vsphere.steering.server import Server
from mtv.providers.vsphere.steering.subject import Subject, Taken, look, refuse_running, size_bytes, virtual_disks
from mtv.providers.vsphere.steering.tasks import Wait, settled

SNAPSHOT = "snapshot"  # among a point's tokens, beside the disks' keys
CANNOT_SERVE = "source.cannot-serve"
FINAL = "-final"  # a point's name ends so when what it shows is the last that is copied
_PART = re.compile(r"-(inspect|final|pass-\d+)$")


def run_of(name: str) -> str:
    """mtv-RUN of a point's name."""
    return _PART.sub("", name)


ReadsRunning = Callable[[str, Sequence[Disk]], Awaitable[str]]


class Points:
    """`why_not` says why those disks of a VM cannot be read while it runs; "" where they can."""

    def __init__(self, server: Server, why_not: ReadsRunning) -> None:
        self._server, self._why_not = server, why_not
        self._released: set[tuple[str, str]] = set()

    async def freeze(self, vm: VM, disks: Sequence[Disk], name: str, quiesce: bool) -> Point:
        """Raises CheckFailed before anything is changed: `source.cannot-serve`, `source.fenced-by`,
        `source.point-of-other`, `source.no-room`, `source.points`, `source.consolidate`; Held `source.powered-on`."""
        subject = await self._quiet(vm.id, name)
        await self._refuse(subject, name)
        _refuse_changed(subject, disks)
        if name.endswith(FINAL):
            _refuse_more(subject, vm.disks)
        subject = await self._without_earlier(subject, name)
        found = snapshots.named(subject, name)
        if not found and subject.power == "on":
            if why := await self._why_not(vm.id, disks):
                raise CheckFailed(CANNOT_SERVE, f"{subject.name} runs: {why}", "it is read once it is off")
            subject = await self._take(subject, name, quiesce)
            found = snapshots.named(subject, name)
        self._released.discard((vm.id, name))
        return await self._point(subject, found[0] if found else None, [one.key for one in disks], name)

    async def standing(self, point: Point) -> Subject:
        """The VM, if the point is still what it was. Raises MtvError `source.point-gone`, Held `source.powered-on`,
        Temporary `source.changed`."""
        if (point.vm, point.id) in self._released:
            raise MtvError("source.point-gone", f"the point {point.id} was released")
        subject = (await look(self._server, point.vm)).reachable()
        await refuse_powered_on(self._server, subject)
        of = point.tokens.get(SNAPSHOT, "")
        taken = next((one for one in subject.snapshots if one.ref._moId == of), None)
        if of and taken is None:
            raise MtvError("source.point-gone", f"{subject.name} has no point {point.id}: somebody removed it")
        if not of and subject.power != "off":
            raise Held("source.powered-on", f"{subject.name} was off, and somebody started it", "shut it down")
        now = await self._point(subject, taken, [key for key in point.tokens if key != SNAPSHOT], point.id)
        if now.identity != point.identity:
            raise Temporary("source.changed", f"{subject.name} is not what it was when {point.id} was made")
        return subject

    async def release(self, point: Point) -> None:
        self._released.add((point.vm, point.id))
        try:
            await self._quiet(point.vm, point.id)
            await snapshots.drop(self._server, point.vm, point.id, bool(point.tokens.get(SNAPSHOT)))
        except MtvError as error:
            if error.fault.code != "source.gone":
                raise

    async def refuse_others(self, id_: str) -> None:
        """Before a run does anything: raises CheckFailed `source.fenced-by`, `source.point-of-other`."""
        subject = await look(self._server, id_)
        refuse_fenced(subject, "")
        _refuse_others(subject, subject.snapshots, "")

    async def _quiet(self, id_: str, name: str) -> Subject:
        """As it is once nothing is under way: a task of ours that a crash left is waited for, and not repeated."""
        ref = await self._server.call("logging in", lambda: self._server.managed(vim.VirtualMachine, id_))
        await settled(self._server, ref, f"{id_}: {name}", Wait(self._server, self._server.limits.release_s))
        return await look(self._server, id_)

    async def _refuse(self, subject: Subject, name: str) -> None:
        subject.reachable()
        refuse_fenced(subject, run_of(name))
        await refuse_powered_on(self._server, subject)
        if name.endswith(FINAL):
            refuse_running(subject)  # what it wrote since would be lost
        if subject.power == "suspended":
            raise CheckFailed("source.suspended", f"{subject.name} is suspended", "start it or shut it down")
        _refuse_others(subject, subject.snapshots, name)

    async def _take(self, subject: Subject, name: str, quiesce: bool) -> Subject:
        """Of two engines that made one at the same time, the later one takes its own back."""
        subject = await snapshots.take(self._server, subject, name, quiesce)
        ours = snapshots.named(subject, name)
        if not ours:
            raise MtvError("source.point-gone", f"{subject.name}: somebody removed the point {name}")
        try:
            _refuse_others(subject, subject.snapshots[: subject.snapshots.index(ours[0])], name)
        except CheckFailed:
            await snapshots.drop(self._server, subject.id, name, True)
            raise
        return subject

    async def _without_earlier(self, subject: Subject, name: str) -> Subject:
        """Never two of our points on a VM at once."""
        earlier = [one.name for one in subject.snapshots if one.name.startswith(snapshots.OURS) and one.name != name]
        for one in dict.fromkeys(earlier):
            await snapshots.drop(self._server, subject.id, one, True)
        return await look(self._server, subject.id) if earlier else subject

    async def _point(self, subject: Subject, taken: Taken | None, keys: Sequence[str], name: str) -> Point:
        """Its identity: which snapshot, or else which settings and which start; and what its disks lie in."""
        if taken:
            told = await self._server.read(taken.ref, "config.hardware.device")
            backings, of = _backings(told.get("config.hardware.device") or ()), [taken.ref._moId]
        else:
            start = await last_start(self._server, subject)
            backings, of = _backings(subject.devices), [subject.version, subject.power, start.key if start else 0]
        disks = {key: backings[key] for key in keys if key in backings}
        instance = self._server.session.about.instance
        said = json.dumps([instance, subject.id, of, disks], separators=(",", ":"), sort_keys=True)
        tokens = {SNAPSHOT: taken.ref._moId if taken else "", **{key: path for key, (path, _) in disks.items()}}
        return Point(id=name, vm=subject.id, identity=hashlib.sha256(said.encode()).hexdigest()[:32], tokens=tokens)


def _backings(devices: Sequence[Any]) -> Mapping[str, tuple[str, int]]:
    """File and size of each disk, by its key."""
    return {
        str(one.key): (str(getattr(one.backing, "fileName", "") or ""), size_bytes(one))
        for one in virtual_disks(devices)
    }


def _refuse_others(subject: Subject, among: Sequence[Taken], name: str) -> None:
    """Raises CheckFailed `source.point-of-other`."""
    for one in among:
        if one.name.startswith(snapshots.OURS) and run_of(one.name) != run_of(name):
            raise CheckFailed(
                "source.point-of-other", f"{subject.name} has a point of another run: {one.name}",
                ended(run_of(one.name)),
            )  # fmt: skip


def _refuse_changed(subject: Subject, disks: Sequence[Disk]) -> None:
    """Raises Held `source.changed`."""
    now = _backings(subject.devices)
    for disk in disks:
        if disk.key not in now or now[disk.key][1] != disk.size_bytes:
            found = f"{now[disk.key][1]} bytes" if disk.key in now else "no such disk"
            raise Held(
                "source.changed",
                f"{subject.name}: disk {disk.key} of {disk.size_bytes} bytes was planned, found: {found}",
                "`mtv refresh`, then make the plan again",
            )


def _refuse_more(subject: Subject, planned: Sequence[Disk]) -> None:
    """Raises Held `source.changed` for a disk that nobody planned: it would be left behind in silence."""
    if more := sorted(_backings(subject.devices).keys() - {disk.key for disk in planned}):
        raise Held(
            "source.changed", f"{subject.name} has a disk that was not planned: {', '.join(more)}",
            "take it out and `mtv run` goes on; or `mtv rollback`, `mtv refresh`, and make the plan again",
        )  # fmt: skip
