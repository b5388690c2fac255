"""A move of a guest of which everything that looks into it or converts it is killed once, at moments drawn, and its
engine at last."""

import os
import random
import signal
from dataclasses import dataclass
from pathlib import Path

from mtv.model.outcomes import Mark, Row
from tests.e2e.yard import Move, Yard, moving, until
from tests.guests.guests import Guest

PATIENCE_S = 300.0
STRIKES = (
    # step, program, how long it has worked at the most
    ("inspect", "qemu-system-x86_64", 9),
    ("convert", "virt-v2v-in-place", 3),
    ("convert", "qemu-system-x86_64", 12),
)


@dataclass(frozen=True)
class Struck:
    yard: Yard
    hit: list[str]
    said: str


def move(folder: Path, guest: Guest) -> Struck:
    yard = Yard(folder, (guest.disks[0],), guest="{conversion: full, agent: none, addresses: leave}")
    draw, hit = random.Random(11), list[str]()
    with moving(yard, "run", "plan.yaml") as going:
        for step, program, most_s in STRIKES:
            after_s = draw.uniform(0.5, most_s)
            os.kill(wait_for(yard, going, step, program, after_s), signal.SIGKILL)
            hit.append(f"{program} at {step} after {after_s:.1f} s")
            until("it is begun again", lambda: going.ended or len(again(yard)) >= len(hit), PATIENCE_S)
        wait_for(yard, going, "convert", "virt-v2v-in-place", 1)
        going.kill()
    until("all ends with its engine", lambda: yard.alive() == [], 10)
    return Struck(yard, hit, yard.run())


def again(yard: Yard) -> list[Row]:
    """Attempts that failed and were followed by another."""
    return [row for row in yard.rows() if row.mark is Mark.AGAIN]


def wait_for(yard: Yard, going: Move, step: str, program: str, after_s: float) -> int:
    """Until one has worked so long; none that only asks what QEMU can do."""
    found: list[int] = []

    def working() -> bool:
        last = yard.rows()[-1:]
        if last and last[0].step == step:
            found[:] = [pid for pid in going.find(program) if age_s(pid) >= after_s and is_at_work(pid)]
        return going.ended or bool(found)

    until(f"{program} works at {step}", working, PATIENCE_S)
    assert not going.ended, going.said()
    return found[0]


def is_at_work(pid: int) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"qemu-system" not in words or b"guestfsd" in words


def age_s(pid: int) -> float:
    try:
        began = int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19])
    except OSError:
        return 0.0
    return float(Path("/proc/uptime").read_text().split()[0]) - began / os.sysconf("SC_CLK_TCK")
