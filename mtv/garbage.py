"""Python's search for cycles, put off while a great many objects are made that have none."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.Lock()
_held = 0  # how many hold it off
_was_on = True


@contextmanager
def unswept() -> Iterator[None]:
    """Of an inventory's time the search is a fifth, and it finds nothing: what JSON and rows are made of goes when
    nobody has it any more, as always. Several may hold it off at once; with the last of them it is as it was."""
    global _held, _was_on
    with _LOCK:
        if not _held:
            _was_on = gc.isenabled()
            gc.disable()
        _held += 1
    try:
        yield
    finally:
        with _LOCK:
            _held -= 1
            if not _held and _was_on:
                gc.enable()
