"""What became of a memory source's VMs, one JSON file each: power, generation, tracking, points, fence."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from mtv import codec
from mtv.model.estate import VM, Json
from mtv.providers.memory.folder import Folder

COUNTER = "revision"


@dataclass(frozen=True, kw_only=True)
class PointState:
    generation: int
    epoch: int  # of tracking; 0 while it is off
    since: str = ""
    base: int | None = None  # the generation whose changes it can tell; None: it cannot


@dataclass(frozen=True, kw_only=True)
class VmState:
    power: str
    generation: int = 0
    tracking: bool = False
    epoch: int = 0  # counts how often tracking was turned on: older change ids are worth nothing
    tracking_is_ours: bool = False
    fence: str = ""  # the name of who fenced it
    points: Mapping[str, PointState] = field(default_factory=dict)
    seen: tuple[str, ...] = ()  # points after which the guest has written: once each, however often they are made
    checkpoints: tuple[int, ...] = ()  # generations that a backup may be based on
    revision: int = 0

    @property
    def fenced(self) -> bool:
        return bool(self.fence)

    def written_after(self, point: str) -> "VmState":
        """The guest goes on writing after a point: once for each name, so that what a disk holds at the end does not
        depend on how often a crash had the point made."""
        if self.power != "on" or point in self.seen:
            return self
        return replace(self, generation=self.generation + 1, seen=(*self.seen, point))


class States:
    """Reads and writes the states under PATH/vms."""

    def __init__(self, path: Path) -> None:
        self._vms = Folder(path / "vms")
        self._root = Folder(path)

    def get(self, vm: VM) -> VmState:
        data = self._vms.get(vm.id)
        return codec.load(VmState, data, f"state of {vm.name}") if data else VmState(power=vm.power)

    def put(self, vm: VM, state: VmState) -> None:
        """The counter goes first: a crash between the two may skip a number, never use one twice."""
        revision = self.revision() + 1
        self._root.put(COUNTER, {"revision": revision})
        self._vms.put(vm.id, codec.dump(replace(state, revision=revision)))

    def revision(self) -> int:
        """Of the whole estate."""
        data = self._root.get(COUNTER)
        count: Json = data.get("revision") if data else 0
        return count if isinstance(count, int) else 0
