"""One picture of the first screen: a change of its looks is seen by whoever makes it."""

from typing import Any

from textual.pilot import Pilot

from mtv.ui.app import Steering
from tests.ui.boards import PlayedBoard
from tests.ui.test_app import HELD, MOVING


def test_the_list_of_migrations(snap_compare: Any) -> None:
    app = Steering(PlayedBoard(MOVING, HELD), every_s=3600)

    async def before(pilot: Pilot[None]) -> None:
        await app.workers.wait_for_complete()
        app.look()
        await app.workers.wait_for_complete()
        await pilot.pause()

    assert snap_compare(app, terminal_size=(120, 12), run_before=before)
