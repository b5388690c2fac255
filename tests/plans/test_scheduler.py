"""The scheduler against a reference that does the same in the plainest way, and its promises."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.plans.scheduler import Request, Scheduler
from tests.plans.toys import START

LIMITS = {"host": 2, "datastore": 3, "datastore:tin": 1, "run": 4}


class Reference:
    """Lists and loops: every slot is a seat with a name on it or none."""

    def __init__(self) -> None:
        self.waiting: list[tuple[int, int, Request]] = []
        self.seats: list[list[str]] = []  # [slot, who]
        self.count = 0

    def limit(self, slot: str) -> int:
        return LIMITS.get(slot) or LIMITS.get(slot.split(":")[0]) or 10**9

    def offer(self, request: Request) -> None:
        self.count += 1
        self.waiting.append((request.order, self.count, request))

    def release(self, who: str) -> None:
        self.seats = [seat for seat in self.seats if seat[1] != who]
        self.waiting = [one for one in self.waiting if one[2].who != who]

    def due(self, now: object) -> list[str]:
        started: list[str] = []
        kept: list[list[str]] = []
        for entry in sorted(self.waiting, key=lambda one: one[:2]):
            request = entry[2]
            if request.after and request.after > now:  # type: ignore[operator]
                continue
            seats = []
            for slot in sorted(set(request.slots)):
                seats += [[slot, request.who]] * min(request.slots.count(slot), self.limit(slot))
            taken = self.seats + kept + seats
            if all(sum(seat[0] == slot for seat in taken) <= self.limit(slot) for slot in set(request.slots)):
                self.seats += seats
                self.waiting.remove(entry)
                started.append(request.who)
            elif not kept:
                kept = seats
        return started


SLOTS = st.lists(
    st.sampled_from(["host:a", "host:b", "datastore:gold", "datastore:tin", "run", "free"]), max_size=6
).map(tuple)
OFFERS = st.builds(
    lambda slots, order, hours: ("offer", slots, order, hours), SLOTS, st.integers(0, 3), st.sampled_from([None, 1, 3])
)
ACTS = st.lists(OFFERS | st.tuples(st.just("release"), st.integers(0, 30)) | st.just(("hour",)), max_size=40)


@given(ACTS)
def test_it_starts_who_the_reference_starts(acts: list[tuple]) -> None:  # type: ignore[type-arg]
    scheduler, reference, now = Scheduler(LIMITS), Reference(), START
    offered = 0
    for act in acts:
        if act[0] == "offer":
            after = None if act[3] is None else START + timedelta(hours=act[3])
            request = Request(f"vm{offered}", act[1], act[2], after)
            offered += 1
            scheduler.offer(request)
            reference.offer(request)
        elif act[0] == "release":
            scheduler.release(f"vm{act[1]}")
            reference.release(f"vm{act[1]}")
        else:
            now += timedelta(hours=1)
        assert scheduler.due(now) == reference.due(now)
        assert scheduler.due(now) == [], "asking twice starts nobody twice"
        for slot in ("host:a", "host:b", "datastore:gold", "datastore:tin", "run"):
            assert scheduler.using(slot) == sum(seat[0] == slot for seat in reference.seats)
            assert scheduler.using(slot) <= reference.limit(slot)


@given(st.lists(st.tuples(SLOTS, st.integers(0, 3)), max_size=20))
def test_everybody_starts_at_last(offers: list[tuple[tuple[str, ...], int]]) -> None:
    scheduler = Scheduler(LIMITS)
    for number, (slots, order) in enumerate(offers):
        scheduler.offer(Request(f"vm{number}", slots, order))
    started: list[str] = []
    for _ in offers:
        for who in scheduler.due(START):
            started.append(who)
            scheduler.release(who)
    assert sorted(started) == sorted(f"vm{number}" for number in range(len(offers)))


def test_a_big_one_is_not_passed_for_ever() -> None:
    scheduler = Scheduler({"host": 4})
    scheduler.offer(Request("small0", ("host:a",)))
    assert scheduler.due(START) == ["small0"]
    scheduler.offer(Request("big", ("host:a",) * 4))
    for number in range(1, 10):
        scheduler.offer(Request(f"small{number}", ("host:a",)))
        assert scheduler.due(START) == []
    scheduler.release("small0")
    assert scheduler.due(START) == ["big"]


def test_gaps_are_filled_by_those_behind_the_second_in_line() -> None:
    scheduler = Scheduler({"datastore": 1, "run": 3})
    for number in range(4):
        scheduler.offer(Request(f"gold{number}", ("run", "datastore:gold")))
    scheduler.offer(Request("tin", ("run", "datastore:tin")))
    assert scheduler.due(START) == ["gold0", "tin"], "one place of the run is kept for gold1, none for gold2 and gold3"


def test_who_wants_more_than_there_is_gets_all_there_is() -> None:
    scheduler = Scheduler({"datastore": 2})
    scheduler.offer(Request("wide", ("datastore:gold",) * 9))
    scheduler.offer(Request("next", ("datastore:gold",)))
    assert scheduler.due(START) == ["wide"]
    assert scheduler.using("datastore:gold") == 2


def test_a_time_is_waited_for() -> None:
    scheduler = Scheduler({})
    scheduler.offer(Request("late", (), after=START + timedelta(hours=2)))
    scheduler.offer(Request("later", (), after=START + timedelta(hours=3)))
    assert scheduler.due(START) == []
    assert scheduler.next_at(START) == START + timedelta(hours=2)
    assert scheduler.due(START + timedelta(hours=2)) == ["late"]
    assert scheduler.next_at(START + timedelta(hours=9)) is None


def test_nobody_is_offered_twice() -> None:
    scheduler = Scheduler({})
    scheduler.offer(Request("a"))
    with pytest.raises(ValueError, match="a was offered already"):
        scheduler.offer(Request("a"))
    scheduler.due(START)
    with pytest.raises(ValueError, match="a was offered already"):
        scheduler.offer(Request("a"))
