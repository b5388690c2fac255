"""The commit protocol: whatever is killed, the next attempt ends as an undisturbed one would. Without an appliance:
what inspection writes is written by qemu-io."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtv.converters.guest.change import overlays, sealing
from mtv.converters.guest.convert import convert
from mtv.converters.guest.inspect import FOLDER, inspect
from mtv.converters.transfer import hashfile
from mtv.errors import MtvError
from mtv.model.estate import Facts
from mtv.model.tasks import BLOCK_BYTES
from tests.converters.guest.parts import Bench, fresh, table_of

MIB = 1 << 20
WRITES = {0: ("write -P 0x41 1M 64k", "write -z 3M 2M", "write -P 0x42 9000k 100k"), 1: ("write -P 0x43 0 3M",)}


def sources(folder: Path) -> list[Path]:
    folder.mkdir(exist_ok=True)
    made = []
    for n, size in enumerate((12 * MIB, 5 * MIB + 4096)):
        path = folder / f"source{n}.raw"
        path.write_bytes((bytes([n + 1]) * 4096 + bytes(4096)) * (size // 8192 + 1))
        os.truncate(path, size)
        made.append(path)
    return made


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path, sources(tmp_path / "sources"))
    made.inspected(WRITES)
    made.copy()
    return made


def expected(folder: Path) -> list[bytes]:
    one, two = (path.read_bytes() for path in sources(folder))
    one = one[:MIB] + b"A" * 65536 + one[MIB + 65536 :]
    one = one[: 3 * MIB] + bytes(2 * MIB) + one[5 * MIB :]
    one = one[: 9000 << 10] + b"B" * 102400 + one[(9000 << 10) + 102400 :]
    return [one, b"C" * 3 * MIB + two[3 * MIB :]]


@pytest.mark.parametrize("image_format", ["raw", "qcow2"])
def test_what_was_written_on_overlays_reaches_the_disks(tmp_path: Path, image_format: str) -> None:
    bench = Bench(tmp_path, sources(tmp_path / "sources"), image_format=image_format)
    bench.inspected(WRITES)
    bench.copy()
    facts = convert(bench.job("convert"))
    assert bench.contents() == expected(tmp_path / "sources")
    assert (facts["mode"], bench.states()) == ("network", ["committing", "committed", "committed"])
    assert not list((bench.scratch / FOLDER).glob("*.qcow2"))
    assert facts["guest"] == {"hostname": "guest1"}


def test_handed_over_hashes_are_those_of_the_disks(bench: Bench) -> None:
    facts = convert(bench.job("convert"))
    kept = hashfile.read(Path(str(facts["hashes"])))
    for n, content in enumerate(bench.contents()):
        plain = bench.folder / "plain"
        plain.write_bytes(content)
        table, told = table_of(plain), handed_over(facts)[f"disk{n}"]
        assert told == {"root": table.root(), "data_bytes": table.data_bytes}
        assert kept[f"disk{n}"].root() == table.root()


def handed_over(facts: Facts) -> Mapping[str, Any]:
    told = facts["handed_over"]
    assert isinstance(told, dict)
    return told


def test_touched_ranges_are_told(bench: Bench) -> None:
    facts = convert(bench.job("convert"))
    assert facts["touched"] == {
        "disk0": [[MIB, 65536], [3 * MIB, 2 * MIB], [9175040, 196608]],
        "disk1": [[0, 3 * MIB]],
    }


def test_a_second_time_changes_nothing_and_tells_the_same(bench: Bench) -> None:
    first = convert(bench.job("convert"))
    before = [os.stat(bench.volume(n).path).st_mtime_ns for n in range(2)]
    second = convert(bench.job("convert"))
    assert [os.stat(bench.volume(n).path).st_mtime_ns for n in range(2)] == before
    assert {**second, "seconds": 0} == {**first, "seconds": 0}


def test_none_changes_nothing_at_all(tmp_path: Path) -> None:
    bench = Bench(tmp_path, sources(tmp_path / "sources"))
    bench.inspected({}, mode="none")
    bench.copy()
    before = bench.contents()
    facts = convert(bench.job("convert"))
    assert (facts["mode"], bench.contents(), bench.states()) == ("none", before, [])
    assert "handed_over" not in facts


class Killed(BaseException):
    """Nothing catches it: as if the process were gone."""


def crash_at(monkeypatch: pytest.MonkeyPatch, at: int) -> list[str]:
    """Before and after each act that another process could see, one is a kill."""
    passed: list[str] = []

    def boundary(name: str) -> None:
        passed.append(name)
        if len(passed) == at:
            raise Killed(name)

    def watched(name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def acted(*arguments: Any, **named: Any) -> Any:
            boundary(f"before {name}")
            result = act(*arguments, **named)
            boundary(f"after {name}")
            return result

        return acted

    for module, name in (
        (overlays, "commit"), (overlays, "move_onto"), (sealing, "write"), (hashfile, "write"), (sealing, "compare"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, watched(f"{module.__name__}.{name}", getattr(module, name)))
    return passed


@pytest.mark.slow
def test_a_kill_at_every_boundary_ends_as_if_there_had_been_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hit, run, kept = 0, tmp_path / "run", tmp_path / "kept"
    first = Bench(run, sources(tmp_path / "sources"))
    first.inspected(WRITES)
    first.copy()
    wanted = expected(tmp_path / "expected")
    shutil.copytree(run, kept)
    for at in range(1, 100):
        shutil.copytree(kept, fresh(run), dirs_exist_ok=True)
        bench = Bench(run, first.sources)
        with monkeypatch.context() as patch:
            passed = crash_at(patch, at)
            try:
                convert(bench.job("convert"))
            except Killed:
                hit += 1
        if len(passed) < at:
            break
        again = convert(bench.job("convert"))
        assert bench.contents() == wanted, passed[-1]
        assert again["mode"] == "network"
        assert not list((bench.scratch / FOLDER).glob("*.qcow2"))
    assert hit >= 16  # two disks: moved, hashed, begun, committed, compared, written down


CHILD = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from mtv.converters.guest.convert import convert
from tests.converters.guest.parts import Bench
bench = Bench(Path(sys.argv[1]), [Path(sys.argv[2]) / "source0.raw", Path(sys.argv[2]) / "source1.raw"])
job = bench.job("convert")
def say(kind, data):
    if kind == "sealed" and data["state"] == "committed":
        os.kill(os.getpid(), signal.SIGKILL)
object.__setattr__(job, "say", say)
convert(job)
"""


def test_a_real_kill_between_the_two_disks_of_a_commit(bench: Bench, tmp_path: Path) -> None:
    tree = Path(__file__).parents[3]
    argv = [sys.executable, "-c", CHILD, str(tmp_path), str(tmp_path / "sources"), str(tree)]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    begun = sealing.read(bench.scratch / FOLDER)
    assert begun is not None
    assert [part.committed for part in begun.parts] == [True, False]
    first, second = expected(tmp_path / "sources")
    assert bench.contents() == [first, sources(tmp_path / "sources")[1].read_bytes()]
    convert(bench.job("convert"))
    assert bench.contents() == [first, second]
    assert bench.states() == ["committed"]  # the second only


def half_committed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first disk is committed, the second's overlay is lost."""
    done: list[Path] = []

    def once(path: Path) -> None:
        if done:
            raise Killed
        done.append(path)
        commit(path)

    commit = overlays.commit
    with monkeypatch.context() as patch:
        patch.setattr(overlays, "commit", once)
        with pytest.raises(Killed):
            convert(bench.job("convert"))


@pytest.mark.parametrize("damage", ["removed", "emptied", "garbled"])
def test_an_overlay_that_was_lost_is_told_until_the_source_is_restored(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, damage: str
) -> None:
    half_committed(bench, monkeypatch)
    overlay = bench.scratch / FOLDER / "work-1.qcow2"
    if damage == "removed":
        overlay.unlink()
    else:
        overlay.write_bytes(b"" if damage == "emptied" else overlay.read_bytes()[:512] + bytes(200_000))
    for _ in range(2):
        with pytest.raises(MtvError) as caught:
            convert(bench.job("convert"))
        assert caught.value.fault.code == "convert.overlay-lost"
        assert "copy again from the source" in caught.value.fault.hint
    lost = [data for kind, data in bench.said if kind == "sealed" and data["state"] == "lost"]
    assert [one["disk"] for one in lost] == ["disk1"]
    assert lost[0]["touched"] == {
        "disk0": [[MIB, 65536], [3 * MIB, 2 * MIB], [9175040, 196608]],
        "disk1": [[0, 3 * MIB]],
    }
    bench.restore(0)
    convert(bench.job("convert"))
    assert bench.contents() == expected(tmp_path / "sources")


def test_a_disk_that_keeps_something_else_is_found(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(path: Path) -> None:
        commit(path)
        if path.name == "work-1.qcow2":
            with open(bench.volume(1).path, "r+b") as file:
                file.seek(2 * BLOCK_BYTES + 7)
                file.write(b"x")

    commit = overlays.commit
    monkeypatch.setattr(overlays, "commit", forgetful)
    with pytest.raises(MtvError, match="does not hold what was committed") as caught:
        convert(bench.job("convert"))
    assert caught.value.fault.code == "convert.differs"
    assert str(2 * BLOCK_BYTES) in caught.value.fault.text


def test_only_what_was_verified_is_converted(bench: Bench) -> None:
    (bench.scratch / "copied.hashes").unlink()
    with pytest.raises(MtvError) as caught:
        convert(bench.job("convert"))
    assert caught.value.fault.code == "convert.unverified"


def test_an_inspection_after_a_commit_has_begun_is_refused(bench: Bench) -> None:
    convert(bench.job("convert"))
    with pytest.raises(MtvError) as caught:
        inspect(bench.job("inspect"))
    assert caught.value.fault.code == "inspect.converted"


def test_a_damaged_state_is_told(bench: Bench) -> None:
    (bench.scratch / FOLDER / sealing.STATE).write_text('{"state": "committ')
    with pytest.raises(MtvError) as caught:
        convert(bench.job("convert"))
    assert caught.value.fault.code == "convert.state"


def test_the_disks_are_left_alone_while_another_process_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, sources(tmp_path / "sources"), image_format="qcow2")
    bench.inspected(WRITES)
    bench.copy()
    monkeypatch.setattr(overlays.wait_unlocked, "__defaults__", (0.5,))
    argv = ["qemu-nbd", "-t", "-f", "qcow2", "-k", str(tmp_path / "other.sock"), bench.volume(0).path]
    other = subprocess.Popen(argv)
    try:
        while not (tmp_path / "other.sock").exists():
            assert other.poll() is None
        with pytest.raises(MtvError) as caught:
            convert(bench.job("convert"))
    finally:
        other.terminate()
        other.wait()
    assert caught.value.fault.code == "convert.locked"
    assert bench.states() == []


@pytest.mark.slow
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["write -P 0x55", "write -z", "write -z -u", "discard"]),
            st.integers(0, 47),
            st.integers(1, 20),
        ),
        max_size=6,
    )
)
def test_hashes_hold_for_any_changes(tmp_path: Path, changes: list[tuple[str, int, int]]) -> None:
    bench = Bench(fresh(tmp_path / "run"), sources(tmp_path / "sources")[:1])
    unit = 256 << 10
    commands = [f"{what} {at * unit} {min(length, 48 - at) * unit}" for what, at, length in changes]
    bench.inspected({0: commands})
    bench.copy()
    facts = convert(bench.job("convert"))
    assert handed_over(facts)["disk0"]["root"] == table_of(Path(bench.volume(0).path)).root()


def test_the_state_is_plain_json(bench: Bench) -> None:
    convert(bench.job("convert"))
    state = json.loads((bench.scratch / FOLDER / sealing.STATE).read_text())
    assert state["state"] == "committed"
    assert [part["volume"]["disk"] for part in state["parts"]] == ["disk0", "disk1"]
