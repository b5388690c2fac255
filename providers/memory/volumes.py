"""A memory target's disks: one JSON file each, with what it holds and how much was ever written to it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mtv import codec
from mtv.errors import Held, MtvError
from mtv.model.volumes import Volume, VolumeSpec
from mtv.providers.memory.content import Content, Run
from mtv.providers.memory.folder import Folder


@dataclass(frozen=True, kw_only=True)
class Stored:
    run: str
    vm: str
    machine: str
    disk: str
    index: int
    identity: str
    content: Content
    written_bytes: int = 0


class VolumeStore:
    def __init__(self, path: Path, capacity_bytes: int | None) -> None:
        self._folder = Folder(path / "volumes")
        self._limit = Folder(path)
        self._capacity_bytes = capacity_bytes

    def create(self, spec: VolumeSpec) -> Volume:
        name = volume_name(spec)
        if found := self.find(spec):
            return found
        made = Stored(
            run=spec.run,
            vm=spec.vm,
            machine=spec.machine,
            disk=spec.disk,
            index=spec.index,
            identity=secrets.token_hex(8),
            content=Content(spec.size_bytes),
        )
        self._folder.put(name, codec.dump(made))
        return replace(self._volume(name, made), zeroed=True)

    def find(self, spec: VolumeSpec) -> Volume | None:
        name = volume_name(spec)
        data = self._folder.get(name)
        return self._volume(name, codec.load(Stored, data, name)) if data else None

    def remove(self, volume: Volume) -> None:
        self._folder.drop(volume.id)

    def get(self, volume: Volume) -> Stored:
        """Raises MtvError `target.volume-gone`: not there, or another one of that name."""
        data = self._folder.get(volume.id)
        found = codec.load(Stored, data, volume.id) if data else None
        if found is None or found.identity != volume.identity:
            raise MtvError("target.volume-gone", f"volume {volume.id} is not the one that was made")
        return found

    def write(self, volume: Volume, runs: Sequence[Run]) -> Stored:
        """Raises Held `target.no-space` and then writes nothing."""
        before = self.get(volume)
        content = before.content.put(runs)
        self._check_space(volume, content.data_bytes - before.content.data_bytes)
        after = replace(before, content=content, written_bytes=before.written_bytes + sum(run.length for run in runs))
        self._folder.put(volume.id, codec.dump(after))
        return after

    def all(self) -> list[Stored]:
        return [codec.load(Stored, self._folder.get(name), name) for name in self._folder.names()]

    def free_bytes(self) -> int | None:
        """None: no limit. `capacity_bytes` of target.json goes before the address's."""
        data = self._limit.get("target")
        capacity = data.get("capacity_bytes") if data else self._capacity_bytes
        if not isinstance(capacity, int):
            return None
        return capacity - sum(one.content.data_bytes for one in self.all())

    def _check_space(self, volume: Volume, more_bytes: int) -> None:
        free = self.free_bytes() if more_bytes > 0 else None
        if free is not None and more_bytes > free:
            raise Held(
                "target.no-space",
                f"volume {volume.id} needs {more_bytes} bytes more, and {free} are free",
                "make space, then run the plan again",
            )

    def _volume(self, name: str, stored: Stored) -> Volume:
        return Volume(
            id=name,
            disk=stored.disk,
            index=stored.index,
            size_bytes=stored.content.size_bytes,
            format="memory",
            path=str(self._folder.path / f"{name}.json"),
            identity=stored.identity,
        )


def volume_name(spec: VolumeSpec) -> str:
    return f"{spec.run} {spec.machine} {spec.index}"
