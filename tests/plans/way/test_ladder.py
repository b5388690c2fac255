"""The rungs that a started guest is judged by."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from mtv import codec
from mtv.model.estate import VM, Facts, Json, Nic
from mtv.model.guest import GuestFacts, GuestNetwork, Interface
from mtv.model.plans import GuestChoice, NicChoice, VmPlan
from mtv.plans.way.ladder import facts_of, rungs
from mtv.plans.world import World
from mtv.providers.memory import MemoryTarget
from tests.crash.pair import Case
from tests.plans.way.made import driven

MAC = "00:50:56:00:00:01"
CARD: Json = {"name": "eth0", "mac": MAC.upper(), "addresses": ["192.0.2.10", "fe80::1"], "agent": True}


def world(choice: GuestChoice | None = None, **inspected: Json) -> World:
    """One VM with a card, whose guest fixes an address."""
    network = GuestNetwork(interfaces=(Interface(name="eth0", method="static", addresses=("192.0.2.10/24",)),))
    guest = codec.dump(GuestFacts(roots=1, family="linux", hostname="db01", network=network))
    vm = VM(source="lab", id="7", name="db01", nics=(Nic(key="4000", mac=MAC),))
    plan = VmPlan(
        vm=vm, machine="db01", disks=(), nics=(NicChoice(nic="4000", to="pod"),), guest=choice or GuestChoice()
    )
    facts: dict[str, Facts] = {"inspect": {"guest": guest, **inspected}}
    return cast(World, SimpleNamespace(plan=plan, history=SimpleNamespace(of=lambda step: facts.get(step, {}))))


def judged(told: Mapping[str, Any], found: World | None = None) -> Mapping[str, Json]:
    return facts_of(rungs(found or world(), told))


def test_all_rungs_of_a_guest_that_is_as_it_was() -> None:
    told = {"running": True, "agent": True, "hostname": "DB01.example.com", "interfaces": [CARD]}
    assert judged(told) == dict.fromkeys(("running", "agent", "hostname", "cards", "addresses"), "yes")


def test_what_nobody_can_tell_is_no_rung() -> None:
    assert judged({"hostname": "db01"}) == {"hostname": "yes"}


def test_another_card_and_another_address_are_told() -> None:
    found = judged({"interfaces": [{"name": "eth0", "mac": "52:54:00:00:00:09", "addresses": ["192.0.2.99"]}]})
    assert found["cards"] == f"its guest has no card net0 ({MAC})"
    assert found["addresses"] == "its guest has not the address 192.0.2.10"


def test_a_card_is_known_by_the_address_that_the_guest_was_given() -> None:
    given: Json = {"macs": {"4000": "52:54:00:00:00:09"}}
    assert judged({"interfaces": [CARD]}, world(network=given))["cards"] != "yes"


def test_an_address_is_waited_for_and_a_card_is_not() -> None:
    found = {one.name: one.waits for one in rungs(world(), {"interfaces": []})}
    assert found == {"cards": False, "addresses": True}


def test_addresses_that_were_left_alone_are_not_asked_for() -> None:
    assert "addresses" not in judged({"interfaces": [CARD]}, world(GuestChoice(addresses="leave")))


class Bare(MemoryTarget):
    async def guest(self, name: str) -> Mapping[str, Json]:
        return {"hostname": name, "interfaces": []}


def test_a_guest_without_its_card_holds(tmp_path: Path) -> None:
    _, history = driven(Case("cold", "snapshots", target=Bare), tmp_path, "held")
    assert history.fault is not None
    assert history.fault.code == "guest.cards"
    assert "has no card" in history.fault.text
