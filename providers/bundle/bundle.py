"""The bundle: a VM as a folder that needs nobody. OUT/VM holds its disks, vm.yaml, receipt and README; OUT/.mtv holds
what a run needs while it lasts. A target that keeps and cannot run: it has Volumes and Machines, no Starts."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from mtv.formats.kubeyaml import dump
from mtv.model.estate import Finding, Json
from mtv.model.reading import Opener, SourceCheck
from mtv.model.volumes import Machine, Volume, VolumeSpec
from mtv.providers.bundle import disks, papers, room
from mtv.providers.bundle.faults import told
from mtv.providers.bundle.findings import findings
from mtv.providers.bundle.folders import Folders
from mtv.providers.bundle.labels import Label, Labels
from mtv.providers.bundle.promises import Promises

T = TypeVar("T")


class Bundle:
    kind = "bundle"
    storage = disks.FORMATS  # what a storage map may name here
    openers: Mapping[str, Opener] = {}
    checks: Mapping[str, SourceCheck] = {}

    def __init__(self, name: str, address: str, secrets: Mapping[str, bytes] | None = None) -> None:
        self.name = name
        self.root = Path(address or ".").expanduser().absolute()
        self.labels = Labels(self.root)
        self.folders = Folders(self.root, self.labels)
        self._changing = threading.Lock()
        self._promises = Promises()

    async def _do(self, vm: str, path: Path, act: Callable[[], T]) -> T:
        """In a thread, one change at a time: each is short, and they share folders that come and go."""

        def guarded() -> T:
            with self._changing, told(vm, path):
                return act()

        return await asyncio.to_thread(guarded)

    async def check(self) -> Sequence[Finding]:
        return await asyncio.to_thread(findings, self.root)

    async def close(self) -> None:
        """Nothing is held open."""

    async def ready(self, specs: Sequence[VolumeSpec], need_bytes: int) -> None:
        """All that can refuse these disks, said before anything is changed. `need_bytes`: what will be written."""
        await asyncio.to_thread(self._ready, specs, need_bytes)

    def _ready(self, specs: Sequence[VolumeSpec], need_bytes: int) -> None:
        for spec in specs:
            label = Label.of(spec.run, spec.vm)
            room.check_folder(self.labels, self.folders.machine(spec.machine), spec.machine, label)
        if specs:
            machine = specs[0].machine
            room.check_writable(self.root, machine)
            paths = [self._path(spec) for spec in specs]
            with self._changing:
                promised_bytes = self._promises.open_bytes(besides=machine)
                room.check_space(self.root, machine, need_bytes - room.allocated(paths), promised_bytes)
                self._promises.keep(machine, need_bytes, paths)

    async def create(self, spec: VolumeSpec) -> Volume:
        path = self._path(spec)
        return await self._do(spec.machine, path, lambda: self._create(spec, path))

    def _create(self, spec: VolumeSpec, path: Path) -> Volume:
        if found := disks.mend(self.labels, path, spec):
            return found
        self.folders.claim(spec.machine, Label.of(spec.run, spec.vm))
        with self.folders.staged(path) as new:
            return disks.make(self.labels, path, spec, new)

    async def find(self, spec: VolumeSpec) -> Volume | None:
        return await asyncio.to_thread(disks.find, self.labels, self._path(spec), spec)

    def _path(self, spec: VolumeSpec) -> Path:
        return self.folders.machine(spec.machine) / disks.disk_name(spec)

    async def remove(self, volume: Volume) -> None:
        path = self.folders.inside(volume.path)

        def act() -> None:
            disks.remove(self.labels, path, volume.disk)
            self.folders.drop_if_empty(path.parent)

        await self._do(path.parent.name, path, act)

    async def scratch(self, run: str, machine: str, disks: Sequence[VolumeSpec] = ()) -> str:
        return str(await self._do(machine, self.root, lambda: self.folders.make_scratch(run, machine)))

    async def tidy(self, run: str, machine: str) -> None:
        self._promises.drop(machine)
        await self._do(machine, self.root, lambda: self.folders.tidy(run, machine))

    async def create_machine(
        self, name: str, documents: Sequence[Mapping[str, Json]], extras: Mapping[str, bytes]
    ) -> Machine:
        texts = {papers.MANIFEST: dump(documents), **extras}
        await self._do(name, self.folders.machine(name), lambda: papers.write(self.folders, name, texts))
        self._promises.drop(name)
        return await self.machine(name)

    async def machine(self, name: str) -> Machine:
        if await asyncio.to_thread(papers.stand, self.folders, name):
            return Machine(name=name, state="halted", path=str(self.folders.machine(name)))
        return Machine(name=name, state="absent")

    async def remove_machine(self, name: str) -> None:
        await self._do(name, self.folders.machine(name), lambda: papers.remove(self.folders, name))
