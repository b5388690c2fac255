"""The tables of sparse VMDKs: what has data, and tables that lie or would take endless memory."""

import random
import struct
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from mtv.errors import Refused
from mtv.formats.vmdk_disk import SparseDisk
from tests.formats.build import GRAIN, SECTOR, Stream, grain_record, header, padded, shown
from tests.formats.vmdks import codes, whole


def test_extents_are_the_grains_that_have_data() -> None:
    content = bytes(GRAIN * 2) + b"a" * (GRAIN * 2) + bytes(GRAIN) + b"b" * 512
    found = list(SparseDisk(shown(Stream(content).bytes())).extents())
    assert [(extent.offset, extent.length) for extent in found] == [(2 * GRAIN, 2 * GRAIN), (5 * GRAIN, 512)]


def test_zeroed_grains_read_as_zeroes_and_are_no_extents() -> None:
    stream = Stream(b"a" * GRAIN + bytes(GRAIN), table_of=lambda number, entries: [entries[0], 1, *entries[2:]])
    data = bytearray(stream.bytes())
    assert codes(bytes(data)) == "vmdk.grain-table"  # the flag does not allow it
    footer = len(data) - 2 * SECTOR
    for at in (0, footer):
        data[at + 8 : at + 12] = struct.pack("<I", 0x30005)
    disk = SparseDisk(shown(bytes(data)))
    assert whole(disk) == b"a" * GRAIN + bytes(GRAIN)
    assert [extent.length for extent in disk.extents()] == [GRAIN]


def test_10_tib_in_a_small_file_are_read_and_cost_nothing() -> None:
    """1 MiB grains: a directory of 80 KiB; 20 480 tables of which one has a grain."""
    capacity = (10 << 40) // SECTOR
    tables = capacity // (2048 * 512)
    content = b"z" * (1 << 20)
    directory, table, at = 1, 1 + -(-tables * 4 // SECTOR), 1 + -(-tables * 4 // SECTOR) + 4
    starts, entries = [0] * tables, [0] * 512
    starts[-1], entries[-1] = table, at
    data = header(capacity=capacity, grain=2048, directory=directory, overhead=at)
    data += padded(struct.pack(f"<{tables}I", *starts)) + struct.pack("<512I", *entries)
    data += grain_record(capacity - 2048, content)
    assert len(data) < 1 << 20
    disk = SparseDisk(shown(data))
    assert disk.size_bytes == 10 << 40
    extents = list(disk.extents())
    assert disk.allocated_bytes() == 1 << 20
    assert [(extent.offset, extent.length) for extent in extents] == [((10 << 40) - (1 << 20), 1 << 20)]
    out = bytearray(1 << 20)
    disk.read_into(extents[0].offset, memoryview(out))
    assert out == content


def lies(stream: Stream) -> Iterator[tuple[str, Stream, str]]:
    yield "an entry behind the file", replace(stream, table_of=lambda n, e: [1 << 30, *e[1:]]), "vmdk.grain-table"
    yield "an entry into the header", replace(stream, table_of=lambda n, e: [1, *e[1:]]), "vmdk.grain-table"
    yield "one grain twice", replace(stream, table_of=lambda n, e: [max(e)] * 2 + e[2:]), "vmdk.grain-table"
    yield "a table behind the file", replace(stream, directory_of=lambda s: [1 << 30]), "vmdk.grain-table"
    yield (
        "a grain of another place",
        replace(stream, table_of=lambda n, e: [max(e), *sorted(e)[:0], *[0] * 511]),
        "vmdk.grain",
    )


@pytest.mark.parametrize("number", range(5))
def test_tables_that_lie_are_refused(number: int) -> None:
    what, stream, code = list(lies(Stream(b"a" * GRAIN * 4)))[number]
    assert codes(stream.bytes()) == code, what


def test_tables_that_loop_are_refused() -> None:
    content = b"a" * GRAIN + bytes(GRAIN * 511) + b"b" * GRAIN
    assert codes(Stream(content, directory_of=lambda starts: [starts[0]] * 2).bytes()) == "vmdk.grain-table"


@pytest.mark.parametrize("before", [0, 1, 3])
def test_a_directory_whose_table_lies_over_itself_is_refused(before: int) -> None:
    """Four sectors long, as a table is, it may begin up to three before its directory and still be partly that."""
    stream = Stream(b"a" * GRAIN * 3)
    data = stream.bytes()
    directory = struct.unpack_from("<Q", data, len(data) - 2 * SECTOR + 56)[0]
    assert whole(SparseDisk(shown(data))) == stream.content
    looping = replace(stream, directory_of=lambda starts: [directory - before])
    assert codes(looping.bytes()) == "vmdk.grain-table"
    with pytest.raises(Refused, match="in its own directory: it loops"):
        SparseDisk(shown(looping.bytes())).allocated_bytes()


def test_a_grain_in_the_disks_own_head_is_refused() -> None:
    """Its header, descriptor and tables are no data of the guest's."""
    for sector in range(2, 12):
        data = header(capacity=128, directory=1, overhead=12)
        data += padded(struct.pack("<I", 2)) + struct.pack("<512I", sector, *[0] * 511)
        data += bytes(6 * SECTOR) + grain_record(0, b"a" * GRAIN)
        assert codes(data) == "vmdk.grain-table", sector
    data = data[: 2 * SECTOR] + struct.pack("<512I", 12, *[0] * 511) + data[6 * SECTOR :]
    assert whole(SparseDisk(shown(data))) == b"a" * GRAIN


def test_many_tables_full_of_one_grain_cannot_claim_endless_data() -> None:
    """Each table points to other sectors, so only their number gives it away."""
    tables = 64
    capacity = tables * 512 * 128
    first = 2 + tables * 4
    data = header(capacity=capacity, directory=1, overhead=first)
    data += padded(struct.pack(f"<{tables}I", *(2 + 4 * number for number in range(tables))))
    table = struct.pack("<512I", *range(first, first + 512))
    data += table * tables + bytes(512 * SECTOR)
    assert codes(data) == "vmdk.grain-table"
    with pytest.raises(Refused, match="it loops"):
        SparseDisk(shown(data)).allocated_bytes()


def walked(sectors: Iterable[int], capacity: int) -> bytes:
    """A stream without a footer that has a grain at each of those sectors of the guest."""
    grain = grain_record(0, b"g" * 4096)[8:]
    body = b"".join(struct.pack("<Q", sector) + grain for sector in sectors)
    return header(capacity=capacity, grain=8, overhead=2) + bytes(SECTOR) + body + bytes(SECTOR)


def test_a_grain_where_its_place_would_mean_zeroes_is_refused() -> None:
    assert (
        codes(header(capacity=8, grain=8, overhead=1) + grain_record(0, b"g" * 4096) + bytes(SECTOR)) == "vmdk.marker"
    )


def test_a_small_stream_with_a_grain_in_every_table_takes_little_memory() -> None:
    """Tables of 2 KiB for grains of 512 bytes would be four times the file."""
    tables = 5000
    data = walked(range(0, tables * 4096, 4096), tables * 4096)
    assert len(data) < 3 << 20
    tracemalloc.start()
    disk = SparseDisk(shown(data))
    assert disk.allocated_bytes() == tables * 4096
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20
    assert [extent.offset // 512 for extent in disk.extents()] == list(range(0, tables * 4096, 4096))


def test_a_stream_without_a_footer_may_have_its_grains_in_any_order_but_none_twice() -> None:
    order = [8 * number for number in random.Random(3).sample(range(3000), 500)]
    disk = SparseDisk(shown(walked(order, 24_000)))
    assert sorted(order) == [
        at // 512 for extent in disk.extents() for at in range(extent.offset, extent.offset + extent.length, 4096)
    ]
    assert whole(disk).count(b"g") == 500 * 4096
    assert codes(walked([*order, order[7]], 24_000)) == "vmdk.marker"
