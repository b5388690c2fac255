"""Choices that lose something say so; a critical concern stops the move until it is accepted."""

import pytest

from mtv.errors import CheckFailed
from mtv.model.estate import VM, Concern, Level
from mtv.model.plans import GuestChoice, NicChoice, VmPlan
from mtv.plans.concerns import of_choices, refuse_critical, unique


def plan(guest: GuestChoice | None = None) -> VmPlan:
    made = VM(source="s", id="1", name="db")
    return VmPlan(vm=made, machine="db", disks=(), nics=(NicChoice(nic="n", to="pod"),), guest=guest or GuestChoice())


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        (plan(), []),
        (plan(GuestChoice(conversion="none")), ["guest.unknown", "guest.no-agent", "guest.addresses-not-kept"]),
        (plan(GuestChoice(conversion="none", agent="none")), ["guest.unknown", "guest.addresses-not-kept"]),
        (plan(GuestChoice(addresses="leave")), ["guest.addresses-not-kept"]),
    ],
)
def test_what_is_lost_is_said(given: VmPlan, ids: list[str]) -> None:
    assert [one.id for one in of_choices(given)] == ids


def test_a_critical_concern_stops_until_accepted() -> None:
    found = [
        Concern(id="a.b", level=Level.WARNING, text="w"),
        Concern(id="disk.shared", level=Level.CRITICAL, text="x"),
    ]
    with pytest.raises(CheckFailed, match="VM 'db': x \\(disk.shared\\)"):
        refuse_critical("db", found, [])
    refuse_critical("db", found, ["disk.shared"])


def test_twins_are_told_once() -> None:
    one = Concern(id="a.b", level=Level.INFO, text="t")
    assert unique([one, one, Concern(id="a.b", level=Level.INFO, text="u")]) == (
        one,
        Concern(id="a.b", level=Level.INFO, text="u"),
    )
