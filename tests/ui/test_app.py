"""What a user does with the TUI, by key."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from textual.widgets import DataTable, Static

from mtv.ui.app import Steering
from mtv.ui.dialogs import Confirm, Keys
from mtv.ui.journey import JourneyScreen
from mtv.ui.migrations import MigrationsScreen
from mtv.verbs.showing.views import DiskView, MigrationView, StepView
from tests.ui.boards import PlayedBoard

GIB = 1 << 30
MOVING = MigrationView(
    run="demo-1", vm="s/1", name="db01", state="running", step="transfer", title="copy the disks", number=8, steps=13,
    done_bytes=3 * GIB, total_bytes=8 * GIB, rate_bytes_per_s=200 * 1024**2, eta_s=25.6,
)  # fmt: skip
HELD = MigrationView(
    run="demo-1",
    vm="s/2",
    name="app01",
    state="held",
    why="the target has no space",
    hint="make room, then: mtv resume demo-1",
)

Story = Callable[[Pilot[None], Steering], Awaitable[None]]


def play(board: PlayedBoard, story: Story) -> None:
    async def run() -> None:
        app = Steering(board, every_s=3600)
        async with app.run_test(size=(120, 30)) as pilot:
            await looked(pilot, app)
            await story(pilot, app)

    asyncio.run(run())


async def looked(pilot: Pilot[None], app: Steering) -> None:
    await app.workers.wait_for_complete()  # the app's own first look: a second one would cancel it
    app.look()
    await app.workers.wait_for_complete()
    await pilot.pause()


def rows(app: Steering) -> list[list[str]]:
    table: DataTable[Any] = app.screen.query_one(DataTable)
    return [[str(cell) for cell in table.get_row_at(place)] for place in range(table.row_count)]


def told(app: Steering, name: str) -> str:
    return str(app.screen.query_one(name, Static).visual)


def test_migrations_are_rows_with_step_bytes_rate_and_time_left() -> None:
    async def story(pilot: Pilot[None], app: Steering) -> None:
        assert rows(app)[0] == [
            "demo-1", "db01", "▶ running", "8/13 copy the disks",
            "███░░░░░░░  37%", "3.0 GiB of 8.0 GiB", "200.0 MiB/s", "26 s",
        ]  # fmt: skip
        await pilot.press("down")
        assert told(app, "#why") == "the target has no space\nmake room, then: mtv resume demo-1"

    play(PlayedBoard(MOVING, HELD), story)


def test_a_row_follows_the_board_and_the_cursor_stays() -> None:
    board = PlayedBoard(MOVING, HELD)

    async def story(pilot: Pilot[None], app: Steering) -> None:
        await pilot.press("down")
        board.views = [replace(MOVING, state="done"), HELD]
        await looked(pilot, app)
        assert rows(app)[0][2] == "✔ done"
        assert isinstance(app.screen, MigrationsScreen)
        assert app.screen.current == HELD
        board.views = [HELD]
        await looked(pilot, app)
        assert [row[1] for row in rows(app)] == ["app01"]

    play(board, story)


def test_slash_filters_and_escape_lifts_the_filter() -> None:
    async def story(pilot: Pilot[None], app: Steering) -> None:
        await pilot.press("slash", *"held", "enter")
        assert [row[1] for row in rows(app)] == ["app01"]
        await pilot.press("escape")
        await looked(pilot, app)
        assert [row[1] for row in rows(app)] == ["db01", "app01"]

    play(PlayedBoard(MOVING, HELD), story)


@pytest.mark.parametrize(("key", "verb"), [("h", "hold"), ("r", "resume"), ("t", "retry")])
def test_gentle_verbs_go_at_once(key: str, verb: str) -> None:
    board = PlayedBoard(MOVING, HELD)

    async def story(pilot: Pilot[None], app: Steering) -> None:
        await pilot.press(key)
        await app.workers.wait_for_complete()
        assert board.asked == [(verb, "demo-1", "db01")]

    play(board, story)


@pytest.mark.parametrize(("answer", "asked"), [("y", [("cancel", "demo-1", "db01")]), ("n", []), ("escape", [])])
def test_cancel_is_asked_for_twice(answer: str, asked: list[tuple[str, str, str]]) -> None:
    board = PlayedBoard(MOVING)

    async def story(pilot: Pilot[None], app: Steering) -> None:
        await pilot.press("ctrl+d")
        assert isinstance(app.screen, Confirm)
        assert board.asked == []
        await pilot.press(answer)
        await pilot.pause()
        await app.workers.wait_for_complete()
        assert board.asked == asked

    play(board, story)


def test_colon_takes_commands_and_refuses_what_is_none() -> None:
    board = PlayedBoard(MOVING)

    async def story(pilot: Pilot[None], app: Steering) -> None:
        await pilot.press("colon", *"explode", "enter")
        await pilot.pause()
        assert "no command 'explode'" in " ".join(one.message for one in app._notifications)
        await pilot.press("colon", *"hold", "enter")
        await app.workers.wait_for_complete()
        assert board.asked == [("hold", "demo-1", "db01")]

    play(board, story)


def test_a_refused_verb_is_told_and_nothing_breaks() -> None:
    board = PlayedBoard(MOVING)
    board.refusal = "there is nothing to hold"

    async def story(pilot: Pilot[None], app: Steering) -> None:
        await pilot.press("h")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "there is nothing to hold" in " ".join(one.message for one in app._notifications)
        assert app.is_running

    play(board, story)


def test_enter_shows_the_journey_with_its_log_and_escape_leaves() -> None:
    board = PlayedBoard(MOVING)
    board.steps = [
        StepView(step="check", title="check", mark="done", round=1, attempt=1, seconds=0.4),
        StepView(
            step="transfer", title="copy the disks", mark="again", round=1, attempt=2, text="the source did not answer"
        ),
    ]
    board.text = "line one\nnbdkit: \x1b[31merror\n"

    async def story(pilot: Pilot[None], app: Steering) -> None:
        await pilot.press("enter")
        await looked(pilot, app)
        assert isinstance(app.screen, JourneyScreen)
        assert rows(app)[1] == ["↻", "copy the disks", "again", "1", "2", "", "the source did not answer"]
        assert "line one" in told(app, "#log")
        assert "\x1b" not in told(app, "#log")
        await pilot.press("h")
        await app.workers.wait_for_complete()
        assert board.asked == [("hold", "demo-1", "db01")]
        await pilot.press("escape")
        assert isinstance(app.screen, MigrationsScreen)

    play(board, story)


def test_a_log_is_scrolled_back_and_its_end_is_followed() -> None:
    board = PlayedBoard(MOVING)
    board.text = "".join(f"line {number}\n" for number in range(200))

    async def story(pilot: Pilot[None], app: Steering) -> None:
        await pilot.press("enter")
        await looked(pilot, app)
        await pilot.pause()
        logs = app.screen.query_one("#logs", VerticalScroll)
        assert told(app, "#log").splitlines()[0] == "line 0"
        assert logs.scroll_offset.y == logs.max_scroll_y == 200 - logs.scrollable_content_region.height
        await pilot.press("tab", "pageup", "pageup")
        await pilot.wait_for_animation()
        at = logs.scroll_offset.y
        assert at < logs.max_scroll_y
        board.text += "line 200\n"
        await looked(pilot, app)
        assert logs.scroll_offset.y == at, "who reads is not pulled away"
        await pilot.press("end")
        await pilot.wait_for_animation()
        board.text += "line 201\n"
        await looked(pilot, app)
        await pilot.pause()
        assert logs.scroll_offset.y == logs.max_scroll_y
        await pilot.press("h")
        await app.workers.wait_for_complete()
        assert board.asked == [("hold", "demo-1", "db01")]

    play(board, story)


def test_a_journey_shows_each_disk_with_its_rate_and_time_left() -> None:
    disks = (
        DiskView(disk="vmdisk1", phase="copy", done_bytes=GIB, total_bytes=4 * GIB, rate_bytes_per_s=GIB / 8, eta_s=24),
        DiskView(disk="vmdisk2", phase="copy", done_bytes=2 * GIB, total_bytes=4 * GIB),
    )

    async def story(pilot: Pilot[None], app: Steering) -> None:
        await pilot.press("enter")
        await looked(pilot, app)
        assert told(app, "#disks").splitlines() == [
            "vmdisk1   copy   ██░░░░░░░░  25%   1.0 GiB of 4.0 GiB   128.0 MiB/s   24 s left",
            "vmdisk2   copy   █████░░░░░  50%   2.0 GiB of 4.0 GiB",
        ]

    play(PlayedBoard(replace(MOVING, disks=disks)), story)


def test_question_mark_shows_the_keys_and_q_quits() -> None:
    async def story(pilot: Pilot[None], app: Steering) -> None:
        await pilot.press("question_mark")
        assert isinstance(app.screen, Keys)
        await pilot.press("escape", "q")
        await pilot.pause()
        assert not app.is_running or app._exit

    play(PlayedBoard(), story)


def test_an_empty_store_says_what_to_do() -> None:
    async def story(pilot: Pilot[None], app: Steering) -> None:
        assert "`mtv run PLAN` starts one" in told(app, "#why")

    play(PlayedBoard(), story)
