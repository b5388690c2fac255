"""The store as the screens see it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import DataTable, Static

from mtv.store.runs import Heartbeat, create_run
from mtv.store.store import Store
from mtv.ui.app import Steering
from mtv.verbs.remote.board import StoreBoard
from tests.store.made import plan, vm


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("MTV_STORE", str(tmp_path / "store.db"))
    with Store(tmp_path / "store.db") as made:
        create_run(made, plan(vm("db01"), vm("db02")), [(("transfer", "copy the disks"),)] * 2)
        made.write(lambda found: found.execute("UPDATE migrations SET state = 'running', step = 'transfer'"))
        made.write(lambda found: found.execute("UPDATE migrations SET state = 'held' WHERE vm = 'db02'"))
        yield made


def shown() -> tuple[list[str], str]:
    """The states of all rows, and what is said of the first."""

    async def look() -> tuple[list[str], str]:
        app = Steering(StoreBoard(), every_s=3600)
        async with app.run_test(size=(120, 30)) as pilot:
            await app.workers.wait_for_complete()
            await pilot.pause()
            table: DataTable[object] = app.screen.query_one(DataTable)
            states = [str(table.get_row_at(place)[2]) for place in range(table.row_count)]
            return states, str(app.screen.query_one("#why", Static).visual)

    return asyncio.run(look())


def test_a_run_whose_engine_has_died_says_so_and_how_to_go_on(store: Store) -> None:
    heart = Heartbeat(store)
    assert shown() == (["▶ running", "‖ held"], "")
    heart.stop()
    states, said = shown()
    assert states == ["⚠ running, undriven", "‖ held"]
    assert said.startswith("nobody drives wave-1: go on with `mtv run`")
    assert said.endswith("mtv resume wave-1")
