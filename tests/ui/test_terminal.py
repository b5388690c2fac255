"""The TUI at a real terminal, over a real move: seen, held by key, resumed by key."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.sandbox import Sandbox
from tests.cli.screen import screen


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path)
    yield made
    made.end()


@pytest.mark.slow
def test_a_real_move_is_followed_held_and_resumed_by_key(box: Sandbox) -> None:
    box.plan(limits="{bytes_per_second: 24K}")
    with box.running("run", "plan.yaml") as engine, screen(["mtv", "ui"], box.folder, box.env) as seen:
        seen.until(lambda shown: re.search(r"db01 .*running .*copy the disks", shown), "its row says the step")
        seen.until(lambda shown: re.search(r"\d+\.\d [KM]iB of \d+\.\d [KM]iB", shown), "its row says the bytes")
        seen.press("h")
        out, err = engine.communicate(timeout=60)
        assert (engine.returncode, out.startswith("db01: held in ")) == (1, True), (out, err)
        seen.until(lambda shown: re.search(r"db01 .*held", shown), "its row says held")
        assert not (box.folder / "out" / "db01" / "vm.yaml").exists()
        seen.press("r")
        seen.until(lambda shown: re.search(r"db01 .*done", shown), "it goes on to the end without a terminal")
        seen.press("q")
        assert seen.wait() == 0
    assert (box.folder / "out" / "db01" / "disk0.raw").read_bytes() == (box.folder / "db01.raw").read_bytes()


def test_a_store_that_is_not_there_yet_is_no_error_and_its_first_run_appears(box: Sandbox) -> None:
    box.plan()
    with screen(["mtv", "ui"], box.folder, box.env) as seen:
        seen.until(lambda shown: "no runs yet: `mtv run PLAN` starts one" in shown, "it says what to do")
        assert not box.store.exists()
        assert box.mtv("run", "plan.yaml").code == 0
        seen.until(lambda shown: re.search(r"demo-1 .*db01 .*done", shown), "the run appears by itself")
        seen.press("q")
        assert seen.wait() == 0
