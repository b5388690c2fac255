"""The file of a disk on a claim with a file system is there before its worker opens it."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.errors import Held
from mtv.model.tasks import Op, Task, TaskDisk
from mtv.model.volumes import Volume
from mtv.providers.kubevirt.jobs.inside import laying

SIZE = 1 << 20


def lay(one: Task) -> list[str]:
    """The guard's answers: one for each write."""
    asked: list[str] = []
    laying.lay(one, lambda: asked.append("may I"))
    return asked


def task(path: Path, zeroed: bool = False, form: str = "raw", op: Op = "transfer") -> Task:
    volume = Volume(id="ns/web-disk0", disk="d", index=0, size_bytes=SIZE, format=form, path=str(path), identity="u",
                    zeroed=zeroed)  # fmt: skip
    disk = TaskDisk(id="d", size_bytes=SIZE, volume=volume)
    return Task(run="r", vm="s/1", name="web", step="transfer", attempt=1, epoch=1, op=op, disks=(disk,))


@pytest.mark.parametrize("zeroed", [True, False])
def test_a_new_claim_has_no_file_yet(tmp_path: Path, zeroed: bool) -> None:
    lay(task(tmp_path / "disk.img", zeroed))
    found = (tmp_path / "disk.img").stat()
    assert (found.st_size, stat.S_IMODE(found.st_mode), found.st_blocks) == (SIZE, 0o660, 0)


def test_what_an_earlier_attempt_wrote_stays(tmp_path: Path) -> None:
    file = tmp_path / "disk.img"
    file.write_bytes(b"a" * SIZE)
    inode = file.stat().st_ino
    lay(task(file))
    assert (file.read_bytes(), file.stat().st_ino) == (b"a" * SIZE, inode)


def test_what_a_volume_brought_along_into_a_new_claim_goes(tmp_path: Path) -> None:
    file = tmp_path / "disk.img"
    file.write_bytes(b"secret" * 1000)
    lay(task(file, zeroed=True))
    assert file.read_bytes() == bytes(SIZE)


@pytest.mark.parametrize("other", [{"op": "verify"}, {"op": "journal"}, {"op": "convert"}])
def test_nothing_else_is_made(tmp_path: Path, other: dict[str, Op]) -> None:
    lay(task(tmp_path / "disk.img", **other))  # type: ignore[arg-type]
    assert not (tmp_path / "disk.img").exists()


def test_a_task_that_only_reads_has_nothing_to_lay(tmp_path: Path) -> None:
    one = task(tmp_path / "disk.img")
    lay(replace(one, disks=(TaskDisk(id="d", size_bytes=SIZE),)))
    assert not (tmp_path / "disk.img").exists()


def test_a_link_out_of_the_claim_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"x")
    (tmp_path / "disk.img").symlink_to(other)
    with pytest.raises(Held) as error:
        lay(task(tmp_path / "disk.img", zeroed=True))
    assert error.value.fault.code == "target.failed"
    assert other.read_bytes() == b"x"


def test_what_lies_behind_a_disk_on_its_device_is_cleared_once(tmp_path: Path) -> None:
    """A file stands for the device: it is as long as somebody made it, too."""
    device = tmp_path / "device"
    device.write_bytes(b"d" * SIZE + bytes(SIZE) + b"old" * SIZE)
    assert lay(task(device, form="block")) == ["may I"] * 3
    assert device.read_bytes() == b"d" * SIZE + bytes(4 * SIZE)
    assert lay(task(device, form="block")) == []


def test_a_device_that_somebody_prepared_far_too_large_is_left(tmp_path: Path) -> None:
    device = tmp_path / "device"
    device.write_bytes(b"d" * SIZE + b"theirs")
    os.truncate(device, SIZE + laying.TAIL_LIMIT_BYTES + 1)
    assert lay(task(device, form="block")) == []
    with device.open("rb") as file:
        assert file.read(SIZE + 6)[SIZE:] == b"theirs"


def test_a_device_that_is_not_there_holds(tmp_path: Path) -> None:
    with pytest.raises(Held, match="no such file"):
        lay(task(tmp_path / "device", form="block"))
