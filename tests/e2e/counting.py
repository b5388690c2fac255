"""What the kills of a session hit, for whoever reads the tests' output: a line for each test."""

import os
from pathlib import Path


def counted(what: str, hit: list[str]) -> None:
    """Printed with `pytest -s`; kept where $MTV_TEST_KILLS names a file."""
    line = f"{what}: {len(hit)} kills: {', '.join(hit)}"
    print(line)
    if path := os.environ.get("MTV_TEST_KILLS"):
        with Path(path).open("a") as file:
            file.write(line + "\n")
