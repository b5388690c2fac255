"""The same on the real store: a sample of crashes, each followed by a new opening of its file."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from mtv.model.outcomes import Intent, Row
from mtv.model.plans import Plan
from mtv.plans.journey import journey
from mtv.plans.runner import fold
from mtv.store.journal import StoreJournal, ask
from mtv.store.records import Digest
from mtv.store.runs import create_run
from mtv.store.store import Store
from tests.crash import counts
from tests.crash.boundaries import Boundaries
from tests.crash.cases import BACK, DONE
from tests.crash.pair import Case, Pair


def digest(rows: Sequence[Row]) -> Digest:
    history = fold(rows)
    return Digest(
        state=history.state, step=history.step, round=history.round, attempt=history.attempt, why=history.why,
        code=history.fault.code if history.fault else "", hint="", until=history.until,
    )  # fmt: skip


@dataclass
class Journal:
    """The store's, with a boundary before and after each commit."""

    store: Store
    kept: StoreJournal
    boundaries: Boundaries
    asks: Sequence[tuple[str, Callable[[Sequence[Row]], bool]]]
    asked: set[str]

    def rows(self) -> Sequence[Row]:
        return self.kept.rows()

    def intents(self) -> Sequence[Intent]:
        for verb, when in self.asks:
            if verb not in self.asked and when(self.rows()):
                self.asked.add(verb)
                ask(self.store, "p-1", "src/vm-1", verb, "ann")
        return self.kept.intents()

    async def append(self, row: Row) -> None:
        self.boundaries.cross(f"before the commit of {row.step} {row.mark}")
        await self.kept.append(row)
        self.boundaries.cross(f"after the commit of {row.step} {row.mark}")

    async def took(self, intent: Intent, result: str) -> None:
        self.boundaries.cross("before the commit of an intent")
        await self.kept.took(intent, result)
        self.boundaries.cross("after the commit of an intent")


@contextmanager
def opened(pair: Pair, boundaries: Boundaries, asked: set[str]) -> Iterator[Journal]:
    path = pair.folder / "store" / "store.db"
    new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with Store(path) as store:
        if new:
            plan = Plan(name="p", source="memory:s", target="memory:t", vms=(pair.plan(),))
            steps = [(step.name, step.title) for step in journey(pair.world(boundaries, pair.rows))]
            create_run(store, plan, [steps])
        kept = StoreJournal(store, "p-1", "src/vm-1", digest)
        yield Journal(store, kept, boundaries, pair.rows.asks, asked)


def drive(pair: Pair, asked: set[str], crash_at: int = -1) -> tuple[str, int]:
    boundaries = Boundaries(crash_at)
    with opened(pair, boundaries, asked) as journal:
        end = pair.drive(boundaries, journal)
        pair.rows.kept = list(journal.rows())
    return end, len(boundaries.names)


@pytest.mark.slow
@pytest.mark.parametrize(("case", "every"), [(DONE[1], 9), (DONE[4], 23), (BACK[4], 23)], ids=lambda one: str(one))
def test_a_crash_on_the_real_store_ends_the_same(case: Case, every: int, tmp_path: Path) -> None:
    undisturbed = Pair(case, tmp_path / "undisturbed")
    end, boundaries = drive(undisturbed, set())
    assert end == case.end
    picture = undisturbed.picture()
    crashes = range(1, boundaries + 1, every)
    for at in crashes:
        pair, asked = Pair(case, tmp_path / str(at)), set[str]()
        assert drive(pair, asked, at)[0] == "crashed"
        assert drive(pair, asked)[0] == end
        pair.assert_ended(end)
        assert pair.picture() == picture
    counts.add(f"{case}, on the real store", crashes=len(crashes))
