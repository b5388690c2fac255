"""Sparse VMDKs: ours, VMware's layout and qemu's read alike; lies are found, reads stay inside the file."""

import random
import struct
import subprocess
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.errors import MtvError, Refused
from mtv.formats import vmdk
from mtv.formats.vmdk_disk import SparseDisk
from mtv.formats.vmdk_tables import Walked
from mtv.formats.window import Window
from tests.formats.build import (
    AT_END,
    DESCRIPTOR,
    GRAIN,
    SECTOR,
    Stream,
    grain_record,
    guest,
    header,
    padded,
    shown,
    stretched,
)
from tests.formats.vmdks import by_extents, codes, read_all, streamed, whole

SIZE = 3 << 20
CONTENT = guest(SIZE, 7)


@pytest.mark.parametrize("subformat", ["streamOptimized", "monolithicSparse"])
@pytest.mark.parametrize("size", [SIZE, 100 * 512, (32 << 20) + 512])
def test_qemus_images_read_as_qemu_reads_them(tmp_path: Path, subformat: str, size: int) -> None:
    raw, path = tmp_path / "a.raw", tmp_path / "a.vmdk"
    raw.write_bytes(guest(size, size))
    subprocess.run(["qemu-img", "convert", "-O", "vmdk", "-o", f"subformat={subformat}", raw, path], check=True)
    data = path.read_bytes()
    disk = SparseDisk(shown(data))
    assert disk.size_bytes == size
    assert whole(disk) == by_extents(disk) == raw.read_bytes()
    assert disk.allocated_bytes() == sum(extent.length for extent in disk.extents()) or size % GRAIN
    if subformat == "streamOptimized":
        assert streamed(data, size, 1 << 20) == raw.read_bytes()


@pytest.mark.parametrize("footer", [True, False])
@pytest.mark.parametrize("grain", [8, 128, 2048])
def test_a_stream_as_vmware_writes_it_is_read_at_random_and_in_one_pass(
    tmp_path: Path, footer: bool, grain: int
) -> None:
    data = Stream(CONTENT, grain=grain, footer=footer).bytes()
    disk = SparseDisk(shown(data))
    assert isinstance(disk.tables, Walked) is not footer
    assert whole(disk) == by_extents(disk) == streamed(data, SIZE) == CONTENT
    if footer and grain == 128:
        (tmp_path / "a.vmdk").write_bytes(data)
        subprocess.run(["qemu-img", "convert", "-O", "raw", tmp_path / "a.vmdk", tmp_path / "a.raw"], check=True)
        assert (tmp_path / "a.raw").read_bytes() == CONTENT


def test_any_range_can_be_read() -> None:
    disk = SparseDisk(shown(Stream(CONTENT).bytes()))
    chance = random.Random(1)
    for _ in range(300):
        at = chance.randrange(SIZE)
        length = chance.randrange(1, min(300_000, SIZE - at) + 1)
        out = bytearray(length)
        disk.read_into(at, memoryview(out))
        assert out == CONTENT[at : at + length]
    with pytest.raises(Refused):
        disk.read_into(SIZE - 1, memoryview(bytearray(2)))


def test_a_footer_that_is_missing_with_the_end_too_is_a_cut_off_file() -> None:
    data = Stream(CONTENT, footer=False, end=False, directory=False).bytes()
    assert codes(data) == "vmdk.truncated"
    with pytest.raises(Refused, match="cut off|ends"):
        streamed(data, SIZE)


def test_wherever_a_stream_is_cut_it_is_refused() -> None:
    """Up to the end of its directory; with that nothing of the guest is missing."""
    size = 400_000 // 512 * 512
    data = Stream(guest(size, 3)).bytes()
    for cut in range(0, len(data) - 3 * SECTOR, 517):
        assert codes(data[:cut]) in ("vmdk.truncated", "vmdk.marker", "vmdk.grain-table")
        with pytest.raises(MtvError):
            streamed(data[:cut], size)
    assert read_all(data[: -2 * SECTOR]) == guest(size, 3)
    with pytest.raises(MtvError):
        streamed(data[: -2 * SECTOR], size)


@pytest.mark.parametrize(
    "record",
    [
        lambda sector, content: padded(struct.pack("<QI", sector, 100) + b"\xff" * 100),
        lambda sector, content: padded(struct.pack("<QI", sector, 40) + zlib.compress(content)[:40]),
        lambda sector, content: grain_record(sector, content[:1000]),
        lambda sector, content: grain_record(sector, bytes(64 << 20)),
        lambda sector, content: grain_record(sector + 128, content),
        lambda sector, content: padded(struct.pack("<QI", sector, 1 << 30) + zlib.compress(content)),
    ],
    ids=["noise", "cut off", "too small", "bomb", "another place", "absurd length"],
)
def test_bad_deflate_bombs_and_foreign_markers_are_refused(record: object) -> None:
    data = Stream(guest(GRAIN, 1), record_of=record).bytes()  # type: ignore[arg-type]
    assert codes(data) == "vmdk.grain"
    with pytest.raises(MtvError):
        streamed(data, GRAIN)


def test_every_flipped_bit_of_a_grain_is_found() -> None:
    content = guest(GRAIN, 5)
    data = Stream(content).bytes()
    start = data.index(zlib.compress(content)[:20])
    chance = random.Random(9)
    for _ in range(200):
        wrong = bytearray(data)
        wrong[start + chance.randrange(len(zlib.compress(content)))] ^= 1 << chance.randrange(8)
        try:
            found = whole(SparseDisk(shown(bytes(wrong))))
        except MtvError:
            continue
        assert found == content


def test_a_parent_is_refused_wherever_it_is_named() -> None:
    for wrong in (
        DESCRIPTOR.replace("parentCID=ffffffff", "parentCID=deadbeef"),
        DESCRIPTOR + 'parentFileNameHint="/etc/passwd"\n',
    ):
        data = Stream(CONTENT, descriptor=wrong).bytes()
        assert codes(data) == "vmdk.parent"
        with pytest.raises(Refused, match="parent"):
            streamed(data, SIZE)


@pytest.mark.parametrize(
    "head",
    [
        header(capacity=0),  # qemu would open whatever files its descriptor names
        header(capacity=1 << 62),
        header(capacity=8, grain=3),
        header(capacity=8, grain=0),
        header(capacity=8, grain=1 << 20),
        header(capacity=8, entries=0),
        header(capacity=8, entries=1 << 30),
        header(capacity=8, version=9),
        header(capacity=8, magic=b"COWD"),
        header(capacity=8, algorithm=2),
        header(capacity=8, flags=0x10001),
        header(capacity=8, descriptor=(1, 1 << 40)),
        header(capacity=8, descriptor=(1 << 50, 1)),
        header(capacity=8, directory=1 << 50),
        header(capacity=1 << 40, directory=1),
    ],
    ids=range(15),
)
def test_absurd_headers_are_refused(head: bytes) -> None:
    assert codes(head + bytes(4096)).startswith("vmdk.")


def test_a_part_of_a_split_disk_is_refused() -> None:
    assert codes(Stream(CONTENT, descriptor=DESCRIPTOR + 'RW 9 SPARSE "y.vmdk"\n').bytes()) == "vmdk.split"


def test_a_footer_of_another_disk_is_refused() -> None:
    data = bytearray(Stream(CONTENT).bytes())
    data[-1024 + 12 : -1024 + 20] = struct.pack("<Q", 99)
    assert codes(bytes(data)) == "vmdk.footer"


def test_a_flat_descriptor_names_its_file() -> None:
    text = '# Disk DescriptorFile\nparentCID=ffffffff\ncreateType="monolithicFlat"\nRW 8192 FLAT "a-flat.vmdk" 2\n'
    found = vmdk.read_flat(shown(text.encode()))
    assert found == vmdk.FlatExtent(size_bytes=4 << 20, file="a-flat.vmdk", offset=1024)


@pytest.mark.parametrize(
    ("extent", "code"),
    [
        ('RW 8192 FLAT "../../etc/shadow" 0', "vmdk.extent"),
        ('RW 8192 FLAT "/etc/shadow" 0', "vmdk.extent"),
        ('RW 8192 FLAT ".." 0', "vmdk.extent"),
        ('RW 0 FLAT "a" 0', "vmdk.extent"),
        ('RW 8192 VMFSRDM "a"', "vmdk.split"),
        ('RW 8192 FLAT "a" 0\nRW 8192 FLAT "b" 0', "vmdk.split"),
        ("", "vmdk.split"),
        ('RW 8192 FLAT "a" 0\nparentFileNameHint="b"', "vmdk.parent"),
    ],
)
def test_flat_descriptors_that_reach_outside_are_refused(extent: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        vmdk.read_flat(shown(f"# Disk DescriptorFile\n{extent}\n".encode()))
    assert caught.value.fault.code == code


def test_an_absurd_descriptor_is_not_even_read() -> None:
    with pytest.raises(Refused, match="absurd"):
        vmdk.read_flat(stretched(b"# Disk DescriptorFile", 1 << 40))


@pytest.mark.parametrize("order", ["twice", "falling"])
def test_a_stream_in_the_wrong_order_is_refused(order: str) -> None:
    stream = Stream(b"a" * GRAIN * 2)
    first = stream.record_of
    wrong = {0: 0 if order == "twice" else 128, 128: 0}
    data = replace(stream, record_of=lambda sector, content: first(wrong[sector], content)).bytes()
    with pytest.raises(Refused, match="comes"):
        streamed(data, 2 * GRAIN)


@given(st.data())
def test_whatever_the_bytes_only_our_errors_come_out_and_no_read_leaves_the_file(data: st.DataObject) -> None:
    stream = Stream(guest(5 * GRAIN, 2), footer=data.draw(st.booleans()))
    body = bytearray(stream.bytes())
    places = st.integers(0, 1023) | st.integers(len(body) - 6000, len(body) - 1) | st.integers(0, len(body) - 1)
    for _ in range(data.draw(st.integers(0, 6))):
        body[data.draw(places)] = data.draw(st.integers(0, 255))
    size = data.draw(st.just(len(body)) | st.integers(0, len(body)))

    def read(offset: int, length: int) -> bytes:
        assert 0 <= offset <= offset + length <= size
        assert length < 8 << 20
        return bytes(body[offset : offset + length])

    try:
        disk = SparseDisk(Window(read, size, "x", "vmdk"))
        for extent in disk.extents():
            assert 0 <= extent.offset < extent.offset + extent.length <= disk.size_bytes
        if disk.size_bytes < 64 << 20:
            whole(disk)
    except MtvError:
        pass
    with suppress(MtvError):
        streamed(bytes(body[:size]), 5 * GRAIN)


def test_constants_are_those_of_the_format() -> None:
    assert vmdk.HEADER.size == 79
    assert vmdk.AT_END == AT_END
