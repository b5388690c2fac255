"""kill -9 while disks are copied, and at any other moment: of the engine, its worker, and the servers of source and
target, at points drawn over the progress of a slowed copy. The next `mtv run` ends as if nothing had happened."""

import random
import signal
import time
from pathlib import Path

import pytest

from tests.e2e.counting import counted
from tests.e2e.yard import MIB, Move, Yard, held, lives, until

RATE = 12 * MIB
LIMITS = f"{{bytes_per_second: {RATE}}}"
NBDKIT = f"+delay +rate rdelay=5ms rate={RATE * 8}"

WAYS = {
    # how the disks lie, how they are wanted, how they are slowed; who may be hit
    "raw": ({"disks": (12, 12), "limits": LIMITS}, ("engine", "worker", "engine")),
    "nbdkit": ({"disks": (24,), "kind": "slow", "nbdkit": NBDKIT}, ("engine", "worker", "nbdkit")),
    "qcow2": ({"disks": (24,), "image": "qcow2", "limits": LIMITS}, ("engine", "worker", "qemu-nbd")),
    "to-qcow2": ({"disks": (24,), "to": "qcow2", "limits": LIMITS}, ("engine", "worker", "qemu-nbd")),
}


class Murder:
    """A move that is hit again and again, and what its journal held when its last worker began."""

    def __init__(self, yard: Yard) -> None:
        self.yard = yard
        self.move = yard.start()
        self.journaled_bytes = 0
        self.hit: list[str] = []

    def strike(self, victim: str, point: float) -> None:
        self.reach(point, victim)
        if self.move.ended:
            return
        place = f"{victim} at {self.yard.reached():.0%}"
        if self._kill(victim):
            self.hit.append(place)

    def _kill(self, victim: str) -> int:
        """Who it was; 0 where it has just ended of itself."""
        if victim == "engine":
            killed = self.move.kill()
            until("all ends with it", lambda: self.yard.alive() == [], 5)
            self.look()
            self.move = self.yard.start()
        elif victim == "worker":
            self.move.child.send_signal(signal.SIGSTOP)  # no next one begins while we look
            killed = self.move.kill("worker")
            until("the worker ends", lambda: not killed or not lives(killed), 5)
            self.look()
            self.move.child.send_signal(signal.SIGCONT)
        else:
            killed = self.move.kill(victim)
        return killed

    def reach(self, point: float, victim: str) -> None:
        """So far has the copy come, and the victim lives; or the move is over."""

        def seen() -> bool:
            there = victim == "engine" or bool(self.move.find(victim))
            return self.move.ended or (there and self.yard.reached() >= point)

        until(f"{victim} at {point:.0%}", seen)
        while self.move.ended and self.move.wait() != 0:
            self.go_on()
            until(f"{victim} at {point:.0%}", seen)

    def go_on(self) -> None:
        """It was held: a person starts it again."""
        assert "web: held" in self.move.said(), self.move.said()
        self.look()
        self.move = self.yard.start()

    def look(self) -> None:
        """Nobody writes now."""
        known, twice = held(self.yard.journal())
        assert twice == []
        self.journaled_bytes = len(known) * MIB

    def end(self) -> None:
        while self.move.wait() != 0:
            self.go_on()


DRAWN = [("raw", 2), ("nbdkit", 1), ("nbdkit", 2), ("qcow2", 2), ("to-qcow2", 1)]
MORE = [pytest.param(way, seed, marks=pytest.mark.soak) for way in WAYS for seed in range(3, 13)]


@pytest.mark.slow
@pytest.mark.parametrize(("way", "seed"), [*DRAWN, *MORE])
def test_a_copy_that_is_killed_again_and_again(way: str, seed: int, tmp_path: Path) -> None:
    parts, victims = WAYS[way]
    yard = Yard(tmp_path, **parts)  # type: ignore[arg-type]
    draw = random.Random(f"{way} {seed}")
    murder = Murder(yard)
    try:
        points = sorted(draw.uniform(0.02, 0.98) for _ in victims)
        for victim, point in zip(draw.sample(victims, len(victims)), points, strict=True):
            murder.strike(victim, point)
        murder.end()
    finally:
        murder.move.end()
    counted(f"copy, {way}, seed {seed}", murder.hit)
    assert murder.hit
    yard.ended_well()
    assert yard.facts("transfer")["written_bytes"] == yard.data_bytes - murder.journaled_bytes


STEPS = ("check", "create-volumes", "transfer", "transfer", "verify", "create-vm", "accept")


@pytest.mark.slow
def test_an_engine_that_is_killed_at_any_moment(tmp_path: Path) -> None:
    yard = Yard(tmp_path, (8,))
    draw = random.Random(7)
    hit: list[str] = []
    for step in STEPS:
        move = yard.start()

        def seen(move: Move = move, step: str = step) -> bool:
            return move.ended or any(row.step == step for row in yard.rows())

        until(step, seen)
        time.sleep(draw.uniform(0, 0.1))
        if not move.ended:
            hit.append(yard.rows()[-1].step or "between steps")
            move.kill()
            until("all ends with it", lambda: yard.alive() == [], 5)
    yard.run()
    counted("engine, any moment", hit)
    yard.ended_well()
