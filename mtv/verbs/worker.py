"""`mtv worker DIR`: put the providers' openers together with the operations, and do one task."""

from collections.abc import Callable
from pathlib import Path

from mtv import providers
from mtv.converters.worker import main


def work(folder: Path, lease: str = "") -> int:
    """Do the task in that folder, while that lease is held where one is named; everything it says goes to stdout in
    worker protocol 1."""

    def task(guard: Callable[[], None]) -> int:
        return main(folder, providers.openers(), providers.checks(), guard)

    return providers.keep(lease, folder, task) if lease else task(lambda: None)
