"""The operation `convert`: a guest that was copied is made to fit its new machine. On overlays first; then committed
by a protocol that any crash leaves in a state from which this operation, started again, goes on."""

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mtv.converters.guest import looking
from mtv.converters.guest.appliance.session import session
from mtv.converters.guest.change import domain, overlays, sealing, virtv2v
from mtv.converters.guest.change.sealing import Commit
from mtv.converters.guest.inspect import FOLDER, SEEN
from mtv.converters.guest.looking import Wanted
from mtv.converters.transfer import hashfile
from mtv.converters.transfer.journal import known, records
from mtv.converters.transfer.tables import HashTable
from mtv.converters.transfer.verify import hashes
from mtv.converters.worker.job import Job
from mtv.errors import MtvError
from mtv.model.estate import Facts, Json

LOG_KEPT_BYTES = 64 << 10
MESSAGES_TOLD = 20


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What is known of the guest, and the overlay of each disk that was looked into."""

    facts: Mapping[str, Json]
    overlays: Mapping[str, Path]
    seconds: float  # 0 where inspection had done it

    @property
    def mode(self) -> str:
        return str(_map(self.facts.get("conversion")).get("mode"))

    def guest(self, key: str) -> str:
        return str(_map(self.facts.get("guest")).get(key) or "")


def convert(job: Job) -> Facts:
    """Facts: mode, guest, conversion, network, touched, handed_over (root and data of each disk), hashes (the file of
    all tables), tools, seconds, messages. Safe to repeat after any crash."""
    folder, what = job.scratch / FOLDER, looking.wanted(job)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    copied = _copied(job, what)
    begun = sealing.read(folder)
    if begun and begun.state == "lost":
        if not sealing.restored(job, copied, begun):
            raise sealing.lost_error(job)
        (folder / sealing.STATE).unlink()
        begun = None
    return _finish(job, folder, begun or _begin(job, folder, what, copied))


def _begin(job: Job, folder: Path, what: Wanted, copied: Mapping[str, HashTable]) -> Commit:
    """Everything on overlays; a commit without parts where nothing need change."""
    seen = _inspected(job, folder) or _look(job, folder, what)
    told: dict[str, Json] = {key: seen.facts.get(key) for key in ("guest", "conversion", "network", "concerns")}
    facts: dict[str, Json] = {**told, "mode": seen.mode, "tools": {}, "messages": []}
    seconds: dict[str, Json] = {"inspect": round(seen.seconds, 1)}
    if seen.mode == "none":
        return Commit(state="committed", parts=(), facts={**facts, "seconds": seconds})
    files = _working(job, folder, seen)
    if seen.mode == "full":
        started = time.monotonic()
        messages = _convert(job, folder, what, seen, files)
        seconds["convert"] = round(time.monotonic() - started, 1)
        facts |= {"tools": {"virt-v2v": virtv2v.version()}, "messages": list(messages[-MESSAGES_TOLD:])}
    return sealing.begin(job, folder, files, copied, {**facts, "seconds": seconds})


def _copied(job: Job, what: Wanted) -> dict[str, HashTable]:
    """The tables of the copy as it was verified; a blank disk's is empty."""
    try:
        tables = hashfile.read(hashes(job.scratch))
    except FileNotFoundError:
        tables = {}
    for volume in sealing.volumes(job):
        if volume.disk in what.blank:
            tables.setdefault(volume.disk, HashTable(volume.size_bytes))
        elif volume.disk not in tables:
            text = f"{job.task.name}: disk {volume.disk} was not verified, and only what is proved is converted"
            raise MtvError("convert.unverified", text, "`mtv retry` the step before")
    return tables


def _inspected(job: Job, folder: Path) -> _Seen | None:
    """What inspection left, if its overlays lie over the very bytes that were copied."""
    try:
        facts = _map(json.loads((folder / SEEN).read_bytes()))
    except (FileNotFoundError, ValueError):
        return None
    disks = {disk: _map(one) for disk, one in _map(facts.get("disks")).items()}
    sizes = {volume.disk: volume.size_bytes for volume in sealing.volumes(job)}
    if not disks or not disks.keys() <= sizes.keys():
        return None
    files = {disk: folder / Path(str(one.get("overlay"))).name for disk, one in disks.items()}
    is_none = _map(facts.get("conversion")).get("mode") == "none"
    for disk, one in disks.items():
        epoch = known.read(records.path(job.scratch, disk), sizes[disk]).epoch
        same = epoch is not None and bool(one.get("identity")) and epoch.source == one.get("identity")
        if not same or not (is_none or overlays.sound(files[disk])):
            return None
    return _Seen(facts=facts, overlays=files, seconds=0.0)


def _look(job: Job, folder: Path, what: Wanted) -> _Seen:
    """The same on the copy itself."""
    job.say("progress", {"phase": "inspect"})
    started = time.monotonic()
    disks = [volume for volume in sealing.volumes(job) if volume.disk not in what.blank]
    files = {volume.disk: folder / f"seen-{volume.index}.qcow2" for volume in disks}
    for volume in disks:
        overlays.create(files[volume.disk], volume.path, overlays.image_format(volume), volume.size_bytes)
    looked = looking.look(list(files.values()), what, job.scratch)
    looking.refuse(looked, what)
    return _Seen(facts=looking.fitting(looked), overlays=files, seconds=time.monotonic() - started)


def _working(job: Job, folder: Path, seen: _Seen) -> dict[str, Path]:
    """An overlay over each disk, with what was written while looking; made anew, so that a killed conversion leaves
    no trace."""
    files = {}
    for volume in sealing.volumes(job):
        path = folder / f"work-{volume.index}.qcow2"
        overlays.wait_unlocked(volume.path)
        if volume.disk in seen.overlays:
            overlays.move_onto(seen.overlays[volume.disk], path, volume)
        else:
            overlays.create(path, volume.path, overlays.image_format(volume), volume.size_bytes)
        files[volume.disk] = path
    return files


def _convert(job: Job, folder: Path, what: Wanted, seen: _Seen, files: Mapping[str, Path]) -> list[str]:
    macs = {nic: str(mac) for nic, mac in _map(_map(seen.facts.get("network")).get("macs")).items()}
    described = folder / "domain.xml"
    described.write_bytes(domain.domain(what.vm, list(files.values()), macs))
    root = seen.guest("root_device")
    agent = what.choice.agent == "install"
    options = virtv2v.Options(
        domain=described,
        log=folder / "virt-v2v.log",
        root=root if root.startswith("btrfsvol:") else "",
        keys=tuple(what.keys.items()),
        agent=agent,
    )
    try:
        heard = virtv2v.convert(options, lambda message: _tell(job, message), job.stopping)
    finally:
        _keep_log(options.log)
    if what.choice.devices == "virtio" and not virtv2v.has_virtio(heard):
        text = f"{what.vm.name}: virt-v2v found no way to give this guest drivers for virtio"
        raise MtvError("convert.no-virtio", text, "`devices: compatible` moves it on emulated SATA and e1000e")
    if not agent and not virtv2v.customizes():
        _remove_agent_scripts(list(files.values()), root)
    return [message.text for message in heard if message.kind in ("warning", "info")]


def _keep_log(path: Path) -> None:
    """What virt-v2v said goes into the worker's log, which `mtv logs` shows when the scratch folder is gone."""
    if path.exists():
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LOG_KEPT_BYTES))
            sys.stderr.write(file.read().decode(errors="replace"))
        sys.stderr.flush()


def _tell(job: Job, message: virtv2v.Message) -> None:
    if message.kind == "message":
        job.say("progress", {"phase": "convert", "text": message.text})
    else:
        job.say("finding", {"level": message.kind, "text": message.text})


def _remove_agent_scripts(files: list[Path], root: str) -> None:
    with session(files) as handle:
        handle.mount(root, "/")
        for script in handle.glob_expand(virtv2v.AGENT_SCRIPTS, directoryslash=False):
            handle.rm_f(script)


def _finish(job: Job, folder: Path, commit: Commit) -> Facts:
    started = time.monotonic()
    if commit.state == "committing":
        job.say("progress", {"phase": "commit"})
        commit = sealing.finish(job, folder, commit)
    for left in (*folder.glob("seen-*.qcow2"), *folder.glob("work-*.qcow2")):
        left.unlink()
    seconds = {**_map(commit.facts.get("seconds")), "commit": round(time.monotonic() - started, 1)}
    return {**commit.facts, "seconds": seconds, **_handed_over(folder, commit)}


def _handed_over(folder: Path, commit: Commit) -> dict[str, Json]:
    if not commit.parts:
        return {}
    tables = hashfile.read(folder / sealing.HASHES)
    roots: dict[str, Json] = {
        disk: {"root": table.root(), "data_bytes": table.data_bytes} for disk, table in tables.items()
    }
    touched: dict[str, Json] = dict(sealing.told(commit))
    return {"touched": touched, "handed_over": roots, "hashes": str(folder / sealing.HASHES)}


def _map(value: object) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}
