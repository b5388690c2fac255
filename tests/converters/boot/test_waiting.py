from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mtv.converters.boot.command import Place
from mtv.converters.boot.waiting import LOOK_EVERY_S, Patience, Waited, wait
from mtv.errors import Cancelled, Temporary


@dataclass
class World:
    """A guest whose life is a table: at which second it prints what, answers, or ends."""

    folder: Path
    prints: dict[float, str] = field(default_factory=dict)
    answers_at: float = 1e9
    ends_at: float = 1e9
    breaks: bool = False
    now: float = 100.0

    @property
    def place(self) -> Place:
        return Place(folder=self.folder)

    @property
    def ended(self) -> bool:
        return self.now >= 100 + self.ends_at

    def complaint(self) -> str:
        return "terminating"

    def answers(self, wait_s: float) -> bool:
        if self.breaks:
            raise Temporary("agent.channel", "broken")
        self.sleep(wait_s)
        return self.now >= 100 + self.answers_at

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for at, text in sorted(self.prints.items()):
            if self.now >= 100 + at:
                with self.place.console.open("a") as file:
                    file.write(self.prints.pop(at) and text)

    def wait(self, stopping: Callable[[], bool] = lambda: False) -> Waited:
        patience = Patience(timeout_s=60, other_s=20, clock=lambda: self.now, sleep=self.sleep)
        qemu: Any = self
        return wait(qemu, self, patience, lambda _: None, stopping)


PROMPT = "\nweb login: "


def test_both(tmp_path: Path) -> None:
    found = World(tmp_path, {10: PROMPT}, answers_at=15).wait()
    assert found.up
    assert found.login == "web"
    assert found.login_s == pytest.approx(10, abs=2 * LOOK_EVERY_S)
    assert found.agent_s == pytest.approx(15, abs=2 * LOOK_EVERY_S)


def test_a_prompt_without_an_agent_is_up_after_some_more_waiting(tmp_path: Path) -> None:
    world = World(tmp_path, {10: PROMPT})
    found = world.wait()
    assert (found.up, found.login, found.agent_s) == (True, "web", None)
    assert world.now - 100 == pytest.approx(30, abs=2)


def test_an_agent_without_a_console_is_up_too(tmp_path: Path) -> None:
    found = World(tmp_path, answers_at=5).wait()
    assert (found.up, found.login_s) == (True, None)


def test_a_broken_channel_is_no_agent(tmp_path: Path) -> None:
    assert World(tmp_path, {10: PROMPT}, breaks=True).wait().agent_s is None


def test_an_end_is_seen_at_once(tmp_path: Path) -> None:
    world = World(tmp_path, {3: "Kernel panic - not syncing: VFS"})
    assert "panicked" in world.wait().failure
    assert world.now - 100 < 5


def test_a_panic_while_the_agent_is_waited_for(tmp_path: Path) -> None:
    found = World(tmp_path, {3: PROMPT, 8: "\nKernel panic - not syncing: dead"}).wait()
    assert not found.up
    assert "panicked" in found.failure


def test_silence(tmp_path: Path) -> None:
    found = World(tmp_path, {3: "loading...\n"}).wait()
    assert not found.up
    assert "within 60 s" in found.failure
    assert "loading..." in found.failure
    assert "shows nothing" in World(tmp_path / "other").wait().failure


def test_a_late_prompt_is_in_time_if_only_the_agent_is_missing(tmp_path: Path) -> None:
    assert World(tmp_path, {55: PROMPT}).wait().up


def test_qemu_ends(tmp_path: Path) -> None:
    assert "powered off" in World(tmp_path, ends_at=4).wait().failure


def test_cancel(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        World(tmp_path).wait(stopping=lambda: True)
