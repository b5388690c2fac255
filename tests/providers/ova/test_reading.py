"""Every kind of image, packed and unpacked, through its opener: the bytes are those that qemu-img makes of it."""

import gzip
import json
import os
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import nbd
import pytest
from blake3 import blake3

from mtv import codec
from mtv.errors import CheckFailed, Held, MtvError, Temporary
from mtv.model.points import Export
from mtv.model.reading import NbdServer
from mtv.providers.ova.reading import readers, spool
from mtv.providers.ova.reading.stored import stored
from tests.formats.build import GRAIN, Stream, grain_record, guest
from tests.providers.ova.asking import content, exports, only, opened
from tests.providers.ova.builders import QCOW2, SIZE, VMDK, Packed, Vmware, converted, disk, file, raw, stream, zipped
from tests.providers.ova.decode import decode, packed, peer
from tests.providers.ova.tools import use_newer

RAW = "raw"
CONTENT = guest(SIZE, 1)
KINDS = {
    "vmdk-stream": (VMDK, "vmdk", "subformat=streamOptimized", "ova.vmdk"),
    "vmdk-sparse": (VMDK, "vmdk", "subformat=monolithicSparse", "ova.vmdk"),
    "raw": (RAW, "raw", "", "ova.raw"),
    "qcow2": (QCOW2, "qcow2", "", "ova.qcow2"),
    "qcow2-old": (QCOW2, "qcow2", "compat=0.10", "ova.qcow2"),
}


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Path) -> Iterator[None]:
    """No socket, spool or log stays behind, and no server."""
    yield
    scratch = tmp_path / "scratch"
    assert not scratch.exists() or list(scratch.iterdir()) == []
    ours = f"/proc/{os.getpid()}/task/{os.getpid()}/children"
    for child in Path(ours).read_text().split():
        assert "qemu-nbd" not in Path(f"/proc/{child}/cmdline").read_text()


def image(folder: Path, kind: str) -> bytes:
    folder.mkdir(exist_ok=True)
    source = raw(folder)
    _, format_, options, _ = KINDS[kind]
    return source.read_bytes() if format_ == "raw" else converted(source, "image", format_, options).read_bytes()


def package(data: bytes, kind: str, attributes: str = "", more: Mapping[str, bytes] | None = None) -> Packed:
    ovf = replace(Vmware(), files=file("disk.img", attributes=attributes), disks=disk(format_=KINDS[kind][0]))
    files = {"web.ovf": ovf.text().encode(), "disk.img": data} if data else {"web.ovf": ovf.text().encode()}
    return Packed({**files, **(more or {})})


def made(packed: Packed, tmp_path: Path, as_ova: bool) -> Export:
    return exports(packed.ova(tmp_path / "web.ova") if as_ova else packed.folder(tmp_path / "in"))[0]


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


@pytest.mark.parametrize("kind", [*KINDS, "blank"])
def test_the_tools_roots_newer_qemu_serves_each_kind_too(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "blank":
        packed = Packed({"web.ovf": replace(Vmware(), files="", disks=disk(ref=False)).text().encode()})
    else:
        packed = package(image(tmp_path / "made", kind), kind)
    export = made(packed, tmp_path, True)
    use_newer("qemu-nbd", tmp_path / "bin", monkeypatch)
    assert content(export, tmp_path / "scratch", serve=True) == (bytes(SIZE) if kind == "blank" else CONTENT)


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


def test_the_server_is_read_only_and_has_room_for_several(tmp_path: Path) -> None:
    export = made(package(image(tmp_path / "made", "qcow2"), "qcow2"), tmp_path, True)
    with opened(export, tmp_path / "scratch") as server:
        assert isinstance(server, NbdServer)
        handles = [nbd.NBD() for _ in range(server.connections)]
        for handle in handles:
            handle.connect_uri(server.uri)
        assert all(handle.can_multi_conn() and handle.is_read_only() for handle in handles)
        for handle in handles:
            handle.shutdown()


def test_a_socket_fits_even_where_the_scratch_folder_is_deep(tmp_path: Path) -> None:
    export = made(package(image(tmp_path / "made", "qcow2"), "qcow2"), tmp_path, True)
    scratch = tmp_path / "deep" / ("d" * 120)
    assert content(export, scratch) == CONTENT
    assert list(scratch.iterdir()) == []


def test_a_scratch_folder_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = made(package(image(tmp_path / "made", "qcow2"), "qcow2"), tmp_path, True)
    monkeypatch.chdir(tmp_path)
    assert content(export, Path("scratch")) == CONTENT


def test_a_qcow2_that_qemu_cannot_read_is_told_in_its_words(tmp_path: Path) -> None:
    data = bytearray(image(tmp_path / "made", "qcow2"))
    data[40:48] = b"\xff" * 8  # the first table's place
    export = made(package(bytes(data), "qcow2"), tmp_path, True)
    with pytest.raises(MtvError, match="qemu-nbd cannot read it") as caught:
        content(export, tmp_path / "scratch")
    assert caught.value.fault.code == "source.image"


@pytest.mark.parametrize("option", ["backing", "data-file"])
@pytest.mark.parametrize("as_ova", [True, False])
def test_a_qcow2_that_would_read_the_hosts_files_is_refused(tmp_path: Path, option: str, as_ova: bool) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"s" * SIZE)
    path = tmp_path / "a.qcow2"
    arguments = (
        ["-b", str(secret), "-F", "raw"] if option == "backing" else ["-o", f"data_file={secret},data_file_raw=on"]
    )
    size = [] if option == "backing" else [str(SIZE)]
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *arguments, path, *size], check=True)
    with pytest.raises(MtvError) as caught:
        made(package(path.read_bytes(), "qcow2"), tmp_path, as_ova)
    assert caught.value.fault.code == f"qcow2.{option}"


def test_a_backing_file_that_appears_after_the_freeze_is_not_read(tmp_path: Path) -> None:
    """The same inode, size and time, so only the header tells: it is read again before qemu starts."""
    folder = package(image(tmp_path / "made", "qcow2"), "qcow2").folder(tmp_path / "in")
    export = exports(folder)[0]
    path = folder / "disk.img"
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[8:16], data[16:20] = (1000).to_bytes(8, "big"), (11).to_bytes(4, "big")
    with path.open("r+b") as out:
        out.write(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(MtvError) as caught:
        content(export, tmp_path / "scratch")
    assert caught.value.fault.code == "qcow2.backing"


# faults


@pytest.mark.parametrize("kind", ["raw", "vmdk-stream", "qcow2"])
@pytest.mark.parametrize("change", ["grown", "touched", "replaced", "truncated", "gone"])
def test_a_source_that_changed_since_the_freeze_is_told(tmp_path: Path, kind: str, change: str) -> None:
    path = package(image(tmp_path / "made", kind), kind).ova(tmp_path / "web.ova")
    export = exports(path)[0]
    if change == "grown":
        with path.open("ab") as out:
            out.write(bytes(512))
    elif change == "touched":
        os.utime(path, (1, 1))
    elif change == "replaced":
        old = path.read_bytes()
        path.rename(tmp_path / "old.ova")
        path.write_bytes(old)
        os.utime(path, ns=((tmp_path / "old.ova").stat().st_mtime_ns,) * 2)
    elif change == "truncated":
        os.truncate(path, 4096)
    else:
        path.unlink()
    with pytest.raises(MtvError) as caught:
        content(export, tmp_path / "scratch")
    assert isinstance(caught.value, Held)
    assert caught.value.fault.code == ("source.unreadable" if change == "gone" else "source.changed")
    assert "web.ova" in str(caught.value)


def read_while(export: Export, tmp_path: Path, change: Callable[[], None]) -> None:
    """Opens it, lets something happen, reads a MiB."""
    with opened(export, tmp_path / "scratch") as reader:
        change()
        reader.read_into(1000, memoryview(bytearray(1 << 20)))  # type: ignore[union-attr]


def test_a_source_that_changes_while_it_is_read_voids_what_was_read(tmp_path: Path) -> None:
    path = package(CONTENT, "raw").ova(tmp_path / "web.ova")
    export = exports(path)[0]
    with pytest.raises(Held) as caught:
        read_while(export, tmp_path, lambda: os.utime(path, (1, 1)))
    assert caught.value.fault.code == "source.changed"


def test_a_source_cut_off_while_it_is_read_is_never_zeroes(tmp_path: Path) -> None:
    folder = package(CONTENT, "raw").folder(tmp_path / "in")
    export = exports(folder)[0]
    with pytest.raises(Temporary, match="ends at byte 5000") as caught:
        read_while(export, tmp_path, lambda: os.truncate(folder / "disk.img", 5000))
    assert caught.value.fault.code == "source.changed"


@pytest.mark.parametrize("kind", ["raw", "vmdk-stream"])
def test_read_errors_for_a_while_are_told_with_their_place(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = made(package(image(tmp_path / "made", kind), kind), tmp_path, True)
    real, failing = os.preadv, [True]

    def preadv(descriptor: int, buffers: list[memoryview], offset: int) -> int:
        if failing[0] and offset + len(buffers[0]) > 100_000:
            raise OSError(5, "Input/output error")
        return real(descriptor, buffers, offset)

    with opened(export, tmp_path / "scratch") as reader:
        assert not isinstance(reader, NbdServer)
        monkeypatch.setattr("os.preadv", preadv)
        out = bytearray(1 << 20)
        with pytest.raises(Temporary, match="web.ova: .* bytes at .* input/output error") as caught:
            reader.read_into(0, memoryview(out))  # type: ignore[union-attr]
        assert caught.value.fault.code == "source.read"
        failing[0] = False
        reader.read_into(0, memoryview(out))  # type: ignore[union-attr]
        assert out == CONTENT[: 1 << 20]


def test_short_reads_go_on_until_all_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = made(package(CONTENT, "raw"), tmp_path, True)
    real = os.preadv
    monkeypatch.setattr("os.preadv", lambda fd, buffers, offset: real(fd, [buffers[0][:777]], offset))
    with opened(export, tmp_path / "scratch") as reader:
        out = bytearray(100_000)
        reader.read_into(50_000, memoryview(out))  # type: ignore[union-attr]
    assert out == CONTENT[50_000:150_000]


def test_an_unreadable_file_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = made(package(CONTENT, "raw"), tmp_path, True)

    def refuse(*given: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(Held, match="permission denied") as caught:
        content(export, tmp_path / "scratch")
    assert caught.value.fault.code == "source.unreadable"


# spools and bombs


def spooled(tmp_path: Path) -> Export:
    data = zipped(image(tmp_path / "made", "qcow2"))
    return made(package(data, "qcow2", 'ovf:compression="gzip"'), tmp_path, True)


def test_a_spool_needs_space_before_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = spooled(tmp_path)
    monkeypatch.setattr(spool, "RESERVE_BYTES", 1 << 62)
    with pytest.raises(Held, match="bytes are needed") as caught:
        content(export, tmp_path / "scratch")
    assert caught.value.fault.code == "worker.no-space"


def test_a_spool_stops_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = spooled(tmp_path)
    real = Path.open

    def full(path: Path, *mode: str) -> object:
        return real(Path("/dev/full"), *mode) if path.name.startswith("spool-") else real(path, *mode)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(Held) as caught:
        content(export, tmp_path / "scratch")
    assert caught.value.fault.code == "worker.no-space"


def test_a_spool_of_a_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = gzip.compress(image(tmp_path / "made", "qcow2") + bytes(200 << 20))
    export = made(package(data, "qcow2", 'ovf:compression="gzip"'), tmp_path, True)
    written: list[int] = []
    real = spool._check_space

    def check(path: Path, needed: int, what: str) -> None:
        written.append(path.stat().st_size if path.exists() else 0)
        real(path, needed, what)

    monkeypatch.setattr(spool, "_check_space", check)
    with pytest.raises(MtvError, match="expands to over") as caught:
        content(export, tmp_path / "scratch")
    assert caught.value.fault.code == "gzip.size"
    assert max(written) < 100 << 20


@pytest.mark.parametrize("length", [SIZE - 512, SIZE + 1, SIZE + (100 << 20)])
def test_a_raw_stream_of_another_length_is_refused(tmp_path: Path, length: int) -> None:
    data = zipped(CONTENT[:length].ljust(length, b"\0"))
    export = made(package(data, "raw", 'ovf:compression="gzip"'), tmp_path, True)
    with pytest.raises(MtvError, match="expands to") as caught:
        content(export, tmp_path / "scratch")
    assert caught.value.fault.code == "gzip.size"


def test_a_spool_is_of_ourselves_alone(tmp_path: Path) -> None:
    export = spooled(tmp_path)
    with opened(export, tmp_path / "scratch"):
        names = list((tmp_path / "scratch").iterdir())
        assert sorted(one.name.split("-")[0] for one in names) == ["nbd", "spool"]
        folder = next(one for one in names if one.is_dir())
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        file_ = next(one for one in names if one.is_file())
        assert stat.S_IMODE(file_.stat().st_mode) == 0o600


def test_streams_in_builders_are_what_they_say(tmp_path: Path) -> None:
    assert stream(tmp_path)[:4] == b"KDMV"


def test_what_is_measured_is_the_whole_disk(tmp_path: Path) -> None:
    export = packed(tmp_path, raw(tmp_path))
    hashes = decode(export, tmp_path / "scratch", tmp_path / "ours.raw")
    subprocess.run(peer(export, tmp_path / "theirs.raw"), check=True)
    assert (tmp_path / "ours.raw").read_bytes() == (tmp_path / "theirs.raw").read_bytes() == CONTENT
    for number, digest in hashes.items():
        assert digest == blake3(CONTENT[number << 20 : (number + 1) << 20]).digest()
