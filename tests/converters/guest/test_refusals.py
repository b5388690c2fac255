"""Everything that is refused before anything is changed, each with what to do."""

from dataclasses import replace
from typing import Any

import pytest

from mtv.converters.guest.decide import decide
from mtv.converters.guest.refusals import DISTRIBUTIONS, Surroundings
from mtv.model.estate import VM
from mtv.model.guest import Filesystem, GuestFacts
from mtv.model.plans import GuestChoice, GuestKey
from tests.converters.guest.known import DEBIAN, DEBIAN_VM, EFI_VM, NOTHING, ROOT, WINDOWS

MIB = 1 << 20
FULL = GuestChoice(conversion="full")
BOOT = Filesystem(device="/dev/sda2", type="ext4", mounted_at="/boot", free_bytes=200 * MIB, free_inodes=9999)


def codes(facts: GuestFacts, choice: GuestChoice = FULL, vm: VM = DEBIAN_VM, **around: Any) -> list[str]:
    found = decide(facts, vm, choice, Surroundings(**around)).refusals
    for fault in found:
        assert fault.text.startswith(f"{vm.name}: ")
        assert "conversion: none" in fault.hint
        assert fault.exit_code == 4
    return [fault.code for fault in found]


def test_a_sound_guest_is_not_refused() -> None:
    for facts in (DEBIAN, WINDOWS):
        assert codes(facts) == codes(facts, GuestChoice()) == []


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (NOTHING, "guest.no-os"),
        (replace(DEBIAN, roots=2), "guest.many-os"),
        (replace(DEBIAN, distro="void", product="Void"), "guest.unknown"),
        (replace(DEBIAN, family="freebsd", distro="freebsd"), "guest.unknown"),
        (replace(DEBIAN, filesystems=(replace(ROOT, dirty=True),)), "guest.filesystem"),
        (replace(DEBIAN, filesystems=(ROOT, replace(BOOT, dirty=True))), "guest.filesystem"),
        (replace(NOTHING, filesystems=(replace(ROOT, mounted_at="", dirty=True),)), "guest.filesystem"),
        (replace(NOTHING, faults=("/dev/sda1 does not mount: bad superblock",)), "guest.filesystem"),
        (replace(DEBIAN, filesystems=(replace(ROOT, free_bytes=50 * MIB),)), "guest.no-space"),
        (replace(DEBIAN, filesystems=(ROOT, replace(BOOT, free_bytes=20 * MIB))), "guest.no-space"),
        (replace(DEBIAN, filesystems=(replace(ROOT, free_inodes=3),)), "guest.no-space"),
        (replace(NOTHING, bitlocker=("/dev/sda3",)), "guest.bitlocker"),
        (replace(WINDOWS, hibernated=True), "guest.hibernated"),
        (replace(NOTHING, luks=("/dev/sda3",)), "guest.luks"),
        (replace(DEBIAN, luks=("/dev/sdb1",)), "guest.luks"),
    ],
)
def test_each_reason_has_its_code(facts: GuestFacts, code: str) -> None:
    assert codes(facts) == [code]


def test_a_data_disk_elsewhere_may_be_dirty() -> None:
    other = Filesystem(device="/dev/sdb1", type="ext4", mounted_at="/srv/data", dirty=True)
    assert codes(replace(DEBIAN, filesystems=(ROOT, other))) == []


def test_a_hibernated_windows_is_not_called_dirty_as_well() -> None:
    drive = replace(WINDOWS.filesystems[0], dirty=True)
    assert codes(replace(WINDOWS, hibernated=True, filesystems=(drive,))) == ["guest.hibernated"]


def test_windows_needs_its_drivers_only_when_it_is_converted() -> None:
    assert codes(WINDOWS, virtio_win=False) == ["guest.no-virtio-win"]
    assert codes(WINDOWS, GuestChoice(), virtio_win=False) == []  # it has them already
    assert codes(DEBIAN, virtio_win=False) == []


def test_the_network_of_windows_is_not_changed_from_outside() -> None:
    assert codes(WINDOWS, GuestChoice(conversion="network")) == ["guest.windows-network"]


@pytest.mark.parametrize(("fallback", "says"), [(False, "BOOTX64"), (None, "is not there")])
def test_uefi_needs_the_fallback_loader(fallback: bool | None, says: str) -> None:
    facts = replace(DEBIAN, firmware="efi", fallback_loader=fallback)
    assert codes(facts, vm=EFI_VM) == ["guest.no-loader"]
    assert says in decide(facts, EFI_VM, FULL).refusals[0].text
    assert codes(facts) == []  # a VM that starts by BIOS needs none


def test_uefi_with_it_is_fine() -> None:
    assert codes(replace(DEBIAN, firmware="efi", fallback_loader=True), vm=EFI_VM) == []


def test_room_for_the_overlay() -> None:
    assert codes(DEBIAN, scratch_free_bytes=100 * MIB) == ["guest.no-space-overlay"]
    assert codes(DEBIAN, scratch_free_bytes=600 * MIB) == []
    assert codes(DEBIAN, GuestChoice(), scratch_free_bytes=0) == []  # nothing is done to it


def test_a_light_conversion_asks_for_less_room() -> None:
    network = GuestChoice(conversion="network")
    assert codes(DEBIAN, network, scratch_free_bytes=100 * MIB) == []
    assert codes(replace(DEBIAN, filesystems=(replace(ROOT, free_bytes=MIB),)), network) == []


def test_a_key_that_does_not_fit_is_told_apart_from_none() -> None:
    facts = replace(NOTHING, luks=("/dev/sda3",))
    choice = GuestChoice(keys=(GuestKey(device="/dev/sda3", secret="file:/k"),))
    assert codes(facts, choice) == ["guest.luks-key"]
    assert "guest.keys" in decide(facts, DEBIAN_VM, FULL).refusals[0].hint


def test_an_encrypted_data_disk_matters_only_to_a_full_conversion() -> None:
    assert codes(replace(DEBIAN, luks=("/dev/sdb1",)), GuestChoice()) == []


def test_compatible_moves_an_unknown_system_but_nothing_without_one() -> None:
    compatible = GuestChoice(devices="compatible")
    assert codes(replace(DEBIAN, distro="void"), compatible) == []
    assert codes(replace(DEBIAN, distro="void"), compatible, network_changes=True) == []
    assert codes(replace(DEBIAN, family="freebsd", distro="freebsd"), compatible) == []
    assert codes(NOTHING, compatible) == ["guest.no-os"]
    assert codes(replace(DEBIAN, distro="void"), replace(compatible, conversion="full")) == ["guest.unknown"]


HINTS = {
    "guest.no-os": "look at its disks",
    "guest.many-os": "remove all but one",
    "guest.unknown": "devices: compatible",
    "guest.filesystem": "let it check its disks",
    "guest.no-space": "in the guest",
    "guest.no-space-overlay": "make room there",
    "guest.no-virtio-win": "install virtio-win",
    "guest.bitlocker": "manage-bde -off",
    "guest.hibernated": "shut it down fully",
    "guest.luks": "guest.keys",
    "guest.no-loader": "grub-install --removable",
}
REFUSED: list[tuple[GuestFacts, VM, dict[str, Any]]] = [
    (NOTHING, DEBIAN_VM, {}),
    (replace(DEBIAN, roots=2), DEBIAN_VM, {}),
    (replace(DEBIAN, distro="void"), DEBIAN_VM, {}),
    (replace(DEBIAN, filesystems=(replace(ROOT, dirty=True),)), DEBIAN_VM, {}),
    (replace(DEBIAN, filesystems=(replace(ROOT, free_bytes=0),)), DEBIAN_VM, {}),
    (DEBIAN, DEBIAN_VM, {"scratch_free_bytes": 0}),
    (WINDOWS, DEBIAN_VM, {"virtio_win": False}),
    (replace(NOTHING, bitlocker=("/dev/sda3",)), DEBIAN_VM, {}),
    (replace(WINDOWS, hibernated=True), DEBIAN_VM, {}),
    (replace(NOTHING, luks=("/dev/sda3",)), DEBIAN_VM, {}),
    (replace(DEBIAN, firmware="efi", fallback_loader=False), EFI_VM, {}),
]


def test_each_refusal_says_what_to_do_and_none_is_for_those_who_move_the_disks_as_they_are() -> None:
    said = {}
    for facts, vm, around in REFUSED:
        (fault,) = decide(facts, vm, FULL, Surroundings(**around)).refusals
        said[fault.code] = fault.hint
        assert decide(facts, vm, GuestChoice(conversion="none"), Surroundings(**around)).refusals == ()
    assert said.keys() == HINTS.keys()
    assert [code for code, hint in said.items() if HINTS[code] not in hint] == []


def test_every_distribution_of_virt_v2v_is_known() -> None:
    for distro in DISTRIBUTIONS:
        assert codes(replace(DEBIAN, distro=distro)) == []


def test_several_reasons_are_all_told() -> None:
    facts = replace(DEBIAN, distro="void", filesystems=(replace(ROOT, dirty=True, free_bytes=0),))
    assert codes(facts) == ["guest.filesystem", "guest.unknown", "guest.no-space"]
