"""What a VM's cluster and its host do with it by themselves: while it is fenced HA does not start it again, DRS leaves
it where it is, and its host does not start it when it starts itself. Found, forbidden, and put back as it was.
"""

from typing import Any

from pyVmomi import vim

from mtv.errors import MtvError
from mtv.providers.vsphere.steering.marks import Override, Start
from mtv.providers.vsphere.steering.server import Server
from mtv.providers.vsphere.steering.subject import Subject
from mtv.providers.vsphere.steering.tasks import run

NEVER = "disabled"
AS_CLUSTER = "clusterRestartPriority"
NO_START = "none"
GONE = "source.gone"


async def override(server: Server, subject: Subject) -> Override | None:
    """As it is set now; None for a VM that is in no cluster."""
    if subject.host is None:
        return None
    above = (await server.read(subject.host, "parent")).get("parent")
    return await _of(server, subject, above) if isinstance(above, vim.ClusterComputeResource) else None


async def forbid(server: Server, subject: Subject, note: Override) -> None:
    """The cluster leaves the VM alone."""
    das, drs = await _set(server, subject, _cluster(server, note))
    spec = vim.cluster.ConfigSpecEx()
    if das is None or _priority(das) != NEVER:
        spec.dasVmConfigSpec = [_das(subject, das, NEVER)]
    if drs is None or drs.enabled is not False:
        spec.drsVmConfigSpec = [_drs(subject, drs, False)]
    await _reconfigure(server, subject, note, spec)


async def allow(server: Server, subject: Subject, note: Override) -> None:
    """As it was. What somebody else set meanwhile stays; so does what is gone with its cluster."""
    try:
        das, drs = await _set(server, subject, _cluster(server, note))
    except MtvError as error:
        if error.fault.code != GONE:
            raise
        return
    spec = vim.cluster.ConfigSpecEx()
    if das is not None and _priority(das) == NEVER and note.restart != NEVER:
        spec.dasVmConfigSpec = [_das(subject, das, note.restart)]
    if drs is not None and drs.enabled is False and note.moves is not False:
        spec.drsVmConfigSpec = [_drs(subject, drs, note.moves)]
    await _reconfigure(server, subject, note, spec)


async def _of(server: Server, subject: Subject, cluster: Any) -> Override:
    das, drs = await _set(server, subject, cluster)
    return Override(
        cluster=cluster._moId,
        restart=None if das is None else _priority(das),
        moves=None if drs is None else drs.enabled is not False,
    )


async def _set(server: Server, subject: Subject, cluster: Any) -> tuple[Any, Any]:
    config = (await server.read(cluster, "configurationEx")).get("configurationEx")
    rows = (getattr(config, "dasVmConfig", None) or (), getattr(config, "drsVmConfig", None) or ())
    das, drs = (next((one for one in of if one.key._moId == subject.id), None) for of in rows)
    return das, drs


def _priority(das: Any) -> str:
    told = (das.dasSettings and das.dasSettings.restartPriority) or das.restartPriority
    return str(told or AS_CLUSTER)


def _das(subject: Subject, now: Any, priority: str | None) -> Any:
    if priority is None:
        return vim.cluster.DasVmConfigSpec(operation="remove", removeKey=subject.ref)
    info = now or vim.cluster.DasVmConfigInfo(key=subject.ref)
    info.dasSettings = info.dasSettings or vim.cluster.DasVmSettings()
    info.dasSettings.restartPriority = priority
    return vim.cluster.DasVmConfigSpec(operation="edit" if now else "add", info=info)


def _drs(subject: Subject, now: Any, enabled: bool | None) -> Any:
    if enabled is None:
        return vim.cluster.DrsVmConfigSpec(operation="remove", removeKey=subject.ref)
    info = now or vim.cluster.DrsVmConfigInfo(key=subject.ref)
    info.enabled = enabled
    return vim.cluster.DrsVmConfigSpec(operation="edit" if now else "add", info=info)


def _cluster(server: Server, note: Override) -> Any:
    return server.managed(vim.ClusterComputeResource, note.cluster)


async def _reconfigure(server: Server, subject: Subject, note: Override, spec: Any) -> None:
    if not spec.dasVmConfigSpec and not spec.drsVmConfigSpec:
        return
    cluster = _cluster(server, note)
    doing = f"telling its cluster about {subject.name}"

    def begin() -> Any:
        return cluster.ReconfigureComputeResource_Task(spec=spec, modify=True)

    await run(server, cluster, doing, begin, server.limits.source_task_s)


async def start(server: Server, subject: Subject) -> Start | None:
    """None where its host says nothing of it, or starts it by no means."""
    if subject.host is None:
        return None
    manager = (await server.read(subject.host, "configManager.autoStartManager")).get("configManager.autoStartManager")
    if manager is None:
        return None
    entry = await _entry(server, manager, subject)
    return Start(manager=manager._moId, action=entry.startAction) if entry and entry.startAction != NO_START else None


async def forbid_start(server: Server, subject: Subject, note: Start) -> None:
    """Its host leaves it off. Its turn among the others stays."""
    await _put(server, subject, note, note.action, NO_START)


async def allow_start(server: Server, subject: Subject, note: Start) -> None:
    """As it was, unless somebody changed it meanwhile, or it left that host."""
    await _put(server, subject, note, NO_START, note.action)


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
        if error.fault.code != GONE:
            raise
        return None  # with its host
    return next((one for one in (config.powerInfo if config else ()) if one.key._moId == subject.id), None)
