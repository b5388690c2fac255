"""Disks by the real nbdkit vddk plugin over a stub of VMware's library: what is asked of it, and what is made of its
refusals."""

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import nbd
import pytest

from mtv import process, toolsroot
from mtv.converters.transfer import disks
from mtv.converters.transfer.readers.nbd import size_bytes
from mtv.errors import CheckFailed, Held, MtvError, Temporary
from mtv.model.points import Export
from mtv.model.reading import NbdServer
from mtv.plans.files.schema import LimitsPart
from mtv.providers.vsphere.ways.served import nbdkit
from mtv.providers.vsphere.ways.served.vddk import open_vddk
from mtv.settings import Settings, settings
from tests.providers.vsphere.opening import Impostor
from tests.providers.vsphere.ways.served.copying import PASSWORD, Copy, scattered
from tests.vddk.library import VERSIONS, Stub, library

MIB = 1 << 20
PATH = "[gold] db 01/db, 01.vmdk"
SIZE = 24 * MIB + 3 * 512  # no whole number of 64 KiB: VMware's library tells areas of whole ones only
USER = "reader@vsphere.local"


@dataclass
class Scene:
    copy: Copy
    stub: Stub
    server: Impostor

    def behaves(self, **ways: str | int) -> None:
        """As a vCenter that knows one account and one VM would, and in those ways."""
        known: dict[str, str | int] = {"user": USER, "password": PASSWORD.decode(), "vm": "moref=vm-42",
                                       "server": "127.0.0.1", "thumbprint": self.server.certificate.sha1}  # fmt: skip
        self.stub.behave(**{**known, **ways})

    def opens(self, serve: bool = False) -> int:
        """Opened as a worker does, and asked for its size."""
        copy = self.copy
        with open_vddk(copy.export, copy.scratch, copy.secrets, serve=serve) as server:
            return size_bytes(server)

    def fails(self) -> MtvError:
        with pytest.raises(MtvError) as caught:
            self.opens()
        return caught.value

    def told(self, **params: str) -> None:
        self.copy.export = replace(self.copy.export, params={**self.copy.export.params, **params})

    @property
    def logins(self) -> list[str]:
        return re.findall(r"stub: connect (.*)", self.copy.said)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Settings(reconnect_s=(0, 0, 0))
    monkeypatch.setattr(disks, "settings", lambda: limits)


@pytest.fixture
def scene(tmp_path: Path, impostor: Impostor, monkeypatch: pytest.MonkeyPatch, hasty: None) -> Scene:
    source = scattered(tmp_path / "source.raw", SIZE)
    stub = library(tmp_path / "vddk")
    monkeypatch.setenv("MTV_VDDK", str(stub.folder))
    pin = impostor.certificate.sha256.replace(":", "").lower()
    params = {"url": str(impostor.address), "user": USER, "name": "db01", "path": PATH, "vm": "vm-42", "snapshot": "",
              "fingerprint": pin}  # fmt: skip
    export = Export(id="p/2000", kind="random", way="vsphere.vddk", size_bytes=SIZE, identity="one", params=params)
    made = Scene(Copy(tmp_path, source, export, open_vddk), stub, impostor)
    stub.offer(PATH, source)
    made.behaves()
    return made


def test_a_disk_is_copied_and_its_holes_are_not_read(scene: Scene) -> None:
    scene.copy.go()
    assert scene.copy.is_equal()
    read = int(scene.copy.facts["d"]["read_bytes"])
    assert scene.copy.source.stat().st_blocks * 512 <= read < SIZE // 2


@pytest.mark.parametrize("version", [one for one in VERSIONS if one > "6.0"])
def test_every_version_that_nbdkit_can_use(scene: Scene, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """9 under the name of 8, which is all that nbdkit 1.42 looks for; 6.5 tells no areas, so all is read."""
    stub = library(scene.copy.folder / version, version)
    stub.offer(PATH, scene.copy.source)
    monkeypatch.setenv("MTV_VDDK", str(stub.folder / "lib64" if version == "7.0" else stub.folder))
    scene.copy.go()
    assert scene.copy.is_equal()
    assert f"stub: version {VERSIONS[version]}," in scene.copy.said
    assert (scene.copy.facts["d"]["read_bytes"] == SIZE) is (version == "6.5")


def test_where_areas_are_not_told_all_of_it_is_read(scene: Scene) -> None:
    scene.behaves(no_areas=1)
    scene.copy.go()
    assert scene.copy.is_equal()
    assert scene.copy.facts["d"]["read_bytes"] == SIZE


def test_what_the_library_is_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTV_VDDK_COMPRESSION", "skipz")
    scene.told(snapshot="snapshot-7")
    scene.behaves(snapshot="snapshot-7")
    assert scene.opens() == SIZE
    port = scene.server.address.port
    assert scene.logins == [
        f"server=127.0.0.1 port={port} user={USER} vm=moref=vm-42 snapshot=snapshot-7 transports=nbdssl read_only=1"
    ]
    assert f"stub: open {PATH} flags={4 | 64}" in scene.copy.said  # read only, skipz
    assert "stub: config vixDiskLib.nfcAio.Session.BufSizeIn64KB=16" in scene.copy.said
    assert "stub: config vixDiskLib.nfcAio.Session.BufCount=4" in scene.copy.said


def test_a_disk_is_open_twice_at_the_most(scene: Scene) -> None:
    """Once to be read, once to be asked for its areas: what a host has memory for is counted by that."""
    scene.behaves(delay_us=2000, opens=2)
    scene.copy.go()
    assert scene.copy.is_equal()
    assert not scene.copy.warnings
    assert len(scene.logins) == 3  # each is a session at the vCenter
    buffers = settings().vddk_buffers * settings().vddk_buffer_bytes
    assert 2 * LimitsPart().per_host * buffers <= settings().host_buffers_bytes
    assert 2 * LimitsPart().per_host <= settings().host_opens


def test_the_password_is_nowhere_but_in_its_file(scene: Scene) -> None:
    copy = scene.copy
    with open_vddk(copy.export, copy.scratch, copy.secrets) as server:
        size_bytes(server)
        seen = b"".join(part for pid in process.descendants(os.getpid()) for part in told(pid))
        assert b"nbdkit" in seen
        assert PASSWORD not in seen
    for file in (one for one in copy.folder.rglob("*") if one.is_file() and one.parent != copy.secrets):
        assert PASSWORD not in file.read_bytes() or file.name == "stub.conf", file
    assert copy.scratch.joinpath("nbdkit.log").stat().st_mode & 0o77 == 0


def told(pid: int) -> Iterator[bytes]:
    for name in ("cmdline", "environ"):
        with suppress(OSError):  # one that has just ended
            yield Path(f"/proc/{pid}/{name}").read_bytes()


def test_nothing_is_left(scene: Scene) -> None:
    scene.copy.go()
    assert {one.name for one in scene.copy.scratch.iterdir()} == {"nbdkit.log", "vddk.conf"}
    assert nbdkits() == []


def test_qemu_can_be_served(scene: Scene) -> None:
    copy = scene.copy
    with open_vddk(copy.export, copy.scratch, copy.secrets, serve=True) as server:
        told = process.run(["qemu-img", "info", "--output=json", server.uri]).out
    assert f'"virtual-size": {SIZE}' in told


def test_a_disk_with_a_path_too_long_for_a_socket(scene: Scene) -> None:
    scene.copy.folder = scene.copy.folder / ("x" * 100)
    scene.copy.go()
    assert scene.copy.is_equal()


def test_without_a_library_it_is_said_where_to_name_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MTV_VDDK")
    assert (scene.fails().fault.code, "MTV_VDDK" in scene.fails().fault.hint) == ("vddk.library", True)
    monkeypatch.setenv("MTV_VDDK", str(scene.copy.folder / "nowhere"))
    assert scene.fails().fault.code == "vddk.library"


def test_a_library_that_does_not_load(scene: Scene) -> None:
    for file in scene.stub.folder.glob("lib64/*"):
        file.unlink()
    (scene.stub.folder / "lib64/libvixDiskLib.so.8").write_text("no library")
    error = scene.fails()
    assert (error.fault.code, type(error)) == ("vddk.library", MtvError)
    assert "libvixDiskLib.so.8" in error.fault.text


def test_a_library_that_is_too_old(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTV_VDDK", str(library(scene.copy.folder / "6.0", "6.0").folder))
    assert scene.fails().fault.code == "vddk.version"


def test_a_setting_that_nbdkit_does_not_know(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTV_VDDK_COMPRESSION", "lzma")
    error = scene.fails()
    assert (error.fault.code, type(error)) == ("process.failed", MtvError)
    assert "unknown compression type: lzma" in error.fault.text


def test_neither_a_plugin_nor_a_tools_root(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nbdkit, "has_plugin", lambda name: False)
    monkeypatch.setattr(toolsroot, "available", lambda: False)
    assert scene.fails().fault.code == "source.plugin"


def test_a_refused_password_is_not_tried_again(scene: Scene) -> None:
    scene.copy.password = b"hunter2"
    with pytest.raises(CheckFailed) as caught:
        scene.copy.go()
    assert caught.value.fault.code == "vddk.login"
    assert f"db01: disk d: {PATH}: " in caught.value.fault.text
    assert len(scene.logins) == 1


def test_another_certificate_than_the_pinned_one_is_told_no_password(scene: Scene) -> None:
    scene.server.show(scene.server.authority.issue("another"))
    assert scene.fails().fault.code == "vsphere.certificate-changed"
    assert not scene.copy.scratch.joinpath("nbdkit.log").exists()


def test_a_certificate_that_changes_between_us_and_the_library(scene: Scene) -> None:
    scene.behaves(thumbprint="AA:" * 19 + "AA")
    error = scene.fails()
    assert (error.fault.code, type(error)) == ("vddk.certificate", CheckFailed)


@pytest.mark.parametrize(
    ("way", "code", "kind"),
    [
        ("locked", "vddk.locked", Temporary),
        ("missing", "vddk.no-disk", Held),
        ("refused", "vddk.connection", Temporary),
        ("forbidden", "vddk.rights", CheckFailed),
    ],
)
def test_refusals(scene: Scene, way: str, code: str, kind: type[MtvError]) -> None:
    scene.behaves(**{way: 1})
    error = scene.fails()
    assert (error.fault.code, type(error)) == (code, kind)
    assert error.fault.text.startswith(PATH)


def test_a_refusal_that_nobody_knows_is_told_in_its_own_words(scene: Scene) -> None:
    scene.told(vm="vm-43")
    error = scene.fails()
    assert error.fault.code == "vddk.refused"
    assert "One of the parameters was invalid" in error.fault.text


def test_a_host_without_memory_is_asked_for_less_until_it_answers(scene: Scene) -> None:
    """The stub answers "NFC error 5" to more than 3 MiB at a time: 16 requests of 1 MiB, 8, 4, then 2; where this
    machine is so busy that 4 are not under way together, these do."""
    scene.behaves(delay_us=20_000, nfc_bytes=3 * MIB, no_areas=1)
    scene.copy.go()
    assert scene.copy.is_equal()
    times = len(scene.copy.warnings)
    assert times in (2, 3)
    assert all("NFC error 5" in text for text in scene.copy.warnings)
    assert f"stub: config vixDiskLib.nfcAio.Session.BufCount={max(1, 4 >> times)}" in scene.copy.said
    most = re.findall(r"at most (\d+) bytes under way", scene.copy.said)
    assert int(most[-1]) <= 3 * MIB


def test_a_host_that_never_has_memory_holds_the_migration(scene: Scene) -> None:
    scene.behaves(nfc_bytes=1)
    with pytest.raises(Held) as caught:
        scene.copy.go()
    assert caught.value.fault.code == "source.unreadable"
    assert "vddk.nfc-memory" in caught.value.fault.text


def test_a_part_that_cannot_be_read_holds_the_migration(scene: Scene) -> None:
    scene.behaves(fail_read="2 1")
    with pytest.raises(Held) as caught:
        scene.copy.go()
    assert caught.value.fault.code == "source.unreadable"


@pytest.mark.slow  # nbdkit does not end while its library hangs, and is given its time
def test_a_hung_read_is_given_up_and_the_disk_opened_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disks, "settings", lambda: Settings(reconnect_s=(0, 0, 0), read_stall_s=1.0))
    scene.behaves(hang_read=4)
    with meanwhile(scene, "stub: read 4 hangs", 1, scene.behaves):  # from the next opening on it is well
        scene.copy.go()
    assert scene.copy.is_equal()
    assert "answered nothing" in scene.copy.warnings[0]


def test_nbdkit_killed_in_the_midst(scene: Scene) -> None:
    scene.behaves(delay_us=300_000, no_areas=1)
    with meanwhile(scene, "stub: open", 3, lambda: os.kill(nbdkits()[-1], signal.SIGKILL)):
        scene.copy.go()
    assert scene.copy.is_equal()
    assert "nbdkit ended" in scene.copy.warnings[0]


def nbdkits() -> list[int]:
    found = []
    for pid in process.descendants(os.getpid()):
        try:
            if os.readlink(f"/proc/{pid}/exe").endswith("/nbdkit"):
                found.append(pid)
        except OSError:
            continue  # it has just ended
    return found


@contextmanager
def meanwhile(scene: Scene, words: str, times: int, then: Callable[[], object]) -> Iterator[None]:
    """Does that once nbdkit's log has those words so often."""

    def watch() -> None:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with suppress(FileNotFoundError):
                if scene.copy.said.count(words) >= times:
                    then()
                    return
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield
    watcher.join()


def test_one_connection_with_many_requests(scene: Scene) -> None:
    copy = scene.copy
    with open_vddk(copy.export, copy.scratch, copy.secrets) as server:
        assert server == NbdServer(server.uri, connections=1, depth=16, far=True)
        handle = nbd.NBD()
        handle.connect_uri(server.uri)
        assert not handle.can_multi_conn()
        handle.shutdown()
