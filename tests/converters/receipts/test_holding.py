"""Disks held against a receipt: what differs is named, what cannot be held is told, and no file outside is read."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.converters.receipts import holding
from mtv.converters.transfer.tables import HashTable, digest, disk_table
from mtv.errors import CheckFailed
from mtv.model.receipts import DiskTable, Receipt
from mtv.model.tasks import BLOCK_BYTES

SIZE = 3 * BLOCK_BYTES + 4096
Box = tuple[Path, DiskTable, HashTable]


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """One disk: data, a hole, data, and an end that is no whole block."""
    path, table = tmp_path / "disk0.raw", HashTable(SIZE)
    with path.open("wb") as file:
        file.truncate(SIZE)
        for block in (0, 2, 3):
            data = os.urandom(table.length(block))
            file.seek(block * BLOCK_BYTES)
            file.write(data)
            table.put(block, digest(data))
    return tmp_path, disk_table(table, "d0", path.name), table


def held(box: Box, told: DiskTable | None = None, stopping: Callable[[], bool] = lambda: False) -> holding.Held:
    return holding.hold(box[0], told or box[1], box[2], lambda *_: None, stopping)


def test_what_is_as_it_was_handed_over_holds(box: Box) -> None:
    seen: list[tuple[str, int, int]] = []
    found = holding.hold(box[0], box[1], box[2], lambda *one: seen.append(one), lambda: False)
    assert (found.differing, found.fault) == ((), "")
    assert found.read_back
    assert seen[-1] == ("d0", found.data_bytes, found.data_bytes)


@pytest.mark.parametrize("place", [0, BLOCK_BYTES + 5, 2 * BLOCK_BYTES - 1, SIZE - 1])
def test_one_bit_is_found_and_its_block_named_in_data_in_a_hole_and_at_the_end(box: Box, place: int) -> None:
    with (box[0] / "disk0.raw").open("r+b") as file:
        file.seek(place)
        was = file.read(1)
        file.seek(place)
        file.write(bytes([was[0] ^ 16]))
    assert held(box).differing == (place // BLOCK_BYTES * BLOCK_BYTES,)


def test_a_qcow2_is_held_as_a_guest_reads_it(box: Box) -> None:
    raw, image = box[0] / "disk0.raw", box[0] / "disk0.qcow2"
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, image], check=True)
    told = replace(box[1], file=image.name)
    assert (held(box, told).differing, held(box, told).fault) == ((), "")
    subprocess.run(["qemu-io", "-f", "qcow2", "-c", "write -P 7 1M 512", image], check=True, capture_output=True)
    assert held(box, told).differing == (BLOCK_BYTES,)


@pytest.mark.parametrize("size", [SIZE - 1, SIZE + 4096, 0])
def test_a_disk_of_another_size_is_a_fault(box: Box, size: int) -> None:
    os.truncate(box[0] / "disk0.raw", size)
    assert f"has {size} bytes, {SIZE} were handed over" in held(box).fault


def test_a_disk_that_is_gone_is_a_fault(box: Box) -> None:
    (box[0] / "disk0.raw").unlink()
    assert "disk0.raw" in held(box).fault


@pytest.mark.parametrize("name", ["../disk0.raw", "/etc/passwd", "a/b"])
def test_a_file_outside_of_the_receipts_folder_is_not_read(box: Box, name: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        held(box, replace(box[1], file=name))
    assert caught.value.fault.code == "receipt.path"


def test_hashes_that_the_receipt_does_not_sign_for_are_refused(box: Box) -> None:
    told = box[1]
    receipt = Receipt(
        run="p-1", vm="s/1", name="db01", at="2026-01-01T00:00:00.000Z", level="read-back", read_back="O_DIRECT",
        algorithm="blake3", copied=(told,), handed_over=(),
    )  # fmt: skip
    name = holding.names(holding.COPIED, "d0")
    holding.fit(receipt, {name: box[2]})
    other = box[2].copy()
    other.put(1, digest(b"x" * BLOCK_BYTES))
    for tables in ({}, {name: other}, {name: HashTable(SIZE - 1)}, {holding.names(holding.HANDED_OVER, "d0"): box[2]}):
        with pytest.raises(CheckFailed) as caught:
            holding.fit(receipt, tables)
        assert caught.value.fault.code == "receipt.hashes"
