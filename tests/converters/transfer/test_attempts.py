"""Attempts that follow each other while sources and targets change: nothing is copied twice, nothing believed that may
be untrue."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.converters.transfer.transfer import transfer
from mtv.errors import Held, MtvError
from mtv.model.estate import Json
from mtv.model.points import Export, Extent
from mtv.model.reading import Opened
from tests.converters.transfer import sources
from tests.converters.transfer.attempts import blocks_told, journalled, stop_after
from tests.converters.transfer.disks import MIB, Disk, fill, scattered

pytestmark = pytest.mark.usefixtures("small_steps")


@pytest.mark.parametrize("way", ["test.file", "test.nbdkit"])
def test_a_stopped_copy_goes_on_and_copies_nothing_twice(disk: Disk, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    disk.way = way
    stop_after(disk, monkeypatch, 2 * MIB)
    before = journalled(disk)
    assert before
    found = disk.transfer()
    assert disk.is_equal()
    assert found["mode"] == "fresh"
    told = blocks_told(disk)
    assert len(told) == len(set(told))


def test_a_stream_is_read_again_and_what_is_there_is_not_written_again(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.way = "test.stream"
    stop_after(disk, monkeypatch, 2 * MIB)
    assert journalled(disk)
    disk.transfer()
    assert disk.is_equal()
    told = blocks_told(disk)
    assert len(told) == len(set(told))


@pytest.mark.parametrize("what", ["replaced", "grown", "touched"])
def test_a_source_that_changed_between_attempts_is_compared_anew(
    disk: Disk, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    stop_after(disk, monkeypatch, 2 * MIB)
    if what == "replaced":
        other = fill(disk.source.with_name("other"), disk.size_bytes, scattered(disk.size_bytes, seed=2))
        other.replace(disk.source)
    elif what == "touched":
        with disk.source.open("r+b") as file:
            file.write(b"another first sector")
    else:
        with disk.source.open("ab") as file:
            file.write(b"more")
        size_bytes = disk.size_bytes
        volume = replace(disk.volume(zeroed=False), size_bytes=size_bytes - 4)
        monkeypatch.setattr(disk, "volume", lambda zeroed: volume)
        with pytest.raises(MtvError, match=f"has {size_bytes - 4} bytes, the source has {size_bytes}"):
            disk.transfer()
        return
    assert disk.transfer()["mode"] == "resync"
    assert disk.is_equal()
    assert disk.verify()["root"]


def test_a_source_that_changes_after_it_was_planned_is_held(disk: Disk) -> None:
    export = disk.export()
    with disk.source.open("ab") as file:
        file.write(b"more")
    with pytest.raises(Held, match="not what it was") as caught:
        disk.transfer(zeroed=True, export=export)
    assert caught.value.fault.code == "source.changed"


@pytest.mark.parametrize("what", ["replaced", "truncated", "written"])
def test_a_target_that_changed_between_attempts_is_mended(
    disk: Disk, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    stop_after(disk, monkeypatch, 2 * MIB)
    before = journalled(disk)
    if what == "replaced":
        disk.target.unlink()
        fill(disk.target, disk.size_bytes, {0: os.urandom(disk.size_bytes)})
    elif what == "truncated":
        os.truncate(disk.target, MIB)
    else:
        with disk.target.open("r+b") as file:
            file.seek(min(before) * MIB + 5)
            file.write(b"somebody else")
    found = disk.transfer()
    assert disk.is_equal()
    assert found["mode"] == ("resync" if what == "replaced" else "fresh")
    assert disk.verify()["root"] == found["root"]


def test_a_target_that_changed_after_its_copy_is_mended_by_the_same_again(disk: Disk) -> None:
    disk.transfer(zeroed=True)
    with disk.target.open("r+b") as file:
        file.seek(3 * MIB)
        file.write(os.urandom(2 * MIB))
    disk.transfer()
    assert disk.is_equal()
    assert disk.transfer()["read_bytes"] == 0


def test_under_a_delta_a_target_that_changed_is_compared_whole(disk: Disk) -> None:
    disk.transfer(zeroed=True)
    with disk.target.open("r+b") as file:
        file.seek(4 * MIB)
        file.write(b"somebody else")
    with disk.source.open("r+b") as file:
        file.write(b"a new first sector")
    found = disk.transfer(pass_=1, extents=(Extent(0, 4096),))
    assert found["mode"] == "resync"
    assert disk.is_equal()


def test_a_volume_that_is_gone_is_held(disk: Disk) -> None:
    disk.target.unlink()
    with pytest.raises(Held, match="No such file"):
        disk.transfer(zeroed=True)


def test_a_file_system_without_attributes_is_never_resumed_on_trust(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> bytes:
        raise OSError(errno.EOPNOTSUPP, "no attributes")

    monkeypatch.setattr(os, "getxattr", unsupported)
    monkeypatch.setattr(os, "setxattr", unsupported)
    disk.transfer(zeroed=True)
    assert disk.transfer()["mode"] == "resync"


def test_the_sources_own_checksum_fails_the_copy(disk: Disk) -> None:
    def differs(export: Export, stopping: object) -> Mapping[str, Json]:
        raise MtvError("source.checksum", f"{export.id} has another SHA-256 than its manifest says")

    disk.checks = {"test.file": differs}
    with pytest.raises(MtvError, match="another SHA-256") as caught:
        disk.transfer(zeroed=True)
    assert caught.value.fault.code == "source.checksum"


def test_the_sources_own_checksum_is_read_again_by_each_attempt(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[str]()

    def fits(export: Export, stopping: object) -> Mapping[str, Json]:
        asked.append(export.id)
        return {"algorithm": "SHA-256"}

    disk.checks = {"test.file": fits}
    stop_after(disk, monkeypatch, MIB)
    disk.transfer()
    assert len(asked) == 2


def test_a_stream_tells_of_its_checksum_once_all_of_it_has_come(disk: Disk) -> None:
    class Checked(sources.FileStream):
        checked: Mapping[str, Json] = {}

        def chunks(self) -> Iterator[tuple[int, bytes]]:
            yield from super().chunks()
            self.checked = {"algorithm": "sha256", "bytes": 7}

    @contextmanager
    def opened(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> Iterator[Opened]:
        reader = Checked(disk.source)
        yield reader
        reader.close()

    disk.way, disk.openers = "test.stream", {"test.stream": opened}
    facts = transfer(disk.job("transfer", zeroed=True))
    assert facts["checks"] == {"disk-0": {"algorithm": "sha256", "bytes": 7}}
    again = transfer(disk.job("transfer"))
    assert again["checks"] == {}, "nothing was read: nothing is proved"
