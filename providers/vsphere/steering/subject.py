"""A VM as it is at this moment, as far as power, points and fence ask, and how it is set otherwise."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyVmomi import vim

from mtv.errors import Held
from mtv.providers.vsphere.objects.elements import unescaped
from mtv.providers.vsphere.objects.guest import POWER
from mtv.providers.vsphere.steering.server import Let, Server
from mtv.providers.vsphere.steering.tasks import run

PATHS = (
    "name", "config.template", "config.changeVersion", "config.extraConfig", "config.hardware.device",
    "runtime.powerState", "runtime.connectionState", "runtime.consolidationNeeded", "runtime.host",
    "guest.toolsRunningStatus", "snapshot",
)  # fmt: skip


@dataclass(frozen=True)
class Taken:
    """A snapshot in the tree."""

    ref: Any
    name: str
    at: Any  # datetime of the server


@dataclass(frozen=True, kw_only=True)
class Subject:
    ref: Any
    raw_name: str  # as the server writes it: %2f for a slash
    power: str  # on off suspended
    template: bool
    state: str  # connected disconnected inaccessible orphaned invalid
    version: str
    notes: Mapping[str, str]  # extraConfig
    devices: tuple[Any, ...]
    consolidate: bool
    host: Any
    tools: bool
    snapshots: tuple[Taken, ...]

    @property
    def id(self) -> str:
        return str(self.ref._moId)

    @property
    def name(self) -> str:
        return unescaped(self.raw_name)

    def reachable(self) -> "Subject":
        """Raises Held `source.unreachable` for a VM that its host or storage has lost."""
        if self.state != "connected":
            raise Held("source.unreachable", f"{self.name} is {self.state} at its source", "mend its host or datastore")
        return self


def refuse_running(subject: Subject) -> None:
    """Raises Held `source.powered-on` for a VM that runs where its cutover needs it off."""
    if subject.power == "on":
        raise Held(
            "source.powered-on", f"{subject.name} was off, and somebody started it",
            "is it needed? then `mtv rollback`; else shut it down, then `mtv run`",
        )  # fmt: skip


async def look(server: Server, id_: str) -> Subject:
    """Raises MtvError `source.gone`."""
    ref = await server.call("logging in", lambda: server.managed(vim.VirtualMachine, id_))
    told = await server.read(ref, *PATHS)
    return Subject(
        ref=ref,
        raw_name=str(told.get("name", id_)),
        power=POWER.get(str(told.get("runtime.powerState", "")), "off"),
        template=bool(told.get("config.template")),
        state=str(told.get("runtime.connectionState") or "connected"),
        version=str(told.get("config.changeVersion", "")),
        notes={one.key: str(one.value) for one in told.get("config.extraConfig") or ()},
        devices=tuple(told.get("config.hardware.device") or ()),
        consolidate=bool(told.get("runtime.consolidationNeeded")),
        host=told.get("runtime.host"),
        tools=str(told.get("guest.toolsRunningStatus", "")) == "guestToolsRunning",
        snapshots=tuple(_flat(getattr(told.get("snapshot"), "rootSnapshotList", None) or ())),
    )


async def reconfigure(server: Server, subject: Subject, doing: str, spec: Any, let: Let = ()) -> None:
    def begin() -> Any:
        return subject.ref.ReconfigVM_Task(spec)

    await run(server, subject.ref, f"{subject.name}: {doing}", begin, server.limits.source_task_s, let)


def cards(subject: Subject) -> Mapping[int, Any]:
    """Network cards that can be unplugged, by key; those that pass the switch by cannot."""
    kind = vim.vm.device.VirtualEthernetCard
    return {one.key: one for one in subject.devices if isinstance(one, kind) and one.connectable}


def virtual_disks(devices: Sequence[Any]) -> list[Any]:
    return [one for one in devices if isinstance(one, vim.vm.device.VirtualDisk)]


def size_bytes(disk: Any) -> int:
    """Old servers tell it in KiB alone."""
    return int(disk.capacityInBytes or (disk.capacityInKB or 0) << 10)


async def pulse(server: Server, subject: Subject) -> tuple[str, str]:
    """Its power now, and the question that its host wants to have answered: what a wait asks for again and again."""
    told = await server.read(subject.ref, "runtime.powerState", "runtime.question")
    question = told.get("runtime.question")
    return POWER.get(str(told.get("runtime.powerState", "")), "off"), str(question.text) if question else ""


def _flat(nodes: Any) -> Iterator[Taken]:
    """Parents before their children."""
    left = list(nodes)
    while left:
        one = left.pop(0)
        yield Taken(one.snapshot, str(one.name), one.createTime)
        left.extend(one.childSnapshotList)
