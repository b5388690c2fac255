"""The copy of one disk, whatever way it is read: equal bytes, holes kept, begun again only as far as is needed."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.converters.transfer.journal.known import table_from_journal
from mtv.converters.transfer.tables import HashTable, digest
from mtv.converters.transfer.transfer import transfer
from mtv.errors import MtvError
from mtv.model.points import Extent
from mtv.model.tasks import BLOCK_BYTES
from mtv.process import run
from tests.converters.transfer.disks import MIB, Disk, allocated, fill, scattered

WAYS = ["test.file", "test.nbdkit", "test.stream"]


def table_of(path: Path) -> HashTable:
    """The table of a file, the slow way."""
    table = HashTable(path.stat().st_size)
    with path.open("rb") as file:
        for block in range(table.blocks):
            table.put(block, digest(file.read(BLOCK_BYTES)))
    return table


@pytest.mark.parametrize("way", WAYS)
def test_a_new_volume_gets_equal_bytes_and_keeps_its_holes(disk: Disk, way: str) -> None:
    disk.way = way
    found = disk.transfer(zeroed=True)
    assert disk.is_equal()
    assert allocated(disk.target) <= allocated(disk.source)
    assert found["root"] == table_of(disk.source).root()
    assert found["mode"] == "fresh"


@pytest.mark.parametrize("way", WAYS)
def test_a_volume_of_unknown_content_is_compared_and_only_what_differs_is_written(disk: Disk, way: str) -> None:
    disk.way = way
    fill(disk.target, disk.size_bytes, scattered(disk.size_bytes, seed=1) | {3 * MIB: b"x" * 100_000})
    found = disk.transfer(zeroed=False)
    assert disk.is_equal()
    assert found["mode"] == "resync"
    assert int(str(found["written_bytes"])) <= BLOCK_BYTES


@pytest.mark.parametrize("way", WAYS)
def test_what_the_source_does_not_hold_is_emptied(disk: Disk, way: str) -> None:
    disk.way = way
    fill(disk.source, disk.size_bytes, {MIB: b"one"})
    fill(disk.target, disk.size_bytes, {0: os.urandom(disk.size_bytes)})
    disk.transfer(zeroed=False)
    assert disk.is_equal()
    assert allocated(disk.target) < 2 * MIB


@pytest.mark.parametrize("way", WAYS)
def test_the_same_again_reads_nothing_that_the_journal_holds(disk: Disk, way: str) -> None:
    disk.way = way
    first = disk.transfer(zeroed=True)
    again = disk.transfer()
    assert again["root"] == first["root"]
    assert again["read_bytes"] == again["written_bytes"] == 0


def test_a_qcow2_gets_equal_bytes(disk: Disk, tmp_path: Path) -> None:
    disk.form, disk.target = "qcow2", tmp_path / "target.qcow2"
    run(["qemu-img", "create", "-q", "-f", "qcow2", str(disk.target), str(disk.size_bytes)])
    found = disk.transfer(zeroed=True)
    assert disk.verify()["root"] == found["root"] == table_of(disk.source).root()
    same = run(["qemu-img", "compare", "-f", "raw", "-F", "qcow2", str(disk.source), str(disk.target)])
    assert same.status == 0
    assert disk.transfer()["read_bytes"] == 0


def test_a_blank_disk_is_emptied(disk: Disk) -> None:
    fill(disk.source, disk.size_bytes, {})
    fill(disk.target, disk.size_bytes, {MIB: b"old"})
    job = disk.job("transfer")
    blank = replace(job.task.disks[0], export=None)
    transfer(replace(job, task=replace(job.task, disks=(blank,))))
    assert disk.is_equal()


def test_a_delta_copies_what_changed_and_its_blocks_are_hashed_by_verify(disk: Disk) -> None:
    disk.transfer(zeroed=True)
    changes = {100 * 1024: b"a" * 65536, MIB - 4096: b"b" * 8192, 4 * MIB: b"c" * MIB, 5 * MIB: bytes(65536)}
    with disk.source.open("r+b") as file:
        for offset, piece in changes.items():
            file.seek(offset)
            file.write(piece)
    extents = tuple(Extent(offset, len(piece)) for offset, piece in changes.items())
    found = disk.transfer(pass_=1, extents=extents)
    assert disk.is_equal()
    assert found["mode"] == "delta"
    assert found["read_bytes"] == sum(map(len, changes.values()))
    with pytest.raises(MtvError, match="verified"):
        table_from_journal(disk.folder, "disk-0", disk.size_bytes)
    assert disk.verify(pass_=1, extents=extents)["root"] == table_of(disk.source).root()
    assert disk.verify()["root"] == table_from_journal(disk.folder, "disk-0", disk.size_bytes).root()
    assert disk.transfer(pass_=1, extents=extents)["read_bytes"] == 0


def test_a_delta_that_went_wrong_is_found_and_mended_by_the_same_again(disk: Disk) -> None:
    disk.transfer(zeroed=True)
    extents = (Extent(0, 4096), Extent(4 * MIB, 65536))
    with disk.source.open("r+b") as file:
        file.write(b"n" * 4096)
        file.seek(4 * MIB)
        file.write(b"n" * 65536)
    disk.transfer(pass_=1, extents=extents)
    with disk.target.open("r+b") as file:
        file.seek(4 * MIB + 60_000)
        file.write(b"x")
    with pytest.raises(MtvError, match=f"at byte {4 * MIB}"):
        disk.verify(pass_=1, extents=extents)
    assert disk.transfer(pass_=1, extents=extents)["mode"] == "resync"
    assert disk.verify()["root"] == table_of(disk.source).root()


def test_a_delta_without_a_whole_copy_before_it_becomes_a_comparison_of_all(disk: Disk) -> None:
    fill(disk.target, disk.size_bytes, {0: b"unknown"})
    found = disk.transfer(pass_=1, extents=(Extent(0, 4096),))
    assert found["mode"] == "resync"
    assert disk.is_equal()


def test_zeroes_that_a_delta_tells_of_are_not_read(disk: Disk) -> None:
    disk.transfer(zeroed=True)
    with disk.source.open("r+b") as file:
        file.write(bytes(2 * MIB))
    found = disk.transfer(pass_=1, extents=(Extent(0, 2 * MIB, zero=True),))
    assert found["read_bytes"] == 0
    assert disk.is_equal()


def test_allocated_zeroes_become_holes(disk: Disk) -> None:
    fill(disk.source, disk.size_bytes, {0: bytes(4 * MIB), 4 * MIB: b"x" * 4096})
    disk.transfer(zeroed=True)
    assert disk.is_equal()
    assert allocated(disk.target) <= 64 * 1024
