"""Targets and stores that cannot do: said before anything is changed where it can be known, and kept where not."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from mtv.cli import main
from mtv.process import run
from mtv.store import reading
from tests.cli.sandbox import MIB, Sandbox
from tests.guests.guests import Guest
from tests.guests.ova import make_ova

MARGIN_MIB = 64  # a bundle wants so much beside the data


@pytest.fixture
def room(box: Sandbox) -> Iterator[Path]:
    """A file system of 120 MiB for the target."""
    place = box.folder / "room"
    place.mkdir()
    if run(["mount", "-t", "tmpfs", "-o", "size=120m", "tmpfs", str(place)], check=False).status:
        pytest.skip("only root may mount a file system that fills up")
    yield place
    run(["umount", "--lazy", str(place)])


def resize(room: Path, mib: int) -> None:
    run(["mount", "-o", f"remount,size={mib}m", str(room)])


def big(box: Sandbox, mib: int = 40) -> Path:
    """exports/big.ova with one disk full of noise."""
    raw = box.folder / "big.raw"
    raw.write_bytes(os.urandom(mib * MIB))
    make_ova(Guest(name="big", disks=(raw,), hostname="big", os_id="debian12_64Guest", os_number=96),
             box.folder / "exports" / "big.ova")  # fmt: skip
    return raw


def test_a_target_that_cannot_be_written_is_refused(box: Sandbox, room: Path) -> None:
    box.plan(target="bundle:room")
    run(["mount", "-o", "remount,ro", str(room)])
    said = box.mtv("run", "plan.yaml")
    assert (said.code, "cannot be written" in said.out) == (4, True), said
    checked = box.mtv("check", "provider", "bundle:room")
    assert (checked.code, "writable" in checked.out) == (4, True)


def test_a_target_that_is_too_small_is_refused_with_what_is_missing(box: Sandbox, room: Path) -> None:
    big(box)
    box.plan(target="bundle:room", vms="[big]")
    resize(room, MARGIN_MIB + 20)
    before = sorted(room.iterdir())
    said = box.mtv("run", "plan.yaml")
    assert (said.code, "MiB free" in said.out) == (4, True), said
    assert sorted(room.iterdir()) == before


@pytest.mark.slow
def test_a_target_that_fills_up_is_kept_and_gone_on_with(box: Sandbox, room: Path) -> None:
    """Somebody else takes the space when 60 % are copied."""
    raw = big(box)
    box.plan(target="bundle:room", vms="[big]", limits="{bytes_per_second: 8M}")
    with box.running("run", "plan.yaml") as child:
        box.until(lambda: (room / "big" / "disk0.raw").exists(), "its disk is there")
        box.until(lambda: any(row["percent"] and int(str(row["percent"])) >= 55 for row in box.rows("status")), "60 %")
        take_all(room / "foreign")
        out, err = child.communicate(timeout=120)
    assert child.returncode == 1, (out, err)
    assert out.startswith("big: held in ")
    assert "no room to write" in out
    assert "Traceback" not in err
    kept = (room / "big" / "disk0.raw").stat()
    assert kept.st_blocks * 512 >= 20 * MIB, "what was copied is kept"
    (room / "foreign").unlink()
    again = box.mtv("run", "plan.yaml")
    assert again.code == 0, again
    assert (room / "big" / "disk0.raw").read_bytes() == raw.read_bytes()
    assert box.mtv("verify", "demo-1").code == 0
    assert sorted(path.name for path in room.iterdir()) == ["big"]


def take_all(path: Path) -> None:
    """Writes until there is no space left."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(64 << 10))


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store of the mtv that is typed in this process."""
    monkeypatch.setenv("MTV_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    assert main(["add", "provider", "exports", "--kind", "ova", "exports"]) == 0
    return tmp_path / "data" / "store.db"


VERBS = (["get", "providers"], ["status"], ["add", "provider", "more", "--kind", "ova", "more"], ["refresh", "exports"])


def refusals(capsys: pytest.CaptureFixture[str]) -> set[tuple[int, str]]:
    """Code and first line of what each verb answers."""
    found = set()
    for words in VERBS:
        capsys.readouterr()
        code = main(words)
        told = capsys.readouterr()
        assert told.out == ""
        found.add((code, told.err.splitlines()[0]))
    return found


def test_a_newer_store_is_refused_by_name_and_left_alone(typed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer = Migrations("mtv")
    for name in (*reading.SCHEMA, "m099_teleport"):
        newer(name=name)(lambda db: None)
    with closing(sqlite3.connect(typed)) as found:
        newer.apply(Database(found))
    before = typed.read_bytes()
    ((code, line),) = refusals(capsys)
    assert (code, "m099_teleport" in line) == (2, True)
    assert typed.read_bytes() == before


def test_a_damaged_store_is_said_so_with_the_way_out(typed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed.write_bytes(b"this is no database" * 100)
    ((code, line),) = refusals(capsys)
    assert (code, line) == (1, f"mtv: store {typed} is damaged: file is not a database")


def test_a_store_that_is_damaged_anywhere_never_blames_the_question(
    typed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pages in the middle, and ends cut off: what reads them says so, what does not may answer."""
    good, told = typed.read_bytes(), set[tuple[int, str]]()
    for page in range(1, len(good) // 4096):
        for wrong in (good[: page * 4096], good[: page * 4096] + b"\xa5" * 4096 + good[page * 4096 + 4096 :]):
            typed.write_bytes(wrong)
            for words in (
                ["get", "providers"],
                ["get", "vms"],
                ["get", "concerns", "--where", "level = 'x'"],
                ["status"],
            ):
                code = main(words)
                told.add((code, capsys.readouterr().err.partition("\n")[0]))
    assert {code for code, _ in told} == {0, 1}
    assert {line for code, line in told if code} == {f"mtv: store {typed} is damaged: database disk image is malformed"}


def test_a_store_on_a_network_file_system_is_refused(
    typed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mtv.store.place.file_system", lambda folder: 0x6969)
    before = typed.read_bytes()
    code = main(["add", "provider", "more", "--kind", "ova", "more"])
    assert code == 2
    assert "would lie on NFS, a network file system" in capsys.readouterr().err
    assert typed.read_bytes() == before


def test_a_store_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MTV_STORE", str(tmp_path))
    assert main(["add", "provider", "more", "--kind", "ova", "more"]) == 2
    assert "is no file" in capsys.readouterr().err
