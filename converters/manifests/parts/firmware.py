"""Firmware, identity and TPM: always said, since a preference changes what is not."""

import re

from mtv.converters.manifests.shape import Shape
from mtv.model.estate import VM, Firmware, Json

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def secure_boot(vm: VM) -> bool:
    return vm.secure_boot and vm.firmware is Firmware.EFI


def lasting_tpm(shape: Shape) -> bool:
    """An empty one that keeps what the guest puts into it."""
    return shape.vm.tpm and shape.wanted.tpm == "as_source"


def tpm(shape: Shape) -> dict[str, Json]:
    """`enabled: false` where there is none: Windows Server 2022 was seen not to boot with one that it did not know."""
    return {"persistent": True} if lasting_tpm(shape) else {"enabled": False}


def firmware(shape: Shape) -> dict[str, Json]:
    """EFI without a word means secure boot. Variables last where a TPM does: both lie in one claim of KubeVirt's."""
    vm, bootloader = shape.vm, dict[str, Json](bios={})
    if vm.firmware is Firmware.EFI:
        efi: dict[str, Json] = {"persistent": True} if lasting_tpm(shape) else {}
        bootloader = {"efi": {**efi, "secureBoot": secure_boot(vm)}}
    found: dict[str, Json] = {"bootloader": bootloader}
    if vm.serial:
        found["serial"] = vm.serial
    if usable_uuid(vm.uuid):
        found["uuid"] = usable_uuid(vm.uuid)
    return found


def usable_uuid(uuid: str) -> str:
    """KubeVirt accepts any text, and libvirt then starts nothing."""
    return uuid.lower() if _UUID.fullmatch(uuid.lower()) else ""
