"""Names, identity, and what firmware keeps."""

from collections.abc import Iterator, Sequence

from mtv.converters.manifests.losses.rule import Rule, critical, info, listed, warning
from mtv.converters.manifests.machine import hostname
from mtv.converters.manifests.parts import labels
from mtv.converters.manifests.parts.firmware import lasting_tpm, secure_boot, usable_uuid
from mtv.converters.manifests.shape import Shape
from mtv.model.estate import Concern, Firmware


def _name(found: Shape) -> Iterator[Concern]:
    if found.name != found.vm.name:
        yield info("name-changed", f"'{found.vm.name}' becomes '{found.name}': a DNS label of at most 63 characters")


def _architecture(found: Shape) -> Iterator[Concern]:
    arch = found.guest.arch if found.guest else ""
    if arch and arch not in ("x86_64", "amd64", "i386", "i486", "i586", "i686"):
        yield critical("architecture", f"the guest is made for {arch}, the manifest for amd64")


def _identity(found: Shape) -> Iterator[Concern]:
    if found.vm.uuid and not usable_uuid(found.vm.uuid):
        yield warning("uuid", f"'{found.vm.uuid[:60]}' is no UUID: the VM gets a random one")
    elif not found.vm.uuid:
        yield info("uuid", "the source does not say the VM's UUID: the target makes one when the VM is created")


def _nvram(found: Shape) -> Iterator[Concern]:
    if found.vm.firmware is Firmware.EFI:
        yield warning(
            "nvram",
            "the firmware's variables do not move: boot entries and keys of one's own are gone",
            "the guest boots by its fallback loader, EFI/BOOT/BOOTX64.EFI",
        )


def _secure_boot(found: Shape) -> Iterator[Concern]:
    if secure_boot(found.vm):
        yield info("secure-boot", "secure boot stays on, with Microsoft's keys: drivers signed by others do not load")
    elif found.vm.secure_boot:
        yield warning("secure-boot", "secure boot needs EFI, and the VM has a BIOS: it is off")


def _tpm(found: Shape) -> Iterator[Concern]:
    if lasting_tpm(found):
        yield warning(
            "tpm",
            "the VM gets an empty TPM, for what is in it cannot be moved; it lasts in a claim of the cluster's default"
            " StorageClass, and without that class the VM never starts",
            "have the recovery keys at hand; `machine: {tpm: none}` leaves the TPM out",
        )
    elif found.vm.tpm:
        yield warning("tpm", "the VM gets no TPM, as the plan says: what it keeps is lost",
                      "have the recovery keys at hand")  # fmt: skip


def _clock(found: Shape) -> Iterator[Concern]:
    if found.windows and not found.wanted.timezone:
        yield info(
            "clock",
            "the clock runs in UTC; Windows expects local time and is wrong until it has asked NTP",
            "write `machine: {timezone: Europe/Vienna}`",
        )


def _hostname(found: Shape) -> Iterator[Concern]:
    told = (found.guest.hostname if found.guest else "") or found.vm.guest.hostname
    if told and not hostname(found):
        yield info("hostname", f"the host name '{told[:80]}' is no DNS label: DHCP offers another")


def _labels(found: Shape) -> Iterator[Concern]:
    told, vm = labels.told_labels(found), found.vm
    if changed := [one.origin for one in told[: labels.MOST] if one.changed and not one.twin]:
        yield info("label-changed", f"no label can hold these as they are: {listed(changed)}; the whole text is in"
                   " annotations")  # fmt: skip
    if twins := [one.origin for one in told[: labels.MOST] if one.twin]:
        yield warning("label-twins", f"as labels these would have one name: {listed(twins)}; digits tell them apart")
    if left := [one.origin for one in told[labels.MOST :]]:
        yield warning("labels-left", f"a VM gets {labels.MOST} labels of its source: {listed(left)} stay behind")
    kept = {"all": (), "tags": (vm.attributes,), "none": (vm.tags, vm.attributes)}[found.wanted.labels]
    if asked := [name for names in kept for name in names]:
        yield info("tags", f"these are not labels of the VM, as the plan says: {listed(asked)}")


def _notes(found: Shape) -> Iterator[Concern]:
    if len(found.vm.notes) > labels.TEXT_LONGEST:
        yield info("notes", f"of {len(found.vm.notes)} characters of notes the first {labels.TEXT_LONGEST} are kept")


RULES: Sequence[Rule] = (
    _name, _architecture, _identity, _nvram, _secure_boot, _tpm, _clock, _hostname, _labels, _notes,
)  # fmt: skip
