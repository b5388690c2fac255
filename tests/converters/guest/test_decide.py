"""The lightest conversion that is proved safe, and no lighter one."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.guest.decide import decide, unfit
from mtv.converters.guest.refusals import Surroundings
from mtv.model.guest import GuestFacts
from mtv.model.plans import GuestChoice
from tests.converters.guest.known import DEBIAN, DEBIAN_VM, KERNEL, NOTHING, WINDOWS

AUTO = GuestChoice()
BARE = replace(DEBIAN, packages=())
OLD = replace(KERNEL, version="5.10", drivers=("vmw_pvscsi",), modules=(), default=False)


def mode(facts: GuestFacts, choice: GuestChoice = AUTO, **around: Any) -> str:
    return decide(facts, DEBIAN_VM, choice, Surroundings(**around)).mode


def test_a_fit_guest_is_left_as_it_is() -> None:
    assert mode(DEBIAN) == "none"
    assert mode(WINDOWS) == "none"


def test_a_fit_guest_whose_interfaces_need_a_file_gets_just_that() -> None:
    assert mode(DEBIAN, network_changes=True) == "network"


def test_an_initramfs_that_only_a_full_conversion_can_make_anew() -> None:
    assert mode(DEBIAN, network_changes=True, rebuilds=False) == "full"


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (replace(DEBIAN, kernels=(replace(KERNEL, drivers=("virtio_net", "virtio_pci")),)), "no virtio_blk"),
        (replace(DEBIAN, kernels=(replace(KERNEL, drivers=("virtio_net", "virtio_blk")),)), "no virtio_pci"),
        (
            replace(DEBIAN, kernels=(replace(KERNEL, drivers=("virtio_blk", "virtio_pci"), modules=()),)),
            "no virtio_net",
        ),
        (replace(DEBIAN, kernels=(KERNEL, OLD)), "kernel 5.10 has no virtio_blk and no virtio_pci"),
        (replace(DEBIAN, kernels=()), "no kernel"),
        (replace(DEBIAN, device_names={"/etc/fstab": ("/dev/sda1",)}), "/etc/fstab names /dev/sda1"),
        (replace(DEBIAN, faults=("cannot read /boot/initrd.img-5: it is packed",)), "cannot be sure"),
        (replace(WINDOWS, drivers=("netkvm",)), "viostor"),
        (replace(WINDOWS, drivers=("viostor",)), "NetKVM"),
        (replace(DEBIAN, family="freebsd"), "family freebsd"),
    ],
)
def test_whatever_is_not_proved_means_a_full_conversion_and_says_why(facts: GuestFacts, says: str) -> None:
    decision = decide(facts, DEBIAN_VM, AUTO)
    assert decision.mode == "full"
    assert any(says in reason for reason in decision.reasons), decision.reasons


def test_network_drivers_may_wait_for_the_root_file_system() -> None:
    assert mode(replace(DEBIAN, kernels=(replace(KERNEL, drivers=("virtio_blk", "virtio_pci")),))) == "none"


@pytest.mark.parametrize("asked", ["none", "network", "full"])
def test_what_the_plan_says_is_done(asked: Any) -> None:
    choice = GuestChoice(conversion=asked)
    assert mode(DEBIAN, choice) == asked
    assert mode(replace(DEBIAN, kernels=(OLD,)), choice) == asked


def test_a_light_conversion_that_was_asked_for_warns_of_what_it_leaves_behind() -> None:
    unready = replace(DEBIAN, kernels=(OLD,))
    assert [one.id for one in decide(unready, DEBIAN_VM, GuestChoice(conversion="none")).concerns] == [
        "guest.no-virtio"
    ]
    assert decide(DEBIAN, DEBIAN_VM, GuestChoice(conversion="none")).concerns == ()


def test_none_refuses_nothing() -> None:
    for facts in (NOTHING, replace(DEBIAN, hibernated=True), replace(DEBIAN, roots=2)):
        assert decide(facts, DEBIAN_VM, GuestChoice(conversion="none")).refusals == ()
        assert decide(facts, DEBIAN_VM, AUTO).refusals != ()


def test_compatible_devices_need_no_drivers() -> None:
    choice = GuestChoice(devices="compatible")
    assert mode(replace(DEBIAN, kernels=(OLD,)), choice) == "none"
    assert mode(DEBIAN, choice, network_changes=True) == "network"


def test_compatible_devices_move_an_unknown_system_with_a_concern() -> None:
    strange = replace(DEBIAN, distro="void", product="Void Linux")
    decision = decide(strange, DEBIAN_VM, GuestChoice(devices="compatible"))
    assert (decision.mode, decision.refusals) == ("none", ())
    assert "guest.unknown-moved" in [one.id for one in decision.concerns]


def test_compatible_devices_warn_of_an_initramfs_without_ahci() -> None:
    decision = decide(replace(DEBIAN, kernels=(OLD,)), DEBIAN_VM, GuestChoice(devices="compatible"))
    assert [one.id for one in decision.concerns] == ["guest.no-ahci"]


@pytest.mark.parametrize(
    ("facts", "choice", "level"),
    [
        (DEBIAN, AUTO, None),
        (BARE, AUTO, "warning"),
        (BARE, replace(AUTO, agent="none"), None),
        (BARE, replace(AUTO, conversion="network"), "warning"),
        (BARE, replace(AUTO, conversion="full"), None),
        (replace(BARE, kernels=(OLD,)), AUTO, None),
        (WINDOWS, AUTO, "info"),
    ],
)
def test_an_agent_that_is_wanted_and_not_installed_is_a_concern(
    facts: GuestFacts, choice: GuestChoice, level: str | None
) -> None:
    found = [one for one in decide(facts, DEBIAN_VM, choice).concerns if one.id == "guest.no-agent"]
    assert [one.level for one in found] == ([level] if level else [])


@given(
    drivers=st.sets(st.sampled_from(["virtio_blk", "virtio_pci", "virtio_net", "ahci", "vmw_pvscsi"])),
    modules=st.sets(st.sampled_from(["virtio_net", "virtio_blk"])),
    others=st.booleans(),
    names=st.booleans(),
    network=st.booleans(),
)
def test_auto_is_light_only_with_every_proof(
    drivers: set[str], modules: set[str], others: bool, names: bool, network: bool
) -> None:
    kernel = replace(KERNEL, drivers=tuple(drivers), modules=tuple(modules))
    facts = replace(
        DEBIAN,
        kernels=(kernel, KERNEL) if others else (kernel,),
        device_names={"/etc/fstab": ("/dev/sda1",)} if names else {},
    )
    proved = {"virtio_blk", "virtio_pci"} <= drivers and "virtio_net" in drivers | modules and not names
    expected = ("network" if network else "none") if proved else "full"
    assert mode(facts, network_changes=network) == expected
    assert bool(unfit(facts)) is not proved
