"""`mtv worker DIR`: put the providers' openers together with the operations, and do one task."""

from pathlib import Path

from mtv import providers
from mtv.converters.worker import main


def work(folder: Path) -> int:
    """Do the task in that folder; everything it says goes to stdout in worker protocol 1."""
    return main(folder, providers.openers(), providers.checks())
