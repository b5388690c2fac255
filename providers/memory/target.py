"""The memory target: volumes, machines that start, and workers in this very process; all of it in a folder, so that
it outlives a crash as a cluster would."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from mtv.errors import CheckFailed, MtvError
from mtv.model.estate import Finding, Json
from mtv.model.reading import Opener, SourceCheck
from mtv.model.volumes import Machine, Volume, VolumeSpec
from mtv.providers.memory.estate import read_address
from mtv.providers.memory.faults import Faults
from mtv.providers.memory.folder import Folder
from mtv.providers.memory.volumes import VolumeStore
from mtv.providers.memory.workers import InProcess


def utc_now() -> str:
    return datetime.now(UTC).isoformat()


class MemoryTarget(InProcess):
    kind = "memory"
    plain = True  # no manifests: a machine is its name and its disks
    openers: Mapping[str, Opener] = {}
    checks: Mapping[str, SourceCheck] = {}

    def __init__(self, name: str, address: str, secrets: Mapping[str, bytes] | None = None) -> None:
        asked = read_address(address)
        self.name = name
        self.path = asked.path
        self.volumes = VolumeStore(asked.path, asked.capacity_bytes)
        self.faults = Faults(asked.path)
        self.now: Callable[[], str] = utc_now
        self._machines = Folder(asked.path / "machines")
        super().__init__(asked.path, self.volumes, self.faults, lambda: self.now())

    async def check(self) -> Sequence[Finding]:
        self.faults.meet("check")
        return [Finding(name="target", ok=True, text=f"{self.path} holds what was moved")]

    async def close(self) -> None:
        """Nothing is held open."""

    async def ready(self, specs: Sequence[VolumeSpec], need_bytes: int) -> None:
        self.faults.meet("ready")
        free = self.volumes.free_bytes()
        standing = any(self.volumes.find(spec) for spec in specs)
        if free is not None and need_bytes > free and not standing:
            raise CheckFailed(
                "target.no-space", f"{specs[0].machine} needs {need_bytes} bytes, and {free} are free", "make space"
            )

    async def create(self, spec: VolumeSpec) -> Volume:
        self.faults.meet("create")
        return self.volumes.create(spec)

    async def find(self, spec: VolumeSpec) -> Volume | None:
        self.faults.meet("find")
        return self.volumes.find(spec)

    async def remove(self, volume: Volume) -> None:
        self.faults.meet("remove")
        self.volumes.remove(volume)

    async def scratch(self, run: str, machine: str, disks: Sequence[VolumeSpec] = ()) -> str:
        self.faults.meet("scratch")
        folder = self._scratch(run, machine)
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)

    async def tidy(self, run: str, machine: str) -> None:
        self.faults.meet("tidy")
        folder = self._scratch(run, machine)
        self.forget(str(folder))
        Folder(folder).clear()

    def _scratch(self, run: str, machine: str) -> Path:
        return self.path / "scratch" / quote(f"{run} {machine}", safe=" ")

    async def create_machine(
        self, name: str, documents: Sequence[Mapping[str, Json]], extras: Mapping[str, bytes]
    ) -> Machine:
        """Halted. One that is there already stays as it is, with new papers."""
        self.faults.meet("create_machine")
        was = self._machines.get(name) or {"state": "halted", "started_at": ""}
        papers: Json = {key: value.decode(errors="replace") for key, value in extras.items()}
        self._machines.put(name, {**was, "documents": [dict(one) for one in documents], "extras": papers})
        return self._machine(name)

    async def machine(self, name: str) -> Machine:
        self.faults.meet("machine")
        return self._machine(name)

    async def remove_machine(self, name: str) -> None:
        self.faults.meet("remove_machine")
        if self._machine(name).state == "running":
            raise MtvError("target.running", f"{name} runs", "stop it first")
        self._machines.drop(name)

    async def start_machine(self, name: str) -> None:
        self.faults.meet("start_machine")
        self._turn(name, "running")

    async def stop_machine(self, name: str) -> None:
        self.faults.meet("stop_machine")
        if self._machines.get(name) is not None:
            self._turn(name, "halted")

    async def guest(self, name: str) -> Mapping[str, Json]:
        """What its manifest says of the guest, once it runs."""
        self.faults.meet("guest")
        data = self._machines.get(name) or {}
        documents = data.get("documents")
        first = documents[0] if isinstance(documents, list) and documents else {}
        told = first.get("guest") if isinstance(first, dict) and data.get("state") == "running" else None
        return told if isinstance(told, dict) else {}

    def _turn(self, name: str, state: str) -> None:
        data = self._machines.get(name)
        if data is None:
            raise MtvError("target.no-machine", f"there is no machine {name}")
        started_at = data["started_at"] or (self.now() if state == "running" else "")
        self._machines.put(name, {**data, "state": state, "started_at": started_at})

    def _machine(self, name: str) -> Machine:
        data = self._machines.get(name)
        if data is None:
            return Machine(name=name, state="absent")
        return Machine(name=name, state=str(data["state"]), started_at=str(data["started_at"]))
