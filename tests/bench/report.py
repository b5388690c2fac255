"""The table of what was measured, for a terminal and for docs/benchmarks.md."""

import textwrap
from collections.abc import Iterable
from pathlib import Path

from tests.bench.lines import LINES
from tests.bench.pairs import Figure
from tests.bench.results import Results

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
HEADS = ("work", "beside", "asked", "found", "spread", "ours", "the other", "rounds", "")
TOP = """\
# Benchmarks

What `make bench` measures, each beside the program that one would take instead, in the same minutes on the same
machine. Only the ratios tell anything of another machine. `found` is the median of the ratios of paired runs that take
turns; `spread` is the lowest and the highest of them; the seconds are medians too.

"""
CONDITIONS = """
## How it is measured

- A round runs ours and the other once; who begins changes with each round, and one round before the first does not
  count (it does where a round takes minutes). Five rounds at the least, three for whole moves, one for memory.
- Both read the same server, or the same file, and write to the same file system. Both have it durable when the clock
  stops: `nbdcopy --flush`, and fdatasync after `qemu-img convert`. virt-v2v is not asked to.
- Ours is the worker's operation: from the task that it has read to the last row of its journal, with every block
  hashed, and durable before the journal says so. The start of its process is told beside it: a worker starts once for
  each step, not once a gibibyte. The other program's time is that of its whole process.
- The disk has 4 GiB and 1 GiB of random data in pieces of 4 MiB. The VMDK holds what compresses to a part, as a guest's
  disk does. Cold means: all written, then dropped from the page cache, before either reads.
- Of a whole move both sides are whole: `mtv run` with a store of its own, from its start to the signed receipt, and
  virt-v2v from its start to its end, both with the tools that `mtv run` would choose. There is no KVM: both appliances
  are emulated, and conversion is most of the time.

"""
LOAD = (
    "How many processes wanted the cores in the minute before each line and in its last one, its own included. Over 4, "
    "others worked too: the spread is wide then, and what ours gains by using all cores is lost: "
)
REPEAT = """
## How to repeat it

    make bench                                        # all of it: about half an hour without KVM
    .venv/bin/python -m tests.bench near far          # some lines; -h names them
    .venv/bin/python -m tests.bench --rounds 9 near   # more rounds
    .venv/bin/python -m tests.bench --keep near       # write what was found into this page

What is measured lies in `/var/tmp` unless `--folder` names another: it should be a disk, not memory. Nothing else
should run meanwhile: taking turns shares a busy minute out evenly, but ours uses all cores, and then there are none.
"""


def table(lines: Iterable[tuple[str, Iterable[Figure]]]) -> str:
    rows = [HEADS, ("---",) * len(HEADS)]
    rows += [
        (
            one.work, one.peer, one.goal, one.found, one.spread, one.ours, one.theirs, str(one.rounds),
            verdict(one, LINES[name].rounds),
        )
        for name, figures in lines for one in figures
    ]  # fmt: skip
    return "".join("| " + " | ".join(row).rstrip() + " |\n" for row in rows)


def verdict(figure: Figure, rounds: int) -> str:
    few = [] if figure.rounds >= rounds else [f"fewer than {rounds} rounds"]
    return ", ".join(few if figure.is_met else ["missed", *few])


def wrapped(text: str, indent: str) -> str:
    return textwrap.fill(text, 120, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False) + "\n"


def page(kept: Results) -> str:
    known = [(name, kept.lines[name]) for name in LINES if name in kept.lines]
    meanings = "".join(wrapped(f"- `{name}`: {LINES[name].means}", "  ") for name, _ in known)
    machines = "".join(f"- {machine}\n" for machine in dict.fromkeys(result.machine for _, result in known))
    loads = wrapped(LOAD + ", ".join(f"`{name}` {result.load}" for name, result in known) + ".", "")
    rows = table((name, result.figures) for name, result in known)
    return (
        f"{TOP}{rows}\n## What each figure means\n\n{meanings}{CONDITIONS}Measured on:\n\n{machines}\n{loads}{REPEAT}"
    )
