"""A fenced VM that runs is an alarm: somebody started what was moved, and it may write what is never copied."""

import logging
from dataclasses import dataclass
from typing import Any

from pyVmomi import vim

from mtv.errors import Held, MtvError, Temporary
from mtv.model.estate import Finding, Level
from mtv.providers.vsphere.objects.elements import Props, text
from mtv.providers.vsphere.reading import collector
from mtv.providers.vsphere.steering.marks import Note, fence_of
from mtv.providers.vsphere.steering.server import Server
from mtv.providers.vsphere.steering.subject import Subject, look
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import said

STARTED = ["VmPoweredOnEvent", "DrsVmPoweredOnEvent"]


@dataclass(frozen=True)
class Start:
    """A VM's last one; `at` is None where events cannot be read, and `key` then one of this process alone."""

    key: int | str
    by: str = ""
    at: Any = None  # datetime of the server


async def refuse_powered_on(server: Server, subject: Subject) -> None:
    """Raises Held `source.powered-on` for a VM that was fenced while it was off, and runs."""
    note = fence_of(subject)
    if note and rings(subject, note):
        raise Held(
            "source.powered-on", await _text(server, subject, note),
            "is it needed? then `mtv rollback`; else shut it down: its disks are copied again",
        )  # fmt: skip


def rings(subject: Subject, note: Note) -> bool:
    return note.power != "on" and subject.power == "on"


async def findings(server: Server) -> list[Finding]:
    """One for each fenced VM that runs. Names tell which VMs to look at: their notes are not read of thousands."""
    try:
        ids = await server.call("looking for fenced VMs", lambda: _running(server.session))
        told = [words for id_ in ids if (words := await _ringing(server, id_))]
    except MtvError as error:
        words = f"whether fenced VMs run is not known: {error}"
        return [
            Finding(name="fence", ok=False, level=Level.WARNING, text=words, fix=error.fault.hint or "try it again")
        ]
    fix = "is it needed? then `mtv rollback`, also where its move is done; else shut it down"
    return [Finding(name="fence", ok=False, text=words, fix=fix) for words in told]


async def _ringing(server: Server, id_: str) -> str:
    subject = await look(server, id_)
    note = fence_of(subject)
    return await _text(server, subject, note) if note and rings(subject, note) else ""


def _running(session: Session) -> list[str]:
    with said(str(session.address), "looking for fenced VMs"):
        of = collector.view(session, "VirtualMachine")
        try:
            wanted = collector.of_view({"VirtualMachine": ("name", "runtime.powerState")}, of)
            return [str(one.ref) for one in collector.retrieve(session, wanted) if _suspect(one.props)]
        finally:
            collector.drop(session, of)


def _suspect(told: Props) -> bool:
    return "(mtv-" in text(told, "name") and text(told, "runtime.powerState") == "poweredOn"


async def _text(server: Server, subject: Subject, note: Note) -> str:
    start = await last_start(server, subject)
    who = f", started by {start.by or 'its cluster'} at {start.at:%Y-%m-%d %H:%M:%S}" if start and start.at else ""
    return f"{subject.name} was fenced by {note.run}, and it runs{who}"


async def last_start(server: Server, subject: Subject) -> Start | None:
    """None where no event tells of one: they are kept for some weeks. Where they may not be read it may have run since
    any other process looked: what that one copied is compared anew."""
    by = vim.event.EventFilterSpec.ByEntity(entity=subject.ref, recursion="self")
    wanted = vim.event.EventFilterSpec(entity=by, eventTypeId=STARTED)
    try:
        found = await server.call(
            f"reading events of {subject.name}", lambda: server.content.eventManager.QueryEvents(wanted)
        )
    except Temporary:
        raise  # it belongs to a point's identity: it must not look as if there were none
    except MtvError as error:
        logging.getLogger(__name__).info("%s: its events cannot be read: %s", subject.name, error)
        return Start(f"unknown to {server.nonce}")
    last = max(found, key=lambda one: one.key, default=None)
    return Start(last.key, str(last.userName or ""), last.createdTime) if last else None
