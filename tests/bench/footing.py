"""What mtv costs before it does anything, and how much room it takes while it does much."""

import sys
import time
from pathlib import Path

from tests.bench import ours
from tests.bench.pairs import Figure, compare
from tests.bench.places import MIB, Place, command, served

TEBIBYTE = 1 << 40
LIMIT_BYTES = 200 * MIB


def memory(place: Place) -> list[Figure]:
    """The server makes up the source's bytes and fails a write of any others. Measured once: room does not vary."""
    plugin = ("sparse-random", "size=1T", "percent=2", "seed=1", "runlength=524288")
    ours.clear(place.folder / "scratch")
    with served(place.folder, *plugin, write=True) as source, served(place.folder, *plugin, write=True) as target:
        to = ours.volume(target, TEBIBYTE, zeroed=True, form="nbd")
        copied = ours.work("transfer", place.folder / "scratch", to, ours.server(source, TEBIBYTE))
        read = ours.work("verify", place.folder / "scratch", to)
    peaks = {"transfer": copied.peak_bytes, "verify": read.peak_bytes}
    return [
        Figure(
            work="memory of a worker: 1 TiB with 20 GiB of scattered data, hash and journal",
            peer="none",
            goal="< 200 MiB",
            found=", ".join(f"{op} {peak // MIB} MiB" for op, peak in peaks.items()),
            spread="one run",
            ours=f"transfer {copied.work_s:.0f} s, verify {read.work_s:.0f} s",
            theirs="",
            rounds=1,
            is_met=max(peaks.values()) < LIMIT_BYTES,
        )
    ]


def start(place: Place) -> list[Figure]:
    mtv = Path(sys.executable).with_name("mtv")

    def timed(*argv: str) -> float:
        since = time.perf_counter()
        command(argv)
        return time.perf_counter() - since

    return [
        compare(
            "`mtv --help`", "bare Python's start", lambda: timed(str(mtv), "--help"),
            lambda: timed(sys.executable, "-c", "pass"), rounds=4 * place.rounds, goal=12, by="time",
        )
    ]  # fmt: skip
