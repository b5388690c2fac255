"""The memory pair keeps every promise, in all four flavours."""

from pathlib import Path

from mtv.model.points import Export
from mtv.model.tasks import Task, TaskDisk
from mtv.model.volumes import Volume, VolumeSpec
from mtv.providers.base import Capabilities
from mtv.providers.memory import MemorySource, MemoryTarget
from mtv.providers.testing import SourceBench, TargetBench, source_suite, target_suite

SIZE_BYTES = 1 << 20
TRACKING = Capabilities(power=True, points=True, tracks=True)
NOT_TRACKING = Capabilities(power=True, points=True)


def source(folder: Path, flavour: str) -> SourceBench:
    def opened() -> MemorySource:
        return MemorySource("src", f"memory:{folder}?flavour={flavour}&vms=2&size_mib=1")

    async def write() -> None:
        """The guest writes while it shuts down."""
        vm = opened().estate.vms[0]
        await opened().power(vm, "off", 0, "force")
        await opened().power(vm, "on", 0, "force")

    return SourceBench(open=opened, vm="vm-1", scratch=folder, write=write)


def target(folder: Path) -> TargetBench:
    spec = VolumeSpec(run="p-1", vm="src/vm-1", machine="web 1", disk="2000", index=0, size_bytes=SIZE_BYTES)
    return TargetBench(open=lambda: MemoryTarget("dst", str(folder)), spec=spec, task=transfer)


def transfer(volume: Volume, attempt: int, scratch: str) -> Task:
    export = Export(
        id="e", kind="random", way="memory", size_bytes=SIZE_BYTES, identity="e@0",
        params={"seed": 1, "disk": "vm-1/2000", "generation": 0},
    )  # fmt: skip
    disk = TaskDisk(id="2000", size_bytes=SIZE_BYTES, export=export, volume=volume)
    return Task(
        run="p-1", vm="src/vm-1", name="web 1", step="transfer", attempt=attempt, epoch=attempt, op="transfer",
        disks=(disk,), scratch=scratch,
    )  # fmt: skip


test_snapshots = source_suite(lambda folder: source(folder, "snapshots"), TRACKING)
test_backups = source_suite(lambda folder: source(folder, "backups"), TRACKING)
test_streams = source_suite(lambda folder: source(folder, "streams"), NOT_TRACKING)
test_untracked = source_suite(lambda folder: source(folder, "untracked"), TRACKING)
test_target = target_suite(target, Capabilities(machines=True, starts=True, workers=True))
