"""Says at the end how many boundaries were hit."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash import counts


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where that can be had: half the time goes into small files."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as made:
        yield Path(made)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if counts.HIT:
        told = ", ".join(f"{counts.total(what)} {what}" for what in ("boundaries", "states", "crashes", "faults"))
        terminalreporter.write_line(f"crash tests: {told} over {len(counts.HIT)} journeys")
        for case, hit in counts.HIT.items() if terminalreporter.verbosity >= 0 else ():
            terminalreporter.write_line(f"  {case}: {', '.join(f'{count} {what}' for what, count in hit.items())}")
