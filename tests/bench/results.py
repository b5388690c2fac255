"""What was measured, kept as a file beside the page that is made of it: a line that is measured again replaces its
own, and the others stay."""

import json
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path

from mtv import codec
from mtv.process import run
from tests.bench.pairs import Figure

KEPT = Path(__file__).with_name("results.json")


@dataclass(frozen=True)
class Result:
    """One line's figures, and the machine while they were taken."""

    figures: tuple[Figure, ...]
    load: str
    machine: str


@dataclass(frozen=True)
class Results:
    lines: dict[str, Result] = field(default_factory=dict)


def load() -> Results:
    return codec.load(Results, json.loads(KEPT.read_text()), KEPT.name) if KEPT.exists() else Results()


def keep(new: dict[str, Result]) -> Results:
    kept = Results({**load().lines, **new})
    KEPT.write_text(json.dumps(codec.dump(kept), indent=1) + "\n")
    return kept


def busy() -> float:
    """How many wanted the cores in the last minute."""
    return round(os.getloadavg()[0], 1)


def machine() -> str:
    tools = [("nbdkit", "--version"), ("nbdcopy", "--version"), ("qemu-img", "--version")]
    told = [run([name, option]).out.splitlines()[0] for name, option in tools]
    cores, room = os.cpu_count(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    system = f"Linux {platform.release().split('-')[0]}"
    return "; ".join([f"{cores} cores, {room} GiB, {system}, Python {platform.python_version()}", *told])
