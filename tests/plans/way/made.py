"""Journeys of one VM on a memory pair, driven to an end and looked at."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mtv.model.estate import VM
from mtv.model.outcomes import Mark, Row
from mtv.model.tasks import Task
from mtv.plans.runner import History, fold
from mtv.providers.memory.estate import make_estate, read_address, write_estate
from tests.crash.boundaries import Rows
from tests.crash.pair import Case, Pair


def estate_with(change: Callable[[VM], VM]) -> Callable[[Pair], None]:
    """A source whose only VM is another."""

    def prepare(pair: Pair) -> None:
        path = pair.folder / "source"
        made = make_estate("src", read_address(f"{path}?flavour={pair.case.flavour}&vms=1&seed=7"))
        write_estate(path, replace(made, vms=tuple(change(vm) for vm in made.vms)))

    return prepare


def with_card(vm: VM, **how: str) -> VM:
    """The same, its first card another."""
    return replace(vm, nics=(replace(vm.nics[0], **how), *vm.nics[1:]))  # type: ignore[arg-type]


def driven(case: Case, folder: Path, end: str = "done") -> tuple[Pair, History]:
    pair = Pair(case, folder)
    assert pair.drive() == end
    return pair, fold(pair.rows.kept)


def ran(pair: Pair) -> list[str]:
    """Names of the steps that were done, in order."""
    return [row.step for row in pair.rows.kept if row.step and row.mark is Mark.DONE and not row.undo]


def tasks(pair: Pair) -> dict[str, list[Task]]:
    """What the workers were given, by step; the records live as long as scratch does."""
    given: dict[str, list[Task]] = {}
    for name in sorted(pair.folder.glob("target/workers/*.json")):
        task = pair.target()._record(name.stem)[0]
        assert task is not None
        given.setdefault(task.step, []).append(task)
    return {step: sorted(some, key=lambda task: task.attempt) for step, some in given.items()}


@dataclass
class Meddling(Rows):
    """Somebody does something once, when a step is done."""

    at: str = ""
    does: Callable[[], None] = lambda: None
    did: bool = False

    async def append(self, row: Row) -> None:
        await super().append(row)
        if not self.did and (row.step, row.mark) == (self.at, Mark.DONE):
            self.did = True
            self.does()


def meddled(case: Case, folder: Path, at: str, does: Callable[[Pair], None]) -> Pair:
    rows = Meddling(at=at)
    pair = Pair(case, folder, rows)
    rows.does = lambda: does(pair)
    return pair
