"""The small parts of employing a worker."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.model.faults import Fault, Kind
from mtv.model.outcomes import Again, Done, Outcome, Stop
from mtv.model.points import Extent
from mtv.model.tasks import Ended
from mtv.plans.journey import COLD
from mtv.plans.way.disks import thinned
from mtv.plans.way.work import judged
from tests.crash.boundaries import Boundaries
from tests.crash.pair import Case, Pair


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), max_size=40), st.integers(1, 12))
def test_thinned_extents_cover_all_and_are_few(pairs: list[tuple[int, int]], most: int) -> None:
    extents, at = [], 0
    for gap, length in pairs:
        extents.append(Extent(at + gap, length))
        at += gap + length
    made = thinned(extents[::-1], most)
    assert len(made) <= most
    covered = {byte for one in made for byte in range(one.offset, one.offset + one.length)}
    assert {byte for one in extents for byte in range(one.offset, one.offset + one.length)} <= covered
    ends = [one.offset + one.length for one in made]
    assert all(end < one.offset for end, one in zip(ends, made[1:], strict=False))
    if len(extents) <= most:
        assert list(made) == extents


@pytest.mark.parametrize(("outcome", "kind", "made"), [
    ("temporary", Kind.TEMPORARY, Again), ("permanent", Kind.PERMANENT, Stop), ("hold", Kind.HOLD, Stop),
    ("cancelled", Kind.CANCELLED, Stop),
])  # fmt: skip
def test_a_worker_s_end_decides_whatever_its_fault_calls_itself(outcome: str, kind: Kind, made: type[Outcome]) -> None:
    for fault in (None, Fault("a.b", "text", kind=Kind.TEMPORARY), Fault("a.b", "text", kind=Kind.PERMANENT)):
        judgement = judged(Ended(outcome=outcome, fault=fault), 3, 77)  # type: ignore[arg-type]
        assert isinstance(judgement, made)
        assert not isinstance(judgement, Done)
        assert judgement.fault.kind is kind  # type: ignore[union-attr]
    assert judged(Ended(outcome="done", facts={"a": 1}), 3, 77) == Done({"a": 1, "attempt": 3})


def test_reading_takes_a_slot_of_host_and_datastore_for_each_disk(tmp_path: Path) -> None:
    pair = Pair(Case("cold", "snapshots"), tmp_path)
    step = next(step for step in COLD if step.name == "transfer")
    assert sorted(step.slots(pair.world(Boundaries(), pair.rows))) == [
        "datastore:src/ds1", "datastore:src/ds2", "host:src/host-2", "host:src/host-2", "run:p-1",
    ]  # fmt: skip
