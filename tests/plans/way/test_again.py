"""A volume that is not what was copied: found by its label, made anew, or copied once more."""

import asyncio
from pathlib import Path

import pytest

from mtv.errors import CheckFailed, Held, MtvError, Refused, Temporary
from mtv.model.outcomes import Mark, Outcome, Row
from mtv.plans.way.work import holds
from mtv.plans.world import World
from tests.crash.boundaries import Rows
from tests.crash.pair import Case, Pair
from tests.plans.way.made import ran


class Losing(Rows):
    """Its VM's first volume is lost once, when the copy is done."""

    lost = False

    async def append(self, row: Row) -> None:
        await super().append(row)
        if not self.lost and (row.step, row.mark) == (self.at, Mark.DONE):
            self.lost = True
            volume = await self.pair.target().find(self.pair.specs()[0])
            assert volume
            await self.pair.target().remove(volume)

    def of(self, pair: Pair, at: str) -> "Losing":
        self.pair, self.at = pair, at
        return self


@pytest.mark.parametrize(("kind", "copy"), [("cold", "transfer"), ("warm", "last-delta")])
def test_a_volume_that_is_gone_at_its_verify_is_made_and_copied_again(kind: str, copy: str, tmp_path: Path) -> None:
    rows = Losing()
    pair = Pair(Case(kind, "snapshots"), tmp_path, rows)
    rows.of(pair, copy)
    assert pair.drive() == "done"
    assert rows.lost
    assert (ran(pair).count(copy), ran(pair).count("verify")) == (2, 2)
    pair.assert_ended("done")


@pytest.mark.parametrize(("error", "raised"), [
    (Refused, Held), (CheckFailed, Held), (MtvError, MtvError), (Temporary, Temporary), (Held, Held),
])  # fmt: skip
def test_what_an_end_refuses_past_the_check_is_held(error: type[MtvError], raised: type[MtvError]) -> None:
    @holds
    async def act(world: World) -> Outcome:
        raise error("source.gone", "web: it is gone", "bring it back")

    with pytest.raises(MtvError) as caught:
        asyncio.run(act(None))  # type: ignore[arg-type]
    assert type(caught.value) is raised
    assert (caught.value.fault.code, caught.value.fault.hint) == ("source.gone", "bring it back")
