"""What goes wrong while a disk is read: it comes whole all the same, or the reason is told; nothing of ours is left."""

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from mtv.converters.transfer import disks as transferring
from mtv.errors import CheckFailed, Held, MtvError
from mtv.providers.vsphere.rights.roles import EXPORT, FOLDER
from mtv.providers.vsphere.ways import folder, lease, sharing
from mtv.providers.vsphere.ways.folder import Folder
from mtv.providers.vsphere.ways.streams import Stream
from mtv.settings import settings
from tests.providers.vsphere.ways.moving import Move, moving
from tests.vcenter.machines import MIB, Wish, allow, write
from tests.vcenter.server import COPY, VCenter
from tests.vcenter.test_power import until

SIZE = 26 * MIB  # four windows


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = replace(
        settings(), busy_wait_s=0.01, busy_s=20, read_stall_s=0.4, stream_stall_s=0.4, lease_poll_s=0.05,
        lease_wait_s=5, reconnect_s=(0, 0, 0),
    )  # fmt: skip
    monkeypatch.setattr(sharing, "settings", lambda: limits)
    monkeypatch.setattr(transferring, "settings", lambda: limits)
    monkeypatch.setattr(lease, "_TOLD", set())


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "settings", lambda: replace(settings(), busy_wait_s=0.01, busy_s=0.05))


@pytest.fixture
def begin(vc: VCenter, admin: Any, tmp_path: Path) -> Iterator[Callable[[str, str], Move]]:
    """A VM to be read by that way with its role alone; afterwards, that nothing of ours is left there."""
    allow(admin, COPY, FOLDER.given + EXPORT.given)

    def begun(way: str, name: str) -> Move:
        move = moving(vc, admin, tmp_path, Wish(name, disks=(SIZE,)), COPY)
        move.way = way
        return move

    yield begun
    vc.mend()
    state = vc.state()
    assert state["leases"] == []
    assert [one for one in state["sessions"] if one["user"].lower().startswith("copy")] == []


def at_request(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], object]) -> None:
    """Once that many ranges were asked for."""
    asked, ask = [0], Folder._ask

    def counting(self: Folder, *how: Any) -> Any:
        asked[0] += 1
        if asked[0] == number:
            act()
        return ask(self, *how)

    monkeypatch.setattr(Folder, "_ask", counting)


def at_piece(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], object]) -> None:
    """Once so many pieces of a stream have come."""
    pieces, came = Stream._pieces, [0]

    def counting(self: Stream) -> Iterator[bytes]:
        for piece in pieces(self):
            yield piece
            came[0] += 1
            if came[0] == number:
                act()

    monkeypatch.setattr(Stream, "_pieces", counting)
    monkeypatch.setattr("mtv.providers.vsphere.ways.streams.PIECE_BYTES", 64 << 10)


Begin = Callable[[str, str], Move]


def test_a_session_that_is_lost_is_begun_anew(vc: VCenter, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    move = begin("folder", "read-session")
    at_request(monkeypatch, 5, lambda: vc.expire(COPY))
    move.go()
    assert move.is_equal()
    assert move.warnings == []


def test_a_busy_server_is_asked_again(vc: VCenter, begin: Begin) -> None:
    move = begin("folder", "read-busy")
    vc.spoil("/folder", "status", status=503, skip=4, times=40, retry_after=60)
    move.go()
    assert move.is_equal()
    assert move.warnings == []


def test_a_server_that_is_busy_for_a_minute(vc: VCenter, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of simulated time: nobody waits for it."""
    waited: list[float] = []
    lock = threading.Lock()

    def sleep(seconds: float) -> None:
        with lock:
            waited.append(seconds)
            if sum(waited) > 60:
                vc.mend()

    monkeypatch.setattr(sharing, "settings", settings)
    monkeypatch.setattr(folder, "time", SimpleNamespace(monotonic=lambda: sum(waited), sleep=sleep))
    move = begin("folder", "read-minute")
    vc.spoil("/folder", "status", status=503, skip=4)
    move.go()
    assert move.is_equal()
    assert move.warnings == []
    assert sum(waited) > 60


def test_a_server_that_stays_busy_holds_the_move(vc: VCenter, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)
    move = begin("folder", "read-503")
    vc.spoil("/folder", "status", status=503, skip=4)
    with pytest.raises(Held, match="is too busy"):
        move.go()
    vc.mend()
    move.go(zeroed=False)  # the next attempt goes on
    assert move.is_equal()


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_connections_that_break_again_and_again(vc: VCenter, begin: Begin, kind: str) -> None:
    move = begin("folder", f"read-{kind}")
    vc.spoil("/folder", kind, after_bytes=700_000, times=12, skip=3)
    move.go()
    assert move.is_equal()
    assert move.warnings == []


def test_a_socket_that_hangs_is_given_up_and_opened_again(vc: VCenter, begin: Begin) -> None:
    move = begin("folder", "read-hung")
    vc.spoil("/folder", "hang", after_bytes=100_000, times=1, skip=4)
    move.go()
    assert move.is_equal()
    assert ["did not answer in time" in one for one in move.warnings] == [True]


@pytest.mark.parametrize(
    ("status", "error", "text"),
    [
        (200, MtvError, "gives no part of a file"),
        (206, Held, "was asked for bytes="),
        (403, CheckFailed, "may not read the datastore"),
        (404, Held, "has the disk's file no more"),
        (416, Held, "has the disk's file no more"),
        (500, Held, "something else has read-500 open"),
        (418, Held, "answers 418"),
    ],
)
def test_a_file_that_is_not_given(vc: VCenter, begin: Begin, status: int, error: type[MtvError], text: str) -> None:
    move = begin("folder", f"read-{status}")
    vc.spoil("/folder", "status", status=status, skip=4, body="all of it")
    with pytest.raises(error, match=text):
        move.go()


def test_a_vm_that_is_switched_on_meanwhile(begin: Begin, admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    move = begin("folder", "read-on")
    vm = vim.VirtualMachine(move.vm.id, admin._stub)
    at_request(monkeypatch, 5, lambda: WaitForTask(vm.PowerOnVM_Task()))
    with pytest.raises(Held, match="read-on was switched on"):
        move.go()


@pytest.mark.parametrize("way", ["folder", "export"])
def test_a_vm_that_is_on_is_not_begun(begin: Begin, admin: Any, way: str) -> None:
    move = begin(way, f"read-{way}-runs")
    WaitForTask(vim.VirtualMachine(move.vm.id, admin._stub).PowerOnVM_Task())
    with pytest.raises(Held, match="was switched on"):
        move.go()


@pytest.mark.parametrize("way", ["folder", "export"])
def test_a_vm_that_is_gone(begin: Begin, admin: Any, way: str) -> None:
    move = begin(way, f"read-{way}-gone")
    WaitForTask(vim.VirtualMachine(move.vm.id, admin._stub).Destroy_Task())
    with pytest.raises(Held, match="is there no more"):
        move.go()


@pytest.mark.parametrize("way", ["folder", "export"])
def test_a_disk_that_is_another_file_now(begin: Begin, way: str) -> None:
    move = begin(way, f"read-{way}-moved")
    with pytest.raises(Held, match="when it was planned, and is"):
        move.go(path="[LocalDS_1] moved/moved.vmdk")


def test_a_datastore_that_is_lost(vc: VCenter, begin: Begin, admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)
    move = begin("folder", "read-store")
    (store,) = vim.VirtualMachine(move.vm.id, admin._stub).datastore
    at_request(monkeypatch, 5, lambda: vc.put(store, "summary.accessible", False))
    try:
        with pytest.raises(Held, match="is too busy"):
            move.go()
    finally:
        vc.put(store, "summary.accessible", True)


@pytest.mark.parametrize("way", ["folder", "export"])
def test_a_certificate_that_is_another_than_the_engine_saw(vc: VCenter, begin: Begin, way: str) -> None:
    move = begin(way, f"read-{way}-certificate")
    move.export()  # the engine's word
    vc.show_certificate(vc.authority.issue("rotated-since"))
    with pytest.raises(CheckFailed) as refused:
        move.go()
    assert refused.value.fault.code == "vsphere.certificate-changed"


def test_a_certificate_that_changes_in_the_middle(vc: VCenter, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    move = begin("folder", "read-rotated")
    vc.spoil("/folder", "reset", after_bytes=10_000, skip=4)
    at_request(monkeypatch, 5, lambda: vc.show_certificate(vc.authority.issue("rotated-now")))
    with pytest.raises(CheckFailed, match="changed while we worked"):
        move.go()
    vc.show_certificate(vc.certificate)


def test_a_lease_whose_session_is_lost_is_opened_anew(
    vc: VCenter, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = begin("export", "read-lease-session")
    at_piece(monkeypatch, 3, lambda: vc.expire(COPY))
    move.go()
    assert move.is_equal()
    assert len(move.warnings) >= 1


@pytest.mark.parametrize(("kind", "text"), [("reset", "broke"), ("truncate", "broke"), ("hang", "in time")])
def test_a_stream_that_breaks_is_begun_again(vc: VCenter, begin: Begin, kind: str, text: str) -> None:
    move = begin("export", f"read-stream-{kind}")
    vc.spoil("/nfc", kind, after_bytes=2 * MIB, times=1)
    move.go()
    assert move.is_equal()
    assert len(move.warnings) == 1
    assert text in move.warnings[0]


def test_a_dead_workers_lease_is_waited_for(vc: VCenter, begin: Begin, admin: Any) -> None:
    """It said so first; the server ended that lease, which nobody kept alive, by itself."""
    move = begin("export", "read-dead")
    vc.timings(lease_ms=1200)
    vim.VirtualMachine(move.vm.id, admin._stub).ExportVm()
    move.go()
    assert move.is_equal()
    assert len(move.warnings) == 1
    assert "ended by the server after 5 minutes, until then the VM waits" in move.warnings[0]


def test_a_lease_that_its_server_ends_is_opened_anew(
    vc: VCenter, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody keeps it alive: its stream is cut, beyond what lies on the way already."""
    move = begin("export", "read-late")
    write(vc, move.vm.id, 0, random.Random(1).randbytes(SIZE))
    monkeypatch.setattr(lease.Lease, "_keep", lambda self: None)
    vc.timings(lease_ms=150)

    def wait() -> None:
        assert until(lambda: vc.state()["leases"] == [])
        vc.timings(lease_ms=300_000)

    at_piece(monkeypatch, 2, wait)
    move.go()
    assert move.is_equal()
    assert len(move.warnings) == 1


def test_a_lease_is_kept_alive_longer_than_its_limit(
    vc: VCenter, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = begin("export", "read-kept")
    write(vc, move.vm.id, 0, random.Random(1).randbytes(SIZE))
    vc.timings(lease_ms=600)
    monkeypatch.setattr(lease, "KEEP_S", 0.1)
    at_piece(monkeypatch, 2, lambda: until(lambda: False, 1.2))
    assert move.go()["checks"] != {}
    assert move.is_equal()
    assert move.warnings == []


@pytest.mark.parametrize("way", ["folder", "export"])
def test_what_is_told_to_stop_leaves_nothing_behind(begin: Begin, way: str) -> None:
    move = begin(way, f"read-{way}-stop")
    asked = iter(range(10))
    move.stopping = lambda: next(asked, 10) > 5
    with pytest.raises(MtvError) as stopped:
        move.go()
    assert stopped.value.fault.code == "worker.stopped"
