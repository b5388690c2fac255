"""The fence around a VM that was moved: its name tells it from its copy, it cannot reach the network, and nobody but
people starts it. First all that will be changed is noted in the VM itself, then it is changed; undone in reverse.
"""

import logging
from dataclasses import replace
from typing import Any

from pyVmomi import vim

from mtv.errors import CheckFailed
from mtv.providers.vsphere.objects.elements import unescaped
from mtv.providers.vsphere.steering import orders
from mtv.providers.vsphere.steering.alarm import refuse_powered_on
from mtv.providers.vsphere.steering.marks import (
    KEY,
    Card,
    Note,
    escaped,
    fence_of,
    fenced_names,
    run_word,
    written,
)
from mtv.providers.vsphere.steering.server import Server
from mtv.providers.vsphere.steering.subject import Subject, cards, look, reconfigure, refuse_running
from mtv.providers.vsphere.steering.tasks import Wait

TAKEN = (vim.fault.DuplicateName,)
CHANGED = (vim.fault.ConcurrentAccess,)
LOG = logging.getLogger(__name__)


async def fence(server: Server, id_: str, name: str) -> None:
    """Raises CheckFailed `source.fenced-by`, Held `source.powered-on` before anything is changed. A template is left
    as it is: it cannot start, and nothing of it can be set."""
    subject = (await look(server, id_)).reachable()
    if subject.template:
        return
    subject, note = await _noted(server, subject, name)
    await _close(server, subject, note)
    if note.override:
        await orders.forbid(server, subject, note.override)
    if note.start:
        await orders.forbid_start(server, subject, note.start)


async def unfence(server: Server, id_: str, name: str) -> None:
    """What somebody else changed meanwhile stays. The note goes last, with the cards and the name."""
    subject = await look(server, id_)
    note = fence_of(subject)
    if note is None or note.run != name:
        return
    subject.reachable()
    if note.start:
        await orders.allow_start(server, subject, note.start)
    if note.override:
        await orders.allow(server, subject, note.override)
    await _open(server, await look(server, id_), note)


def refuse_fenced(subject: Subject, run_name: str) -> None:
    """Raises CheckFailed `source.fenced-by`."""
    note = fence_of(subject)
    if note and note.run != run_name:
        raise CheckFailed(
            "source.fenced-by", f"{subject.name} is fenced by {note.run}, another run",
            f"end that run, or give the VM back, where its store is: mtv rollback {run_word(note.run)}",
        )  # fmt: skip


async def _noted(server: Server, subject: Subject, name: str) -> tuple[Subject, Note]:
    """The VM with our note in it, written now or before a crash. Two engines that come at once: the server lets only
    the first one write, for the other sees then that the VM is not what it was."""
    wait = Wait(server, server.limits.source_task_s)
    while True:
        refuse_fenced(subject, name)
        await refuse_powered_on(server, subject)
        refuse_running(subject)
        known = fence_of(subject)
        note = await _survey(server, subject, name, known)
        if note == known:
            return subject, note
        value = vim.option.OptionValue(key=KEY, value=written(note))
        spec = vim.vm.ConfigSpec(extraConfig=[value], changeVersion=subject.version)
        try:
            await reconfigure(server, subject, "noting what it was", spec, CHANGED)
        except CHANGED:
            await wait.next(f"noting what {subject.name} was")
        subject = await look(server, subject.id)


async def _survey(server: Server, subject: Subject, name: str, known: Note | None) -> Note:
    """As it is now, or as it was before an earlier attempt; a card that came since then is added."""
    now = tuple(
        Card(key=one.key, connected=bool(one.connectable.connected), starts=bool(one.connectable.startConnected))
        for one in cards(subject).values()
    )
    if known:
        seen = {one.key for one in known.cards}
        return replace(known, cards=(*known.cards, *(one for one in now if one.key not in seen)))
    return Note(
        run=name, name=subject.raw_name, power=subject.power, cards=now,
        override=await orders.override(server, subject), start=await orders.start(server, subject),
    )  # fmt: skip


async def _close(server: Server, subject: Subject, note: Note) -> None:
    """Unplug its cards and rename it, at once."""
    spec = vim.vm.ConfigSpec()
    for card in cards(subject).values():
        if card.connectable.connected or card.connectable.startConnected:
            spec.deviceChange.append(_plugged(card, connected=False, starts=False))
    names = fenced_names(unescaped(note.name), note.run, subject.id)
    if subject.raw_name != note.name:
        if subject.name not in names:
            LOG.warning("%s was renamed by somebody while it was fenced; it keeps that name", subject.name)
        if spec.deviceChange:
            await reconfigure(server, subject, "unplugging its cards", spec)
        return
    spec.name = escaped(names[0])
    try:
        await reconfigure(server, subject, "fencing it", spec, TAKEN)
    except TAKEN:
        spec.name = escaped(names[1])
        await reconfigure(server, subject, "fencing it", spec)


async def _open(server: Server, subject: Subject, note: Note) -> None:
    spec = vim.vm.ConfigSpec(extraConfig=[vim.option.OptionValue(key=KEY, value="")])
    plugs = cards(subject)
    for was in note.cards:
        card = plugs.get(was.key)
        if card is None or card.connectable.connected or card.connectable.startConnected:
            continue  # somebody took it out, or plugged it in again
        connected = subject.power == "on" and (was.connected if note.power == "on" else was.starts)
        if connected or was.starts:
            spec.deviceChange.append(_plugged(card, connected=connected, starts=was.starts))
    if subject.name in fenced_names(unescaped(note.name), note.run, subject.id):
        spec.name = note.name
    elif subject.raw_name != note.name:
        LOG.warning("%s was renamed by somebody while it was fenced; it keeps that name", subject.name)
    await reconfigure(server, subject, "taking its fence down", spec)


def _plugged(card: Any, *, connected: bool, starts: bool) -> Any:
    card.connectable.connected, card.connectable.startConnected = connected, starts
    return vim.vm.device.VirtualDeviceSpec(operation="edit", device=card)
