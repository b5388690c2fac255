"""A VM that got other hardware on the way: what nobody planned is not left behind in silence."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.model.estate import VM
from mtv.plans.deciding.fold import fold
from tests.crash.pair import Case, Pair
from tests.plans.toys import Crash
from tests.plans.way.made import estate_with, meddled, with_card


def crash(_: Pair) -> None:
    raise Crash("the engine is gone")


HARDWARE: dict[str, Callable[[VM], VM]] = {
    "card": lambda vm: replace(vm, nics=(*vm.nics, replace(vm.nics[0], key="4001", mac="00:50:56:00:11:22"))),
    "disk": lambda vm: replace(vm, disks=(*vm.disks, replace(vm.disks[0], key="2007", unit=7))),
    "mac": lambda vm: with_card(vm, mac="00:50:56:00:33:44"),
    "memory": lambda vm: replace(vm, memory_bytes=vm.memory_bytes * 2),
}


@pytest.mark.parametrize(("kind", "copy"), [("cold", "transfer"), ("warm", "last-delta")])
@pytest.mark.parametrize("what", HARDWARE)
def test_hardware_that_came_after_the_check_is_held_before_the_last_copy(
    kind: str, copy: str, what: str, tmp_path: Path
) -> None:
    pair = meddled(Case(kind, "snapshots"), tmp_path, "fence", crash)
    planned = pair.plan().vm
    assert pair.drive() == "crashed"
    estate_with(HARDWARE[what])(pair)
    pair.case = replace(pair.case, planned=lambda plan: replace(plan, vm=planned))
    assert pair.drive() == "held"
    history = fold(pair.rows.kept)
    assert history.fault is not None
    assert (history.fault.code, history.step) == ("source.changed", copy)
    estate_with(lambda vm: vm)(pair)  # it is put back
    pair.rows.ask("resume")
    assert pair.drive() == "done"
