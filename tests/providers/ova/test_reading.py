"""Every kind of image, packed and unpacked, through its opener: the bytes are those that qemu-img makes of it."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from blake3 import blake3

from mtv import codec
from mtv.errors import CheckFailed, MtvError
from mtv.model.points import Export
from mtv.model.reading import NbdServer
from mtv.providers.ova.reading import readers
from mtv.providers.ova.reading.stored import stored
from tests.formats.build import GRAIN, Stream, grain_record
from tests.providers.ova.asking import content, exports, only, opened
from tests.providers.ova.builders import SIZE, Packed, Vmware, converted, disk, file, raw, zipped
from tests.providers.ova.decode import decode, packed, peer
from tests.providers.ova.images import CONTENT, KINDS, RAW, image, made, package


def by_qemu(export: Export, tmp_path: Path, driver: str) -> bytes:
    """What qemu-img makes of the very same place."""
    piece = stored(export).pieces[0]
    part = {"driver": "raw", "offset": piece.offset, "size": piece.length,
            "file": {"driver": "file", "filename": piece.path}}  # fmt: skip
    spec = "json:" + json.dumps(part if driver == "raw" else {"driver": driver, "file": part})
    subprocess.run(["qemu-img", "convert", "-O", "raw", spec, tmp_path / "by-qemu.raw"], check=True)
    return (tmp_path / "by-qemu.raw").read_bytes()


@pytest.mark.parametrize("as_ova", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_reads_as_qemu_reads_it(tmp_path: Path, kind: str, as_ova: bool) -> None:
    export = made(package(image(tmp_path / "made", kind), kind), tmp_path, as_ova)
    assert (export.way, export.kind) == (KINDS[kind][3], "random")
    assert json.loads(json.dumps(codec.dump(export)))["params"]["image"] == kind.removesuffix("-old")
    scratch = tmp_path / "scratch"
    assert content(export, scratch) == content(export, scratch, serve=True) == CONTENT
    assert by_qemu(export, tmp_path, KINDS[kind][1]) == CONTENT


@pytest.mark.parametrize("as_ova", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_read_compressed(tmp_path: Path, kind: str, as_ova: bool) -> None:
    """Raw and streams in one pass, the others by a copy in the scratch folder, which is gone afterwards."""
    data = zipped(image(tmp_path / "made", kind))
    export = made(package(data, kind, 'ovf:compression="gzip"'), tmp_path, as_ova)
    streamed = kind in ("raw", "vmdk-stream")
    assert (export.way, export.kind) == (("ova.gzip", "stream") if streamed else ("ova.spool", "random"))
    assert only(tmp_path / "web.ova" if as_ova else tmp_path / "in").disks[0].image.endswith("+gzip")
    assert content(export, tmp_path / "scratch") == CONTENT
    with pytest.raises(CheckFailed) as caught, opened(export, tmp_path / "scratch", serve=True):
        pass
    assert (caught.value.fault.code, caught.value.fault.exit_code) == ("source.cannot-serve", 4)


@pytest.mark.parametrize("as_ova", [True, False])
@pytest.mark.parametrize("gz", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_read_in_chunks(tmp_path: Path, kind: str, gz: bool, as_ova: bool) -> None:
    data = image(tmp_path / "made", kind)
    data = zipped(data) if gz else data
    size = len(data) // 3 + 1
    chunks = {f"disk.img.{at // size:09}": data[at : at + size] for at in range(0, len(data), size)}
    told = f'ovf:chunkSize="{size}" ovf:size="{len(data)}"' + (' ovf:compression="gzip"' if gz else "")
    packed = package(b"", kind, told, chunks)
    export = made(packed, tmp_path, as_ova)
    assert len(export.params["checks"]) == 3  # type: ignore[arg-type]
    assert content(export, tmp_path / "scratch") == CONTENT
    with pytest.raises(CheckFailed), opened(export, tmp_path / "scratch", serve=True):
        pass


@pytest.mark.parametrize("gap", ["disk.img.000000000", "disk.img.000000001", "disk.img.000000002"])
def test_a_missing_chunk_is_refused(tmp_path: Path, gap: str) -> None:
    chunks = {f"disk.img.{at:09}": CONTENT[at << 20 : (at + 1) << 20] for at in range(3)}
    packed = package(b"", "raw", f'ovf:chunkSize="{1 << 20}" ovf:size="{3 << 20}"', chunks)
    del packed.files[gap]
    with pytest.raises(MtvError, match=gap) as caught:
        only(packed.ova(tmp_path / "web.ova"))
    assert caught.value.fault.code == "ova.file-missing"


def test_a_chunk_of_another_length_is_refused(tmp_path: Path) -> None:
    chunks = {"disk.img.000000000": CONTENT[:1000], "disk.img.000000001": CONTENT[1000:]}
    packed = package(b"", "raw", f'ovf:chunkSize="{1 << 20}"', chunks)
    with pytest.raises(MtvError, match="chunks") as caught:
        only(packed.ova(tmp_path / "web.ova"))
    assert caught.value.fault.code == "ova.chunks"


@pytest.mark.parametrize("as_ova", [True, False])
def test_a_flat_vmdk_is_its_descriptors_extent(tmp_path: Path, as_ova: bool) -> None:
    source = raw(tmp_path)
    text = converted(source, "disk.img", "vmdk", "subformat=monolithicFlat").read_bytes()
    flat = (tmp_path / "disk-flat.img").read_bytes() if (tmp_path / "disk-flat.img").exists() else source.read_bytes()
    name = next(line for line in text.decode().splitlines() if " FLAT " in line).split('"')[1]
    export = made(package(text, "vmdk-sparse", more={name: flat}), tmp_path, as_ova)
    assert (export.way, export.params["image"]) == ("ova.raw", "vmdk-flat")
    assert len(export.params["checks"]) == 2  # type: ignore[arg-type]
    assert content(export, tmp_path / "scratch") == content(export, tmp_path / "scratch", serve=True) == CONTENT


def test_a_flat_vmdk_whose_extent_is_short_or_missing_is_refused(tmp_path: Path) -> None:
    text = b'# Disk DescriptorFile\nparentCID=ffffffff\nRW 8192 FLAT "f" 0\n'
    for files, code in (({"f": b"x" * 512}, "vmdk.truncated"), ({}, "ova.file-missing")):
        with pytest.raises(MtvError) as caught:
            only(package(text, "vmdk-sparse", more=files).ova(tmp_path / "web.ova"))
        assert caught.value.fault.code == code


@pytest.mark.parametrize("footer", [True, False])
def test_a_stream_of_vmwares_is_read_with_and_without_its_footer(tmp_path: Path, footer: bool) -> None:
    export = made(package(Stream(CONTENT, footer=footer).bytes(), "vmdk-stream"), tmp_path, True)
    assert content(export, tmp_path / "scratch") == CONTENT
    if footer:
        assert content(export, tmp_path / "scratch", serve=True) == CONTENT
    else:
        with pytest.raises(CheckFailed, match="footer"), opened(export, tmp_path / "scratch", serve=True):
            pass


def test_a_blank_disk_has_no_extents_and_reads_as_zeroes(tmp_path: Path) -> None:
    ovf = replace(Vmware(), files="", disks=disk(ref=False))
    export = exports(Packed({"web.ovf": ovf.text().encode()}).ova(tmp_path / "web.ova"))[0]
    assert content(export, tmp_path / "scratch") == content(export, tmp_path / "scratch", serve=True) == bytes(SIZE)
    with opened(export, tmp_path / "scratch") as reader:
        assert not isinstance(reader, NbdServer)
        part = bytearray(b"x" * 10)
        reader.read_into(5, memoryview(part))  # type: ignore[union-attr]
        assert part == bytes(10)


@pytest.mark.parametrize("as_ova", [True, False])
def test_a_raw_disk_that_is_no_whole_number_of_sectors_is_padded(tmp_path: Path, as_ova: bool) -> None:
    ovf = replace(Vmware(), files=file("disk.img"), disks=disk(format_=RAW, capacity=1000))
    export = made(Packed({"web.ovf": ovf.text().encode(), "disk.img": b"\xaa" * 1000}), tmp_path, as_ova)
    assert export.size_bytes == 1024
    assert content(export, tmp_path / "scratch") == b"\xaa" * 1000 + bytes(24)
    if as_ova:
        with pytest.raises(CheckFailed, match="sectors"), opened(export, tmp_path / "scratch", serve=True):
            pass
    else:
        assert content(export, tmp_path / "scratch", serve=True) == b"\xaa" * 1000 + bytes(24)


def test_a_raw_disk_is_never_taken_for_something_else_by_what_its_guest_wrote(tmp_path: Path) -> None:
    wrong = image(tmp_path / "made", "qcow2").ljust(SIZE, b"\0")[:SIZE]
    export = made(package(wrong, "raw"), tmp_path, True)
    assert content(export, tmp_path / "scratch") == wrong


def test_holes_of_an_unpacked_raw_image_are_no_extents(tmp_path: Path) -> None:
    folder = package(b"", "raw").folder(tmp_path / "in")
    with (folder / "disk.img").open("wb") as out:
        out.truncate(SIZE)
        out.seek(1 << 20)
        out.write(b"a" * 5000)
    (folder / "web.mf").unlink()
    assert only(folder).disks[0].allocated_bytes == 8192
    with opened(exports(folder)[0], tmp_path / "scratch") as reader:
        found = list(reader.extents())  # type: ignore[union-attr]
    assert [(extent.offset, extent.length) for extent in found] == [(1 << 20, 8192)]


def test_extents_of_a_stream_are_its_grains(tmp_path: Path) -> None:
    data = bytes(GRAIN * 3) + b"a" * GRAIN + bytes(GRAIN * 4)
    ovf = replace(Vmware(), disks=disk(capacity=len(data)))
    files = {"web.ovf": ovf.text().encode(), "web-disk1.vmdk": Stream(data).bytes()}
    with opened(exports(Packed(files).ova(tmp_path / "web.ova"))[0], tmp_path / "scratch") as reader:
        assert [(one.offset, one.length) for one in reader.extents()] == [(3 * GRAIN, GRAIN)]  # type: ignore[union-attr]


def test_reads_are_split_over_many_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(16)))
    export = made(package(image(tmp_path / "made", "vmdk-stream"), "vmdk-stream"), tmp_path, True)
    with opened(export, tmp_path / "scratch") as reader:
        assert isinstance(reader, readers.Sparse)
        for offset, length in ((0, SIZE), (1000, 1 << 20), (GRAIN, 3 * GRAIN + 5), (SIZE - 1, 1)):
            out = bytearray(length)
            reader.read_into(offset, memoryview(out))
            assert out == CONTENT[offset : offset + length]


def test_a_damaged_grain_is_told_by_the_read_and_by_the_split_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(sector: int, data: bytes) -> bytes:
        record = bytearray(grain_record(sector, data))
        record[40] ^= 255
        return bytes(record)

    export = made(package(Stream(CONTENT, record_of=damaged).bytes(), "vmdk-stream"), tmp_path, True)
    for cores in (2, 16):
        monkeypatch.setattr("os.sched_getaffinity", lambda pid, cores=cores: set(range(cores)))
        with pytest.raises(MtvError, match="disk.img: the grain for the guest's byte") as caught:
            content(export, tmp_path / "scratch")
        assert (caught.value.fault.code, caught.value.fault.exit_code) == ("vmdk.grain", 1)


def test_what_is_measured_is_the_whole_disk(tmp_path: Path) -> None:
    export = packed(tmp_path, raw(tmp_path))
    hashes = decode(export, tmp_path / "scratch", tmp_path / "ours.raw")
    subprocess.run(peer(export, tmp_path / "theirs.raw"), check=True)
    assert (tmp_path / "ours.raw").read_bytes() == (tmp_path / "theirs.raw").read_bytes() == CONTENT
    for number, digest in hashes.items():
        assert digest == blake3(CONTENT[number << 20 : (number + 1) << 20]).digest()
