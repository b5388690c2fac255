"""Three hundred seeded corruptions, of bytes in flight and at rest: all are found and named, none is called a success.
A hundred clean runs: no alarm."""

import os
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mtv.converters.receipts import holding
from mtv.converters.transfer.journal import records
from mtv.converters.transfer.journal.known import table_from_journal
from mtv.converters.transfer.tables import disk_table
from mtv.converters.transfer.targets.raw import RawFile
from mtv.errors import Held, MtvError
from mtv.model.tasks import BLOCK_BYTES
from tests.converters.transfer.disks import MIB, Disk, fill

AT_REST, IN_FLIGHT, CLEAN = 200, 100, 100
SIZE = 3 * MIB + 4096 * 3
Corrupt = Callable[[random.Random, bytearray], int]  # gives the first byte that it changed


def content(seed: int) -> dict[int, bytes]:
    """Data in two of four blocks, so that there is always a hole to damage too."""
    draw = random.Random(seed)
    return {draw.randrange(16) * 4096: draw.randbytes(65536), 2 * MIB: draw.randbytes(draw.randrange(1, 80) * 4096)}


def flipped_bit(draw: random.Random, data: bytearray) -> int:
    """Anywhere: in data or in a hole."""
    place = draw.randrange(len(data))
    data[place] ^= 1 << draw.randrange(8)
    return place


def zeroed_sectors(draw: random.Random, data: bytearray) -> int:
    places = [place for place in range(0, len(data), 4096) if any(data[place : place + 4096])]
    place = draw.choice(places)
    data[place : place + 4096] = bytes(4096)
    return place


def swapped_chunks(draw: random.Random, data: bytearray) -> int:
    first, second = 0, 2 * MIB
    data[first : first + MIB], data[second : second + MIB] = data[second : second + MIB], data[first : first + MIB]
    return first


def stale_tail(draw: random.Random, data: bytearray) -> int:
    place = len(data) - draw.randrange(1, 4096)
    data[place:] = draw.randbytes(len(data) - place)
    return place


def truncated(draw: random.Random, data: bytearray) -> int:
    place = draw.randrange(len(data))
    del data[place:]
    return place


KINDS: list[Corrupt] = [flipped_bit, flipped_bit, zeroed_sectors, swapped_chunks, stale_tail, truncated]


@pytest.fixture
def copied(tmp_path: Path) -> Disk:
    source = fill(tmp_path / "source.raw", SIZE, content(0))
    disk = Disk(tmp_path / "scratch", source, fill(tmp_path / "target.raw", SIZE, {}))
    disk.transfer(zeroed=True)
    disk.verify()
    return disk


def test_at_rest_every_corruption_is_found_and_named(copied: Disk) -> None:
    good = copied.target.read_bytes()
    journal = records.path(copied.folder, "disk-0")
    told = journal.read_bytes()
    found = 0
    for seed in range(AT_REST):
        draw = random.Random(seed)
        data = bytearray(good)
        journal.write_bytes(told)  # what was found before is no longer known
        place = draw.choice(KINDS)(draw, data)
        copied.target.write_bytes(data)
        with pytest.raises(MtvError, match=r"ledger: disk disk-0: .*target\.raw") as caught:
            copied.verify()
        if len(data) == len(good):
            assert caught.value.fault.code == "verify.differs"
            assert place // BLOCK_BYTES * BLOCK_BYTES in offsets(caught.value.fault.text)
        else:
            assert caught.value.fault.code == "verify.truncated"
        found += 1
    assert found == AT_REST
    copied.target.write_bytes(good)
    journal.write_bytes(told)
    copied.verify()


def offsets(text: str) -> list[int]:
    return [int(place) for place in re.findall(r"\d+", text.partition("at byte")[2])]


def test_a_receipt_finds_them_too(copied: Disk) -> None:
    table = table_from_journal(copied.folder, "disk-0", SIZE)
    told = disk_table(table, "disk-0", copied.target.name)
    good = copied.target.read_bytes()

    def held() -> holding.Held:
        return holding.hold(copied.target.parent, told, table, lambda *_: None, lambda: False)

    for seed in range(60):
        draw = random.Random(seed)
        data = bytearray(good)
        place = draw.choice(KINDS)(draw, data)
        copied.target.write_bytes(data)
        verdict = held()
        assert verdict.fault or place // BLOCK_BYTES * BLOCK_BYTES in verdict.differing
    copied.target.write_bytes(good)
    assert not held().fault
    assert not held().differing


def lost(draw: random.Random, target: Path, offset: int, data: bytes) -> None:
    """A write that was said to have happened."""


def misplaced(draw: random.Random, target: Path, offset: int, data: bytes) -> None:
    put(target, (offset + draw.randrange(1, 200) * 4096) % (SIZE - len(data)), data)


def altered(draw: random.Random, target: Path, offset: int, data: bytes) -> None:
    changed = bytearray(data)
    flipped_bit(draw, changed)
    put(target, offset, bytes(changed))


def torn(draw: random.Random, target: Path, offset: int, data: bytes) -> None:
    put(target, offset, data[: draw.randrange(len(data))])


def scribbled(draw: random.Random, target: Path, offset: int, data: bytes) -> None:
    """Written as it should be, and something else where a hole should stay."""
    put(target, offset, data)
    put(target, MIB + draw.randrange(MIB - 1), b"x")


def put(target: Path, offset: int, data: bytes) -> None:
    with target.open("r+b") as file:
        file.seek(offset)
        file.write(data)


FLIGHTS = [lost, misplaced, altered, torn, scribbled]


def test_in_flight_every_corruption_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = RawFile.write
    found = 0
    for seed in range(IN_FLIGHT):
        draw = random.Random(seed)
        corrupt, victim, writes = draw.choice(FLIGHTS), draw.randrange(2), iter(range(1000))
        folder = tmp_path / str(seed)
        folder.mkdir()
        disk = Disk(folder / "s", fill(folder / "a", SIZE, content(seed)), fill(folder / "b", SIZE, {}))

        def once(
            target: RawFile,
            offset: int,
            data: memoryview,
            hit: Callable[..., None] = corrupt,
            at: int = victim,
            count: Iterator[int] = writes,
            by: random.Random = draw,
        ) -> None:
            if next(count) == at:
                hit(by, Path(target.path), offset, bytes(data))
            else:
                write(target, offset, data)

        monkeypatch.setattr(RawFile, "write", once)
        disk.transfer(zeroed=True)
        assert not disk.is_equal()
        with pytest.raises(MtvError, match="differs from its source"):
            disk.verify()
        monkeypatch.setattr(RawFile, "write", write)
        disk.transfer()
        disk.verify()
        assert disk.is_equal()
        found += 1
    assert found == IN_FLIGHT


def test_clean_runs_raise_no_alarm(tmp_path: Path) -> None:
    for seed in range(CLEAN):
        draw = random.Random(seed)
        size = draw.choice([512, MIB, SIZE, 2 * MIB + 512 * draw.randrange(1, 50)])
        pieces = {}
        if size > MIB:
            pieces = {draw.randrange(size - 300_000) // 512 * 512: draw.randbytes(draw.randrange(1, 300_000))}
        folder = tmp_path / str(seed)
        folder.mkdir()
        disk = Disk(folder / "s", fill(folder / "a", size, pieces), fill(folder / "b", size, {}))
        disk.way = draw.choice(["test.file", "test.file", "test.file", "test.stream", "test.nbdkit"])
        if draw.random() < 0.3:
            fill(disk.target, size, {0: draw.randbytes(min(size, 70_000))})
            copied = disk.transfer(zeroed=False)
        else:
            copied = disk.transfer(zeroed=True)
        assert disk.verify()["root"] == copied["root"]
        assert disk.is_equal()


def test_a_target_that_cannot_be_read_is_not_called_different(copied: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> int:
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(os, "preadv", failing)
    with pytest.raises(Held, match="cannot read back"):
        copied.verify()
