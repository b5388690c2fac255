"""Images behind qemu-nbd: both versions of it, its socket, and what it must never open."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import nbd
import pytest

from mtv.errors import MtvError
from mtv.model.reading import NbdServer
from tests.providers.ova.asking import content, exports, opened
from tests.providers.ova.builders import SIZE, Packed, Vmware, disk
from tests.providers.ova.images import CONTENT, KINDS, image, made, package
from tests.providers.ova.tools import use_newer


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
    data[48:56] = b"\xff" * 8  # the place of the table that counts references
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
