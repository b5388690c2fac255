"""A run is made only by who can drive it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mtv.errors import Refused
from mtv.settings import settings
from mtv.store import runs
from mtv.store.place import engine_lock
from mtv.store.store import Store
from mtv.verbs.running import starting
from tests.cli.sandbox import Sandbox


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    box = Sandbox(tmp_path)
    monkeypatch.setenv("MTV_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    yield box.plan()
    box.end()


def store() -> Store:
    return Store(settings().store)


def made() -> list[str]:
    with store() as found:
        return [run.name for run in runs.runs_of(found, "demo")]


def refused(plan: Path) -> str:
    with store() as found, engine_lock(found.path), pytest.raises(Refused) as caught:
        starting.prepare(plan, again=False)
    return caught.value.fault.code


def test_while_another_engine_lives_no_run_is_made(plan: Path) -> None:
    assert refused(plan) == "engine.second"
    assert made() == []
    started = starting.prepare(plan, again=False)
    assert (started.name, started.finished, started.note) == ("demo-1", False, "")


def test_while_another_engine_lives_an_unfinished_run_is_not_begun_anew(plan: Path) -> None:
    starting.prepare(plan, again=False)
    assert refused(plan) == "engine.second"
    assert starting.prepare(plan, again=False).name == "demo-1"
    assert made() == ["demo-1"]


@pytest.mark.parametrize(
    ("states", "more"),
    [
        (["done", "failed"], False),
        (["done", "rolled-back", "cancelled"], False),
        (["done", "refused"], True),
        (["done", "pending"], True),
        (["held"], True),
    ],
)
def test_what_was_only_refused_has_more_to_do(states: list[str], more: bool) -> None:
    assert starting.goes_on(states) is more
