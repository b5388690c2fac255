"""Our snapshots of a VM: made within the guard's limits, found again by name, removed with all that they leave."""

import logging
from datetime import UTC, datetime
from typing import Any

from pyVmomi import vim

from mtv.errors import CheckFailed, Held, MtvError, Temporary
from mtv.providers.vsphere.steering import guard
from mtv.providers.vsphere.steering.server import Server
from mtv.providers.vsphere.steering.subject import Subject, Taken, look, size_bytes, virtual_disks
from mtv.providers.vsphere.steering.tasks import recent, run

OURS = "mtv-"
NOT_QUIET = (vim.fault.ApplicationQuiesceFault, vim.fault.FilesystemQuiesceFault)
GONE = "source.gone"
REMOVALS = ("RemoveSnapshot_Task", "RemoveAllSnapshots_Task")
TRIES = 3  # a merge may fail while somebody reads the disk
LOG = logging.getLogger(__name__)


def named(subject: Subject, name: str) -> list[Taken]:
    return [one for one in subject.snapshots if one.name == name]


async def take(server: Server, subject: Subject, name: str, quiesce: bool) -> Subject:
    """The VM with that snapshot. Raises CheckFailed before anything is changed."""
    if subject.consolidate:
        raise CheckFailed(
            "source.consolidate", f"{subject.name} has leavings of snapshots: on top of them no more is made",
            "consolidate its disks in the vSphere Client",
        )  # fmt: skip
    older = [guard.Older(one.name, one.at) for one in subject.snapshots]
    guard.refuse(subject.name, await _stores(server, subject), older, datetime.now(UTC), server.limits)
    try:
        await _create(server, subject, name, quiesce and subject.tools)
    except NOT_QUIET as error:
        LOG.warning("%s: its guest could not be quiesced (%s): the point is as after a crash", subject.name, error.msg)
        await _create(server, subject, name, False)
    return await look(server, subject.id)


async def _create(server: Server, subject: Subject, name: str, quiesce: bool) -> None:
    def begin() -> Any:
        return subject.ref.CreateSnapshot_Task(
            name=name, description="a point of mtv's: it removes it again", memory=False, quiesce=quiesce
        )

    doing = f"{subject.name}: making the point {name}"
    await run(server, subject.ref, doing, begin, server.limits.release_s, NOT_QUIET)


async def _stores(server: Server, subject: Subject) -> list[guard.Store]:
    lying = [
        (one, store) for one in virtual_disks(subject.devices) if (store := getattr(one.backing, "datastore", None))
    ]
    need = guard.needs([(store._moId, size_bytes(one)) for one, store in lying])
    found = []
    for id_, store in {store._moId: store for _, store in lying}.items():
        said = (await server.read(store, "summary"))["summary"]
        found.append(guard.Store(said.name, said.capacity, said.freeSpace, need[id_], bool(said.accessible)))
    return found


async def drop(server: Server, id_: str, name: str, ours: bool) -> None:
    """Remove all of that name, and see their files merged. Gone already is no error. `ours`: the point is known to
    have been a snapshot, also where none of that name is left."""
    subject = await look(server, id_)
    found = named(subject, name)
    for one in reversed(found):
        await _remove(server, subject, one)
    ours = ours or bool(found) or any(task in REMOVALS for task, _ in await recent(server, subject.ref))
    if ours:
        await _consolidate(server, await look(server, id_))


async def _remove(server: Server, subject: Subject, one: Taken) -> None:
    later = [other.name for other in subject.snapshots if other.at > one.at and not other.name.startswith(OURS)]
    if later:
        LOG.warning("%s: somebody made the snapshot '%s' after our %s; it stays", subject.name, later[0], one.name)

    def begin() -> Any:
        return one.ref.RemoveSnapshot_Task(removeChildren=False, consolidate=True)

    doing = f"{subject.name}: removing the point {one.name}"
    try:
        await run(server, subject.ref, doing, begin, server.limits.release_s)
    except MtvError as error:
        if error.fault.code != GONE:
            raise


async def _consolidate(server: Server, subject: Subject) -> None:
    doing = f"{subject.name}: merging what a snapshot left"
    for turn in range(TRIES):
        if not subject.consolidate:
            return
        try:
            await run(server, subject.ref, doing, subject.ref.ConsolidateVMDisks_Task, server.limits.release_s)
        except Temporary:
            if turn == TRIES - 1:
                raise
        subject = await look(server, subject.id)
    if subject.consolidate:
        raise Held(
            "source.consolidate", f"{subject.name}: what a snapshot left could not be merged {TRIES} times",
            "does a backup hold its disks? consolidate them in the vSphere Client; `mtv run` goes on then",
        )  # fmt: skip
