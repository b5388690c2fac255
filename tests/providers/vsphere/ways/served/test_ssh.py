"""Flat files of an ESXi alone over a real SSH server."""

import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mtv.converters.transfer import disks
from mtv.converters.transfer.readers.nbd import size_bytes
from mtv.errors import CheckFailed, Held, MtvError, Temporary
from mtv.model.estate import Json
from mtv.model.points import Export
from mtv.providers.vsphere.ways.served.ssh import open_ssh, remote_path
from mtv.settings import Settings
from tests.providers.vsphere.ways.served.copying import PASSWORD, Copy, scattered
from tests.providers.vsphere.ways.served.sshd import USER, Sshd, sshd

MIB = 1 << 20
PATH = "[local 1] db 01/db 01.vmdk"
FLAT = "[local 1] db 01/db 01-flat.vmdk"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's sshd may let passwords in")


@dataclass
class Scene:
    copy: Copy
    server: Sshd

    def told(self, **params: str | int) -> None:
        self.copy.export = replace(self.copy.export, params={**self.copy.export.params, **params})

    def fails(self) -> MtvError:
        copy = self.copy
        with pytest.raises(MtvError) as caught, open_ssh(copy.export, copy.scratch, copy.secrets) as server:
            size_bytes(server)
        return caught.value


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    with sshd(tmp_path / "esxi", PASSWORD) as made:
        yield made


@pytest.fixture
def scene(tmp_path: Path, server: Sshd, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """By key; `as_root` tests log in by password."""
    limits = Settings(reconnect_s=(0, 0, 0))
    monkeypatch.setattr(disks, "settings", lambda: limits)
    source = scattered(tmp_path / "source.raw", 9 * MIB + 512)
    server.offer(FLAT, source)
    params: dict[str, Json] = {"url": "127.0.0.1", "user": USER, "path": PATH, "known_hosts": str(server.known_hosts),
                               "port": server.port, "key": str(server.key)}  # fmt: skip
    export = Export(
        id="p/2000", kind="random", way="vsphere.ssh", size_bytes=9 * MIB + 512, identity="one", params=params
    )  # fmt: skip
    return Scene(Copy(tmp_path, source, export, open_ssh), server)


@as_root
def test_a_disk_is_copied_by_password_and_that_is_nowhere_else(scene: Scene) -> None:
    scene.told(key="")
    scene.copy.go()
    assert scene.copy.is_equal()
    assert PASSWORD.decode() not in scene.copy.said
    assert f"Accepted password for {USER}" in scene.server.log


def test_a_disk_is_copied_by_key(scene: Scene) -> None:
    scene.copy.go()
    assert scene.copy.is_equal()
    assert f"Accepted publickey for {USER}" in scene.server.log


def test_holes_are_read_and_stay_holes(scene: Scene) -> None:
    scene.copy.go()
    assert scene.copy.facts["d"]["read_bytes"] == scene.copy.source.stat().st_size
    assert scene.copy.target.stat().st_blocks <= scene.copy.source.stat().st_blocks + 2048


@as_root
def test_a_refused_password_is_not_tried_again(scene: Scene) -> None:
    scene.copy.password = b"hunter2"
    scene.told(key="")
    with pytest.raises(CheckFailed) as caught:
        scene.copy.go()
    assert caught.value.fault.code == "ssh.login"
    assert scene.server.log.count("Failed password") == 1


def test_a_refused_key(scene: Scene) -> None:
    scene.told(key=str(scene.server.folder / "other"))
    error = scene.fails()
    assert (error.fault.code, type(error)) == ("ssh.login", CheckFailed)


def test_another_host_key_than_the_known_one_is_told_nothing(scene: Scene) -> None:
    scene.server.know("other")
    error = scene.fails()
    assert (error.fault.code, type(error)) == ("ssh.host-key", CheckFailed)
    assert "Accepted" not in scene.server.log


def test_a_host_that_nobody_knows(scene: Scene) -> None:
    scene.server.known_hosts.write_text("")
    assert scene.fails().fault.code == "ssh.host-key"
    scene.server.known_hosts.unlink()
    error = scene.fails()
    assert (error.fault.code, "ssh USER@127.0.0.1" in error.fault.hint) == ("ssh.known-hosts", True)


def test_a_disk_that_is_gone(scene: Scene) -> None:
    scene.told(path="[local 1] db 01/other.vmdk")
    error = scene.fails()
    assert (error.fault.code, type(error)) == ("ssh.no-disk", Held)


def test_ssh_is_off(scene: Scene) -> None:
    scene.told(port=1)
    error = scene.fails()
    assert (error.fault.code, type(error)) == ("ssh.connection", Temporary)


def test_connections_that_break_off_are_opened_again(scene: Scene) -> None:
    scene.copy.rate_bytes_per_s = 8 * MIB
    killer = threading.Thread(target=scene.server.hang_up)
    killer.start()
    scene.copy.go()
    killer.join()
    assert scene.copy.is_equal()
    assert len(scene.copy.warnings) == 1


def test_a_file_in_use_is_tried_again(scene: Scene) -> None:
    """As an ESXi says of the file of a running VM: a socket cannot be opened either."""
    place = scene.server.folder / "vmfs/volumes/local 1/db 01/db 01-flat.vmdk"
    place.unlink()
    os.mknod(place, stat.S_IFSOCK | 0o600)
    error = scene.fails()
    assert (error.fault.code, type(error)) == ("ssh.locked", Temporary)


def test_nothing_is_left(scene: Scene) -> None:
    scene.copy.go()
    assert {one.name for one in scene.copy.scratch.iterdir()} == {"nbdkit.log"}


@pytest.mark.parametrize("path", ["db01.vmdk", "[gold]", "[gold] ../other/x.vmdk", "[..] x.vmdk", "[a/b] x.vmdk", ""])
def test_paths_that_are_none(path: str) -> None:
    with pytest.raises(MtvError) as caught:
        remote_path(path)
    assert caught.value.fault.code == "ssh.path"
