"""A source that its owner starts on the way: noticed before its move ends, and put back as it was found."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.errors import Held, MtvError, Refused, Temporary
from mtv.plans.deciding.fold import fold
from mtv.plans.way.cutover import runs_again
from tests.crash.boundaries import Boundaries, ended
from tests.crash.pair import Case, Pair
from tests.plans.way.made import estate_with, meddled, ran


def started(pair: Pair) -> None:
    turned(pair, "on")


def turned(pair: Pair, power: str) -> None:
    source = pair.source()
    vm = source.estate.vms[0]
    source._put(vm, replace(source._state(vm), power=power))


NEVER = Case("cold", "snapshots", planned=lambda plan: replace(plan, start="never"))


@pytest.mark.parametrize("at", ["verify", "convert"])
def test_a_source_that_is_started_before_its_machine_is_made_is_held(at: str, tmp_path: Path) -> None:
    pair = meddled(NEVER, tmp_path, at, started)
    assert pair.drive() == "held"
    fault = fold(pair.rows.kept).fault
    assert fault is not None
    assert (fault.code, asyncio.run(pair.target().machine("vm001")).state) == ("source.powered-on", "absent")
    turned(pair, "off")
    pair.rows.ask("resume")
    assert pair.drive() == "done"


def test_a_source_that_runs_when_its_move_is_accepted_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pair = meddled(NEVER, tmp_path, "create-vm", started)
    with caplog.at_level(logging.WARNING):
        assert pair.drive() == "done"
    assert "vm001 was off, and somebody started it" in caplog.text
    assert "somebody started it" in str(fold(pair.rows.kept).of("accept")["source"])


@pytest.mark.parametrize("code", ["source.gone", "source.no-vm", "vsphere.no-vm"])
def test_a_source_that_was_removed_runs_nowhere(code: str, tmp_path: Path) -> None:
    assert not asked_of(Refused(code, "vm001: gone"), tmp_path)


@pytest.mark.parametrize(("error", "raised"), [(Refused, Held), (Temporary, Temporary), (MtvError, MtvError)])
def test_a_source_that_cannot_be_read_is_not_taken_to_be_off(
    error: type[MtvError], raised: type[MtvError], tmp_path: Path
) -> None:
    with pytest.raises(MtvError) as caught:
        asked_of(error("source.unreadable", "vm001: it cannot be read"), tmp_path)
    assert type(caught.value) is raised


def asked_of(error: MtvError, folder: Path) -> bool:
    pair = Pair(NEVER, folder)
    world = pair.world(Boundaries(fail_at=1, error=error), pair.rows)
    return asyncio.run(runs_again(world))


WAS_OFF = Case(
    "cold", "snapshots", asks=[("cancel", ended("fence", 2))], prepare=estate_with(lambda vm: replace(vm, power="off"))
)


def test_a_vm_that_was_started_after_its_check_runs_again_when_it_is_put_back(tmp_path: Path) -> None:
    """Wherever the engine dies while it is switched off."""
    pair, watch = meddled(WAS_OFF, tmp_path / "whole", "worker-ready", started), Boundaries()
    assert pair.drive(watch) == "cancelled"
    assert ran(pair).count("power-off") == 2
    assert asyncio.run(pair.source().vm("vm-1")).power == "on"
    deaths = [n for n, name in enumerate(watch.names, 1) if "power" in name]
    assert len(deaths) >= 10
    for at in deaths:
        pair = meddled(WAS_OFF, tmp_path / str(at), "worker-ready", started)
        assert pair.drive(Boundaries(crash_at=at)) == "crashed"
        assert pair.drive() == "cancelled"
        assert asyncio.run(pair.source().vm("vm-1")).power == "on", watch.names[at - 1]


def stopped(pair: Pair) -> None:
    turned(pair, "off")


RAN = Case("cold", "snapshots", asks=[("cancel", ended("fence"))])


def test_a_vm_that_was_stopped_after_its_check_stays_off_when_it_is_put_back(tmp_path: Path) -> None:
    """Wherever the engine dies, once how it was found is written down."""
    case = replace(RAN, asks=[("cancel", ended("fence", 2))])
    pair, watch = meddled(case, tmp_path / "whole", "worker-ready", stopped), Boundaries()
    assert pair.drive(watch) == "cancelled"
    assert ran(pair).count("power-off") == 2
    assert asyncio.run(pair.source().vm("vm-1")).power == "off"
    written = watch.names.index("after the commit of power-off done")
    deaths = [n for n, name in enumerate(watch.names, 1) if "power" in name and n > written]
    assert len(deaths) >= 10
    for at in deaths:
        pair = meddled(case, tmp_path / str(at), "worker-ready", stopped)
        assert pair.drive(Boundaries(crash_at=at)) == "crashed"
        assert pair.drive() == "cancelled"
        assert asyncio.run(pair.source().vm("vm-1")).power == "off", watch.names[at - 1]


def test_one_that_we_stopped_before_we_died_runs_again_when_it_is_put_back(tmp_path: Path) -> None:
    pair, watch = Pair(RAN, tmp_path / "whole"), Boundaries()
    assert pair.drive(watch) == "cancelled"
    assert ran(pair).count("power-off") == 1
    for at in (n for n, name in enumerate(watch.names, 1) if "power" in name):
        pair = Pair(RAN, tmp_path / str(at))
        assert pair.drive(Boundaries(crash_at=at)) == "crashed"
        assert pair.drive() == "cancelled"
        assert asyncio.run(pair.source().vm("vm-1")).power == "on", watch.names[at - 1]
