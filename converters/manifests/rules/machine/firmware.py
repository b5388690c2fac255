"""Machine type, firmware, secure boot, direct boot, and memory that is encrypted from the start."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from mtv.converters.manifests.rules import forms
from mtv.converters.manifests.rules.machine.instance import Instance
from mtv.converters.manifests.rules.rule import Book, Complaint
from mtv.converters.manifests.rules.view import View

BOOK = Book("firmware", "https://kubevirt.io/user-guide/compute/virtual_hardware/#biosuefi")
BOTH = BOOK.refused("both", "a bootloader is bios or efi", "leave one of them")
SECURE = BOOK.refused(
    "secure-boot-smm", "EFI means secure boot unless it says otherwise, and secure boot needs SMM",
    "set features.smm.enabled, or efi.secureBoot to false",
)  # fmt: skip
SERIAL = BOOK.refused(
    "serial", "before KubeVirt 1.8 the firmware's serial number is at most 256 of A-Z a-z 0-9 _ . + -",
    "leave other characters out", until=(1, 8),
)  # fmt: skip
ACPI_NONE = BOOK.refused("acpi-none", "ACPI tables are named by slicNameRef or msdmNameRef", "name a volume")
ACPI_VOLUME = BOOK.refused("acpi-volume", "an ACPI table comes from a volume of a Secret", "add such a volume")
KERNEL_ARGS = BOOK.refused("kernel-args", "a kernel's arguments go with a kernel", "add kernelBoot.container")
KERNEL_IMAGE = BOOK.refused("kernel-image", "a kernel comes from an image", "set kernelBoot.container.image")
KERNEL_PATH = BOOK.refused(
    "kernel-path", "a direct boot says the path of a kernel or initrd, absolute and without `..`", "mend the paths"
)
UUID = BOOK.broken("uuid", "this is no UUID: libvirt refuses the guest", "write 32 hex digits in five groups")
STATE = BOOK.broken(
    "state-storage", "persistent EFI or TPM needs a storage class for their state: it starts for ever without",
    "set vmStateStorageClass, or a default class",
)  # fmt: skip
MACHINES = Book("machine", "https://kubevirt.io/user-guide/compute/virtual_hardware/#machine-type")
TYPE = MACHINES.refused(
    "type", "KubeVirt has no such machine type", "use q35; guests of i440fx get q35 with SATA disks"
)
TYPE_NODE = MACHINES.broken(
    "type-node", "a distribution's own machine type needs a node that is labelled with it", "use q35"
)
ARCHITECTURE = MACHINES.broken(
    "architecture", "KubeVirt has no such architecture: the instance is refused", "use amd64"
)
OTHER = MACHINES.refused(
    "architecture-gate", "another architecture needs the feature gate MultiArchitecture before KubeVirt 1.8",
    "switch it on, or use amd64", until=(1, 8),
)  # fmt: skip
REBOOT = MACHINES.broken(
    "reboot-gate", "rebootPolicy is passed over without the feature gate RebootPolicy, on from KubeVirt 1.9",
    "leave it out", until=(1, 9),
)  # fmt: skip
LAUNCH = Book("launch", "https://kubevirt.io/user-guide/compute/confidential_computing/")
LAUNCH_ONE = LAUNCH.refused("one", "launch security is one of sev, snp and tdx", "leave one of them")
LAUNCH_ARCHITECTURE = LAUNCH.refused("architecture", "there is no launch security on arm64", "leave it out")
LAUNCH_GATE = LAUNCH.refused(
    "gate", "launch security needs a feature gate", "switch it on, or leave launchSecurity out"
)
LAUNCH_EFI = LAUNCH.refused("efi", "launch security needs EFI", "set firmware.bootloader.efi")
LAUNCH_SECURE = LAUNCH.refused("secure-boot", "SEV and SNP do not go with secure boot", "set efi.secureBoot to false")
LAUNCH_STATE = LAUNCH.refused("persistent", "SNP and TDX have no persistent EFI variables", "leave efi.persistent out")
LAUNCH_SMM = LAUNCH.refused("smm", "TDX does not go with SMM", "leave features.smm out")
LAUNCH_PAUSED = LAUNCH.refused("paused", "SEV with attestation starts paused", "set startStrategy to Paused")
LAUNCH_SNP = LAUNCH.refused(
    "snp",
    "an SNP policy is a number; key, block and auth go together; kernel hashes need a kernel",
    "mend launchSecurity.snp",
)
LAUNCH_NIC = LAUNCH.refused("nic-boot", "with launch security nothing boots from a network card", "leave bootOrder out")

_TYPES = {"arm64": ("virt*",), "s390x": ("s390-ccw-virtio*",)}
_UUID = re.compile(r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}")
_SERIAL = re.compile(r"[A-Za-z0-9_.+-]{1,256}")


def check(machine: Instance) -> Iterator[Complaint]:
    yield from _type(machine)
    firmware = machine.domain.at("firmware")
    loader = firmware.at("bootloader")
    if loader.has("efi") and loader.has("bios"):
        yield BOTH.at(loader)
    if is_secure(machine) and not machine.domain.is_on("features", "smm"):
        yield SECURE.at(loader.at("efi"))
    if firmware.text("serial") and not _SERIAL.fullmatch(firmware.text("serial")):
        yield SERIAL.at(firmware.at("serial"))
    if firmware.text("uuid") and not _UUID.fullmatch(firmware.text("uuid")):
        yield UUID.at(firmware.at("uuid"))
    yield from _acpi(firmware.at("acpi"), machine)
    yield from _kernel(firmware.at("kernelBoot"))
    yield from _state(machine)
    if machine.domain.has("launchSecurity"):
        yield from _launch(machine)


def is_secure(machine: Instance) -> bool:
    efi = machine.domain.at("firmware", "bootloader", "efi")
    return bool(efi) and efi.truth("secureBoot") is not False


def _type(machine: Instance) -> Iterator[Complaint]:
    kind, place = machine.domain.text("machine", "type"), machine.domain.at("machine", "type")
    if kind and not any(fnmatchcase(kind, one) for one in _TYPES.get(machine.architecture, ("q35*", "pc-q35*"))):
        yield TYPE.at(place)
    elif kind.startswith(("pc-q35-rhel", "pc-q35-ubuntu", "virt-rhel", "s390-ccw-virtio-rhel")):
        yield TYPE_NODE.at(place)
    if machine.architecture not in ("amd64", "arm64", "s390x"):
        yield ARCHITECTURE.at(machine.spec.at("architecture"))
    if machine.architecture != "amd64" and not machine.gate("MultiArchitecture"):
        yield OTHER.at(machine.spec.at("architecture"))
    if machine.domain.has("rebootPolicy") and not machine.gate("RebootPolicy"):
        yield REBOOT.at(machine.domain.at("rebootPolicy"))


def _acpi(acpi: View, machine: Instance) -> Iterator[Complaint]:
    if not acpi:
        return
    secrets = {one.text("name") for one in machine.volumes if one.has("secret")}
    named = [acpi.at(key) for key in ("slicNameRef", "msdmNameRef") if acpi.text(key)]
    if not named:
        yield ACPI_NONE.at(acpi)
    yield from (ACPI_VOLUME.at(one) for one in named if one.value not in secrets)


def _kernel(kernel: View) -> Iterator[Complaint]:
    container = kernel.at("container")
    if not container:
        if kernel.text("kernelArgs"):
            yield KERNEL_ARGS.at(kernel.at("kernelArgs"))
        return
    if not container.text("image"):
        yield KERNEL_IMAGE.at(container.at("image"))
    paths = [container.at(key) for key in ("kernelPath", "initrdPath") if container.text(key)]
    if not paths:
        yield KERNEL_PATH.at(container)
    yield from (KERNEL_PATH.at(one) for one in paths if not forms.is_clean_path(str(one.value)))


def _state(machine: Instance) -> Iterator[Complaint]:
    if machine.target.has_persistent_storage is not False:
        return
    efi, tpm = machine.domain.at("firmware", "bootloader", "efi"), machine.devices.at("tpm")
    if efi.truth("persistent"):
        yield STATE.at(efi.at("persistent"))
    if tpm.truth("persistent") and tpm.truth("enabled") is not False:
        yield STATE.at(tpm.at("persistent"))


def _launch(machine: Instance) -> Iterator[Complaint]:
    launch = machine.domain.at("launchSecurity")
    kinds = [kind for kind in ("sev", "snp", "tdx") if launch.has(kind)]
    gate = "WorkloadEncryptionTDX" if kinds == ["tdx"] else "WorkloadEncryptionSEV"
    if machine.architecture != "amd64":
        if machine.architecture != "s390x":
            yield LAUNCH_ARCHITECTURE.at(launch)
    elif len(kinds) != 1:
        yield LAUNCH_ONE.at(launch)
    elif not machine.gate(gate):
        yield LAUNCH_GATE.at(launch, gate)
    else:
        yield from _encrypted(machine, launch, kinds[0])


def _encrypted(machine: Instance, launch: View, kind: str) -> Iterator[Complaint]:
    efi = machine.domain.at("firmware", "bootloader", "efi")
    if not efi:
        yield LAUNCH_EFI.at(launch)
    if kind != "tdx" and is_secure(machine):
        yield LAUNCH_SECURE.at(efi.at("secureBoot"))
    if kind != "sev" and efi.truth("persistent"):
        yield LAUNCH_STATE.at(efi.at("persistent"))
    if kind == "tdx" and machine.domain.is_on("features", "smm"):
        yield LAUNCH_SMM.at(machine.domain.at("features", "smm"))
    if launch.has("sev", "attestation") and machine.spec.text("startStrategy") != "Paused":
        yield LAUNCH_PAUSED.at(launch.at("sev", "attestation"))
    if kind == "snp" and not _is_sound(launch.at("snp"), machine):
        yield LAUNCH_SNP.at(launch.at("snp"))
    yield from (LAUNCH_NIC.at(nic.at("bootOrder")) for nic in machine.nics if nic.has("bootOrder"))


def _is_sound(snp: View, machine: Instance) -> bool:
    policy = snp.text("policy")
    together = {bool(snp.text(key)) for key in ("authorKey", "idBlock", "idAuth")}
    kernel = machine.domain.has("firmware", "kernelBoot", "container") or not snp.text("kernelHashes")
    return (not policy or _is_number(policy)) and len(together) == 1 and kernel


def _is_number(text: str) -> bool:
    """What Go's ParseUint with base 0 takes: 123, 0x3f, 0b1, 017."""
    return re.fullmatch(r"0[xX][0-9a-fA-F]{1,16}|0[bB][01]{1,64}|0[oO]?[0-7]{0,21}|[1-9]\d{0,18}", text) is not None
