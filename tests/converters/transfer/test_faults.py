"""Sources that fail, targets that are full and fail: never a wrong byte, never work lost that was safe."""

import errno
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mtv import settings
from mtv.converters.transfer import disks as sharing
from mtv.converters.transfer.journal import records
from mtv.converters.transfer.journal.ledger import Ledger
from mtv.converters.transfer.targets import raw
from mtv.converters.transfer.transfer import transfer
from mtv.errors import Held, MtvError
from mtv.model.estate import Json
from mtv.model.points import Export
from mtv.model.reading import NbdServer, Opened
from mtv.process import Child, run, running, wait_for_path
from tests.converters.transfer import sources
from tests.converters.transfer.attempts import blocks_told, journalled
from tests.converters.transfer.disks import MIB, Disk, fill

pytestmark = pytest.mark.usefixtures("small_steps")


def test_read_errors_for_a_while_are_waited_out(disk: Disk, tmp_path: Path) -> None:
    trigger = tmp_path / "failing"
    trigger.touch()
    disk.way, disk.options = "test.nbdkit", failing_while(trigger)
    told = list[Mapping[str, Json]]()

    def mend(kind: str, data: Mapping[str, Json]) -> None:
        if kind == "log":
            told.append(data)
            trigger.unlink(missing_ok=True)

    job = replace(disk.job("transfer", zeroed=True), say=mend)
    transfer(job)
    assert disk.is_equal()
    assert len(told) == 1
    assert "opening it again (1 of 3)" in str(told[0]["text"])


def failing_while(trigger: Path) -> dict[str, str]:
    return {"filters": "error", "options": f"error-pread=EIO error-pread-rate=1 error-pread-file={trigger}"}


def test_read_errors_for_good_are_held_and_nothing_is_lost(disk: Disk, tmp_path: Path) -> None:
    trigger = tmp_path / "failing"
    trigger.touch()
    disk.way, disk.options = "test.nbdkit", failing_while(trigger)
    with pytest.raises(Held, match=r"ledger: disk disk-0: reading at byte \d+ failed.* 4 times in a row") as caught:
        disk.transfer(zeroed=True)
    assert caught.value.fault.code == "source.unreadable"
    trigger.unlink()
    disk.transfer()
    assert disk.is_equal()


class BadSector(sources.FileReader):
    def read_into(self, offset: int, view: memoryview) -> None:
        if offset <= 3 * MIB < offset + len(view):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().read_into(offset, view)


def test_what_lies_before_a_bad_sector_is_safe(disk: Disk) -> None:
    fill(disk.source, disk.size_bytes, {0: os.urandom(5 * MIB)})

    @contextmanager
    def opened(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> Iterator[Opened]:
        reader = BadSector(disk.source)
        yield reader
        reader.close()

    disk.openers = {"test.file": opened}
    with pytest.raises(Held, match="reading .* failed"):
        disk.transfer(zeroed=True)
    assert {0, 1, 2} <= journalled(disk)
    assert 3 not in journalled(disk)


def test_a_source_cut_short_while_it_is_read_is_no_success(disk: Disk) -> None:
    """A short read is an error of the reader; opening it again then finds another file."""
    fill(disk.source, disk.size_bytes, {0: os.urandom(5 * MIB)})
    cut = threading.Event()

    class Cut(sources.FileReader):
        def read_into(self, offset: int, view: memoryview) -> None:
            if offset >= 2 * MIB and not cut.is_set():
                cut.set()
                os.truncate(disk.source, 2 * MIB)
            super().read_into(offset, view)

    @contextmanager
    def opened(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> Iterator[Opened]:
        if sources.identity(disk.source) != export.identity:
            raise Held("source.changed", "it is not what it was")
        reader = Cut(disk.source)
        yield reader
        reader.close()

    disk.openers = {"test.file": opened}
    with pytest.raises(Held, match="not what it was"):
        disk.transfer(zeroed=True)


@pytest.mark.parametrize("chunks", [[(0, b"a" * 10), (5, b"b")], [(6 * MIB, b"a")], [(5 * MIB, b"a" * MIB)]])
def test_a_stream_that_is_none_is_refused(disk: Disk, chunks: list[tuple[int, bytes]]) -> None:
    class Wrong(sources.FileStream):
        def chunks(self) -> Iterator[tuple[int, bytes]]:
            yield from chunks

    @contextmanager
    def opened(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> Iterator[Opened]:
        reader = Wrong(disk.source)
        yield reader
        reader.close()

    disk.way, disk.openers = "test.stream", {"test.stream": opened}
    with pytest.raises(MtvError, match="the stream gives"):
        disk.transfer(zeroed=True)


@pytest.mark.parametrize("kill_at", [0, 1, 3])
def test_a_killed_nbdkit_is_started_again(disk: Disk, kill_at: int) -> None:
    started = list[Child]()

    @contextmanager
    def opened(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> Iterator[Opened]:
        socket = scratch / f"{len(started)}"
        slowly = ["rate=16M", "burstiness=0.1"]  # it is killed before all was read, however busy the machine is
        argv = ["nbdkit", "-f", "-r", "-U", str(socket), "--filter=rate", "file", str(disk.source), *slowly]
        with running(argv) as child:
            wait_for_path(socket, child)
            started.append(child)
            if len(started) == 1 and kill_at == 0:
                child.kill()
            yield NbdServer(f"nbd+unix:///?socket={socket}")

    def say(kind: str, data: Mapping[str, Json]) -> None:
        if kind == "noted" and data["count"] == kill_at:
            started[0].kill()

    disk.openers = {"test.file": opened}
    count = 0
    note = Ledger.note

    def counted(ledger: Ledger, record: records.Record) -> None:
        nonlocal count
        count += 1
        note(ledger, record)
        say("noted", {"count": count})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "note", counted)
        disk.transfer(zeroed=True)
    assert len(started) == 2
    assert disk.is_equal()
    told = blocks_told(disk)
    assert len(told) == len(set(told))


@pytest.fixture
def small_room(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MiB."""
    place = tmp_path / "room"
    place.mkdir()
    if run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)], check=False).status:
        pytest.skip("only root may mount a file system that fills up")
    yield place
    run(["umount", str(place)])


def test_a_full_target_is_held_and_gone_on_with_when_there_is_room(disk: Disk, small_room: Path) -> None:
    fill(disk.source, disk.size_bytes, {0: os.urandom(5 * MIB)})
    disk.target = fill(small_room / "disk.raw", disk.size_bytes, {})
    with pytest.raises(Held, match=r"no room to write .* bytes are free") as caught:
        disk.transfer(zeroed=True)
    assert caught.value.fault.code == "target.no-space"
    assert "still to be written" in caught.value.fault.text
    safe = journalled(disk)
    assert safe
    run(["mount", "-o", "remount,size=20m", str(small_room)])
    found = disk.transfer()
    assert int(str(found["read_bytes"])) <= (5 - len(safe)) * MIB
    assert disk.is_equal()
    assert disk.verify()["read_back"]


def test_a_target_that_cannot_be_written_is_held_and_gone_on_with(disk: Disk, tmp_path: Path) -> None:
    trigger, socket = tmp_path / "failing", tmp_path / "s"
    argv = ["nbdkit", "-f", "-U", str(socket), "--filter=error", "memory", str(disk.size_bytes)]
    argv += ["error-pwrite=EIO", "error-pwrite-rate=1", f"error-pwrite-file={trigger}"]
    with running(argv) as server:
        wait_for_path(socket, server)
        disk.form, disk.target = "nbd", Path(f"nbd+unix:///?socket={socket}")
        uri = f"nbd+unix:///?socket={socket}"
        volume = replace(disk.volume(zeroed=True), path=uri)
        disk.volume = lambda zeroed: replace(volume, zeroed=zeroed)  # type: ignore[method-assign]
        trigger.touch()
        with pytest.raises(Held, match="cannot write .*Input/output error") as caught:
            disk.transfer(zeroed=True)
        assert caught.value.fault.code == "target.failed"
        trigger.unlink()
        found = disk.transfer()
        assert disk.verify()["root"] == found["root"]


@pytest.mark.parametrize("flush_s", [0.01, 60.0], ids=["under way", "the last one"])
def test_a_flush_that_failed_once_proves_nothing_any_more(
    disk: Disk, monkeypatch: pytest.MonkeyPatch, flush_s: float
) -> None:
    """The kernel drops what it could not write: the blocks of that flush are copied again. Where the ledger flushes all
    at once, the second flush is the one that goes before the seal."""
    flush, times = raw.RawFile.flush, [0]
    limits = settings.Settings(flush_bytes=MIB if flush_s < 1 else 64 * MIB, flush_s=flush_s)
    monkeypatch.setattr(sharing, "settings", lambda: limits)

    def failing(target: raw.RawFile) -> None:
        times[0] += 1
        if times[0] == 2:
            with disk.target.open("r+b") as file:  # as if those pages had never been written
                file.write(bytes(disk.size_bytes))
            raise raw.failed(OSError(errno.EIO, os.strerror(errno.EIO)), "flush", str(disk.target))
        flush(target)

    monkeypatch.setattr(raw.RawFile, "flush", failing)
    with pytest.raises(Held, match="cannot flush"):
        disk.transfer(zeroed=True)
    disk.transfer()
    assert disk.is_equal()


def test_a_device_that_only_pretends_to_make_holes_gets_zeroes(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw._libc, "fallocate", lambda *_: 0)
    fill(disk.target, disk.size_bytes, {0: os.urandom(disk.size_bytes)})
    disk.transfer(zeroed=False)
    assert disk.is_equal()


def test_the_rate_holds_a_copy_back(disk: Disk) -> None:
    fill(disk.source, disk.size_bytes, {0: os.urandom(2 * MIB)})
    disk.rate = 4 * MIB
    since = time.monotonic()
    disk.transfer(zeroed=True)
    assert time.monotonic() - since > 0.2
    assert disk.is_equal()
