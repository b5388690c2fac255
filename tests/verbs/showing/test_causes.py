"""`mtv why` asks a target that can tell, and says so where it cannot be asked."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mtv import providers
from mtv.cli import main
from mtv.errors import Temporary
from mtv.model.estate import Finding
from mtv.providers.memory import MemoryTarget
from mtv.store.runs import create_run
from mtv.store.store import Store
from mtv.verbs.showing import causes
from tests.store.made import plan, vm

RUN = "wave-1"


class Telling(MemoryTarget):
    asked: list[tuple[str, str, str]] = []

    async def why(self, machine: str, run: str, vm: str) -> Sequence[Finding]:
        self.asked.append((machine, run, vm))
        return [
            Finding(name="quota.exceeded", ok=False, text="a quota is used up\nJob/w: \x1b[31mfull", fix="ask for more")
        ]


class Away(MemoryTarget):
    async def why(self, machine: str, run: str, vm: str) -> Sequence[Finding]:
        raise Temporary("kubevirt.refused", "nothing listens at 127.0.0.1:1")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("MTV_STORE", str(tmp_path / "store.db"))
    with Store(tmp_path / "store.db") as made:
        found = replace(plan(vm("db01"), vm("web")), target=f"memory:{tmp_path}/target")
        create_run(made, found, [(("start", "start the VM"),)] * 2)
        made.write(lambda rows: rows.execute("UPDATE migrations SET state = 'held', step = 'start' WHERE vm = 'db01'"))
        made.write(lambda rows: rows.execute("UPDATE migrations SET state = 'done' WHERE vm = 'web'"))
        yield made


def answered_by(monkeypatch: pytest.MonkeyPatch, target: type) -> None:
    monkeypatch.setattr(providers, "load", lambda end, kind: target)


def test_causes_come_below_for_what_has_not_arrived(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answered_by(monkeypatch, Telling)
    assert main(["why", RUN]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("db01: held at 'start the VM'")
    below = said[said.index("db01: a quota is used up (quota.exceeded)") :]
    assert (below[1].startswith("  Job/w: "), below[2:]) == (True, ["  fix: ask for more", *below[3:]])
    assert "\x1b" not in "".join(said)
    assert Telling.asked == [("db01", RUN, "lab/id-db01")]


def test_a_target_that_cannot_be_asked_is_said_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    answered_by(monkeypatch, Away)
    assert list(causes.explained(RUN, ())) == ["the target cannot be asked: nothing listens at 127.0.0.1:1"]


def test_a_target_that_explains_nothing_says_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    answered_by(monkeypatch, MemoryTarget)
    assert list(causes.explained(RUN, ())) == []
    assert list(causes.explained(RUN, ("web",))) == [], "what has arrived is not asked for"
