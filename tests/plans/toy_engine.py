"""An engine whose VMs are folders and whose steps make files in them; also a program, to be killed.

python -m tests.plans.toy_engine STORE RUN [STEP]     stays in STEP of each VM until its file "go" is there
"""

import asyncio
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from mtv.errors import MtvError
from mtv.model.outcomes import Done, Outcome
from mtv.model.plans import Limits
from mtv.plans.engine import run_engine
from mtv.plans.runner import Control, Migration, Policy, Step
from mtv.settings import Settings
from mtv.store.journal import StoreJournal
from mtv.store.records import MigrationRow
from mtv.store.runs import create_run
from mtv.store.store import Store
from tests.store.made import plan, vm

STEPS = (("check", "check"), ("copy", "copy"), ("end", "end"))
SETTINGS = replace(Settings(), watch_s=0.02, heartbeat_s=0.05)


@dataclass
class Yard:
    """Where all VMs stand, and what goes wrong with which: "VM/STEP" -> an outcome or an error, once each."""

    folder: Path
    stay: str = ""
    policy: Policy = field(default_factory=lambda: Policy(backoff_s=(0,)))
    trouble: dict[str, Outcome | MtvError] = field(default_factory=dict)
    broken: dict[str, Exception] = field(default_factory=dict)  # VM -> why it cannot be built
    company: int = 0  # a step lingers until so many are at work, for 50 ms at most
    busy: int = 0
    busiest: int = 0
    acts: list[str] = field(default_factory=list)

    async def build(self, record: MigrationRow, journal: StoreJournal, control: Control) -> Migration["Lot"]:
        if error := self.broken.get(record.vm):
            raise error
        folder = self.folder / record.run / record.vm
        folder.mkdir(parents=True, exist_ok=True)
        world = Lot(self, record.vm, folder, control)
        journey = [_step(name) for name, _ in STEPS]
        return Migration(vm=record.vm_key, journey=journey, journal=journal, world=world, policy=self.policy)

    def standing(self, run: str) -> list[str]:
        return sorted(
            f"{path.parent.name}/{path.name}" for path in (self.folder / run).glob("*/*") if path.name != "go"
        )


@dataclass
class Lot:
    yard: Yard
    vm: str
    folder: Path
    control: Control


def _step(name: str) -> Step[Lot]:
    async def run(lot: Lot) -> Outcome:
        lot.yard.acts.append(f"{lot.vm}/{name}")
        (lot.folder / name).touch()
        lot.yard.busy += 1
        lot.yard.busiest = max(lot.yard.busiest, lot.yard.busy)
        try:
            while name == lot.yard.stay and not (lot.folder / "go").exists():
                await asyncio.sleep(0.005)
            for _ in range(50 * (lot.yard.busiest < lot.yard.company)):
                await asyncio.sleep(0.001)
        finally:
            lot.yard.busy -= 1
        found = lot.yard.trouble.pop(f"{lot.vm}/{name}", Done())
        if isinstance(found, MtvError):
            raise found
        return found

    async def undo(lot: Lot) -> None:
        lot.yard.acts.append(f"undo {lot.vm}/{name}")
        (lot.folder / name).unlink(missing_ok=True)

    return Step(name, name.upper(), run, undo, slots=lambda lot: ("run", f"datastore:{lot.vm[0]}"))


def begin(store: Store, *names: str, wave: str = "wave") -> str:
    return create_run(store, plan(*(vm(name) for name in names), name=wave), [STEPS] * len(names)).name


async def main(path: str, run: str, stay: str = "") -> int:
    with Store(Path(path)) as store:
        yard = Yard(store.path.parent / "yard", stay)
        summary = await run_engine(store, run, yard.build, limits=Limits(), setting=SETTINGS)
    return summary.exit_code


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
