"""Two ways to do the same work, taken in turns, so that a busy minute of the machine falls on both."""

import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Seconds = Callable[[], float]
Pair = tuple[float, float]  # seconds of ours and of the other's in one round
By = Literal["speed", "time"]


@dataclass(frozen=True)
class Figure:
    """What was measured, and whether it is what was asked for."""

    work: str
    peer: str
    goal: str
    found: str
    spread: str
    ours: str
    theirs: str
    rounds: int
    is_met: bool


def take_turns(name: str, ours: Seconds, theirs: Seconds, rounds: int, warm_up: bool = True) -> list[Pair]:
    """Seconds of each round, after one that does not count (`warm_up`); who begins changes with each round."""
    found = []
    for number in range(0 if warm_up else 1, rounds + 1):
        if number % 2:
            mine, yours = ours(), theirs()
        else:
            yours, mine = theirs(), ours()
        told = f"{number} of {rounds}" if number else "warming up"
        print(f"  {name}, {told}: {mine:.3f} s, the other {yours:.3f} s", file=sys.stderr, flush=True)
        found += [(mine, yours)] if number else []
    return found


def compare(
    work: str,
    peer: str,
    ours: Seconds,
    theirs: Seconds,
    *,
    rounds: int,
    goal: float,
    by: By = "speed",
    warm_up: bool = True,
) -> Figure:
    """`speed`: ours must be at least `goal` times theirs. `time`: ours may take `goal` times as long."""
    return figure(work, peer, take_turns(work, ours, theirs, rounds, warm_up), goal, by)


def figure(work: str, peer: str, pairs: Sequence[Pair], goal: float, by: By) -> Figure:
    """The median of the rounds' own ratios, never a ratio of medians."""
    ratios = [yours / mine if by == "speed" else mine / yours for mine, yours in pairs]
    middle = statistics.median(ratios)
    return Figure(
        work=work,
        peer=peer,
        goal=f">= {goal:g}x its speed" if by == "speed" else f"<= {goal:g}x its time",
        found=f"{middle:.2f}x",
        spread=f"{min(ratios):.2f} to {max(ratios):.2f}",
        ours=_seconds([mine for mine, _ in pairs]),
        theirs=_seconds([yours for _, yours in pairs]),
        rounds=len(pairs),
        is_met=middle >= goal if by == "speed" else middle <= goal,
    )


def _seconds(found: Sequence[float]) -> str:
    return f"{statistics.median(found):.3f} s"
