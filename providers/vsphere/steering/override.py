"""What a cluster does with one VM: HA shall not start it again, DRS shall leave it where it is."""

from typing import Any

from pyVmomi import vim

from mtv.errors import MtvError
from mtv.providers.vsphere.steering.marks import Override
from mtv.providers.vsphere.steering.server import Server
from mtv.providers.vsphere.steering.subject import Subject
from mtv.providers.vsphere.steering.tasks import run

NEVER = "disabled"
AS_CLUSTER = "clusterRestartPriority"


async def found(server: Server, subject: Subject) -> Override | None:
    """As it is set now; None for a VM that is in no cluster."""
    if subject.host is None:
        return None
    above = (await server.read(subject.host, "parent")).get("parent")
    return await _of(server, subject, above) if isinstance(above, vim.ClusterComputeResource) else None


async def raise_(server: Server, subject: Subject, note: Override) -> None:
    """The cluster leaves the VM alone."""
    das, drs = await _set(server, subject, _cluster(server, note))
    spec = vim.cluster.ConfigSpecEx()
    if das is None or _priority(das) != NEVER:
        spec.dasVmConfigSpec = [_das(subject, das, NEVER)]
    if drs is None or drs.enabled is not False:
        spec.drsVmConfigSpec = [_drs(subject, drs, False)]
    await _reconfigure(server, subject, note, spec)


async def lower(server: Server, subject: Subject, note: Override) -> None:
    """As it was. What somebody else set meanwhile stays; so does what is gone with its cluster."""
    try:
        das, drs = await _set(server, subject, _cluster(server, note))
    except MtvError as error:
        if error.fault.code != "source.gone":
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
