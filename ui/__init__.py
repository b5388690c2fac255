"""The terminal UI: a guest of the store and the verbs, in a process of its own."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtv.verbs.remote.board import Board


def start(board: "Board | None" = None) -> int:
    """Run the TUI until the user quits; without a board, over the store that is here."""
    from mtv.ui.app import Steering
    from mtv.verbs.remote.board import StoreBoard

    Steering(board or StoreBoard()).run()
    return 0
