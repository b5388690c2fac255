"""Whether a host starts a VM when it starts itself."""

from typing import Any

from pyVmomi import vim

from mtv.errors import MtvError
from mtv.providers.vsphere.steering.marks import Start
from mtv.providers.vsphere.steering.server import Server
from mtv.providers.vsphere.steering.subject import Subject

NEVER = "none"


async def found(server: Server, subject: Subject) -> Start | None:
    """None where its host says nothing of it, or starts it by no means."""
    if subject.host is None:
        return None
    manager = (await server.read(subject.host, "configManager.autoStartManager")).get("configManager.autoStartManager")
    if manager is None:
        return None
    entry = await _entry(server, manager, subject)
    return Start(manager=manager._moId, action=entry.startAction) if entry and entry.startAction != NEVER else None


async def stop(server: Server, subject: Subject, note: Start) -> None:
    """Its host leaves it off. Its turn among the others stays."""
    await _put(server, subject, note, note.action, NEVER)


async def restore(server: Server, subject: Subject, note: Start) -> None:
    """As it was, unless somebody changed it meanwhile, or it left that host."""
    await _put(server, subject, note, NEVER, note.action)


async def _put(server: Server, subject: Subject, note: Start, was: str, action: str) -> None:
    manager = server.managed(vim.host.AutoStartManager, note.manager)
    entry = await _entry(server, manager, subject)
    if entry is None or entry.startAction != was:
        return
    entry.startAction = action
    spec = vim.host.AutoStartManager.Config(powerInfo=[entry])
    doing = f"telling its host whether to start {subject.name}"
    await server.call(doing, lambda: manager.ReconfigureAutostart(spec))


async def _entry(server: Server, manager: Any, subject: Subject) -> Any:
    try:
        config = (await server.read(manager, "config")).get("config")
    except MtvError as error:
        if error.fault.code != "source.gone":
            raise
        return None  # with its host
    return next((one for one in (config.powerInfo if config else ()) if one.key._moId == subject.id), None)
