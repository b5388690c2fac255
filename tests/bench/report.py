"""The table of what was measured, for a terminal and for docs/benchmarks.md."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from mtv.process import run
from tests.bench.pairs import Figure

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
HEADS = ("work", "beside", "asked", "found", "spread", "ours", "the other", "")
TEXT = """\
# Benchmarks

`make bench` measures these and writes this page. Each figure is the median of the ratios of paired runs that take
turns: at least five rounds after one that does not count, three for whole moves. The spread is the lowest and the
highest ratio; the seconds are medians too. Ours is the worker's operation, from the task it has read to the last row of
its journal, with every block hashed, and every block durable before the journal says so; the other program is the whole
of its process. Of a whole move both sides are whole: ours is `mtv run` with a store of its own, from its start to the
signed receipt.

"""


def table(figures: Sequence[Figure]) -> str:
    rows = [HEADS, ("---",) * len(HEADS)]
    rows += [
        (one.work, one.peer, one.goal, one.found, one.spread, one.ours, one.theirs, "" if one.is_met else "missed")
        for one in figures
    ]
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def machine() -> str:
    tools = [("nbdkit", "--version"), ("nbdcopy", "--version"), ("qemu-img", "--version")]
    told = [run([name, option]).out.splitlines()[0] for name, option in tools]
    cores = os.cpu_count()
    lines = [f"{cores} cores, Linux {platform.release().split('-')[0]}, Python {platform.python_version()}", *told]
    return "Measured with: " + "; ".join(lines) + ".\n"


def write(figures: Sequence[Figure]) -> None:
    PAGE.write_text(TEXT + table(figures) + "\n" + machine())
