"""The terminal UI: a guest of the store and the verbs, in a process of its own."""


def start() -> int:
    """Run the TUI until the user quits."""
    from mtv.ui.app import Steering
    from mtv.ui.board import StoreBoard

    Steering(StoreBoard()).run()
    return 0
