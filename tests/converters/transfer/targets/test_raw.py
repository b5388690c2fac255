"""Raw files and block devices as targets: holes are made and proved, a device's rules are kept."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtv.converters.transfer.targets import raw
from mtv.converters.transfer.targets.cold import DIRECT, DROPPED, ColdFile
from mtv.converters.transfer.targets.raw import RawFile
from mtv.errors import Held, MtvError
from mtv.model.volumes import Volume
from mtv.process import run
from tests.converters.transfer.disks import MIB, Disk, allocated, fill


def volume(path: Path, size_bytes: int = 2 * MIB, form: str = "raw") -> Volume:
    return Volume(
        id="v", disk="d", index=0, size_bytes=size_bytes, format=form, path=str(path), identity="i", zeroed=False
    )


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Path]:
    """A loop device of 8 MiB, full of other bytes."""
    backing = fill(tmp_path / "backing", 8 * MIB, {0: os.urandom(8 * MIB)})
    made = run(["losetup", "--find", "--show", str(backing)], check=False)
    if made.status:
        pytest.skip("needs loop devices")
    yield Path(made.out.strip())
    run(["losetup", "--detach", made.out.strip()])


def test_a_hole_takes_no_room_and_reads_as_zeroes(tmp_path: Path) -> None:
    path = fill(tmp_path / "disk", 2 * MIB, {0: os.urandom(2 * MIB)})
    target = RawFile(volume(path))
    target.zero(4096, MIB)
    target.zero(2 * MIB - 5, 5)
    target.flush()
    target.close()
    data = path.read_bytes()
    assert not any(data[4096 : 4096 + MIB])
    assert data.endswith(bytes(5))
    assert allocated(path) <= MIB
    assert all(any(data[place : place + 64]) for place in (0, 4096 - 64, 4096 + MIB))


def test_a_file_gets_its_disks_size(tmp_path: Path) -> None:
    path = fill(tmp_path / "disk", 5, {})
    RawFile(volume(path)).close()
    assert path.stat().st_size == 2 * MIB


def test_a_file_is_known_again_and_another_at_its_place_is_not(tmp_path: Path) -> None:
    path = fill(tmp_path / "disk", 2 * MIB, {})

    def identity() -> str:
        target = RawFile(volume(path))
        target.close()
        return target.identity

    first = identity()
    assert identity() == first
    path.unlink()
    fill(path, 2 * MIB, {})  # often with the same inode again
    assert identity() != first


def test_looks_change_with_a_write(tmp_path: Path) -> None:
    path = fill(tmp_path / "disk", 2 * MIB, {})
    before = raw.looks(volume(path))
    os.utime(path, ns=(1, 1))
    assert raw.looks(volume(path)) != before
    path.unlink()
    with pytest.raises(Held, match="look at"):
        raw.looks(volume(path))


def test_a_device_that_is_too_small_is_refused(device: Path) -> None:
    with pytest.raises(MtvError, match="8388608 bytes, 16777216 are needed"):
        RawFile(volume(device, 16 * MIB, "block"))


def test_a_disk_is_copied_to_a_device_and_verified(disk: Disk, device: Path) -> None:
    disk.target, disk.form = device, "block"
    found = disk.transfer(zeroed=False)
    assert disk.is_equal()
    assert disk.verify()["root"] == found["root"]
    assert disk.verify()["read_back"] == DIRECT
    assert disk.transfer()["read_bytes"] == 0


def test_a_flipped_bit_on_a_device_is_found_also_in_a_hole(disk: Disk, device: Path) -> None:
    disk.target, disk.form = device, "block"
    fill(disk.source, disk.size_bytes, {0: b"data"})
    disk.transfer(zeroed=False)
    with device.open("r+b") as file:
        file.seek(4 * MIB + 77)
        file.write(b"x")
    with pytest.raises(MtvError, match=f"at byte {4 * MIB}"):
        disk.verify()


def test_what_is_verified_is_what_is_stored(tmp_path: Path) -> None:
    """Past the page cache, at any offset, up to an end that no sector ends at."""
    size_bytes = 2 * MIB + 4096 + 77
    data = os.urandom(size_bytes)
    reader = ColdFile(str(fill(tmp_path / "disk", size_bytes, {0: data})), size_bytes)
    for offset, length in ((0, MIB), (2 * MIB, 4096 + 77), (5, 100), (size_bytes - 1, 1)):
        memory = memoryview(bytearray(length))
        reader.read_into(offset, memory)
        assert bytes(memory) == data[offset : offset + length]
    assert reader.way in (DIRECT, DROPPED)
    reader.close()
