"""What KubeVirt makes of a template: preferences, an instancetype, and all that was not said. Laxer: of preferences it
knows those that change the firmware, of instancetypes CPU and memory."""

import copy
import secrets
import uuid
from collections.abc import Mapping

from tests.kube.api import Object
from tests.kube.fakes.quantities import amount, said_in_binary

GIB = 1 << 30
ZERO = "00:00:00:00:00:00"
HYPERV = {"synictimer": ("synic",), "synic": ("vpindex",), "tlbflush": ("vpindex",), "ipi": ("vpindex",)}


def mutated(vm: Object) -> Object:
    """A VirtualMachine as the webhook leaves it when it is created."""
    made = copy.deepcopy(vm)
    spec = made["spec"]["template"]["spec"]
    spec.setdefault("architecture", "amd64")
    domain = spec.setdefault("domain", {})
    firmware = domain.setdefault("firmware", {})
    firmware.setdefault("uuid", str(uuid.uuid4()))
    firmware.setdefault("serial", str(uuid.uuid4()))
    domain.setdefault("machine", {}).setdefault("type", "q35")
    return made


def preferred(spec: Object, preference: Object) -> Object:
    """A preference fills in the firmware where no bootloader is said, and a TPM where none is."""
    made = copy.deepcopy(spec)
    domain = made["domain"]
    wanted = preference["spec"].get("firmware", {})
    firmware = domain.setdefault("firmware", {})
    if "bootloader" not in firmware and (efi := wanted.get("preferredEfi")) is not None:
        firmware["bootloader"] = {"efi": efi}
        if efi.get("secureBoot", True):
            domain.setdefault("features", {}).setdefault("smm", {"enabled": True})
    devices = domain.setdefault("devices", {})
    if (tpm := preference["spec"].get("devices", {}).get("preferredTPM")) is not None:
        devices.setdefault("tpm", tpm)
    return made


def sized(spec: Object, instancetype: Object) -> Object:
    made = copy.deepcopy(spec)
    made["domain"]["cpu"] = {**made["domain"].get("cpu", {}), "sockets": instancetype["spec"]["cpu"]["guest"]}
    made["domain"]["memory"] = {"guest": instancetype["spec"]["memory"]["guest"]}
    return made


def instance(spec: Object) -> Object:
    """The template's spec as an instance's."""
    made = copy.deepcopy(spec)
    domain = made["domain"]
    made.setdefault("evictionStrategy", "None")
    cpu = domain.setdefault("cpu", {})
    for part in ("sockets", "cores", "threads"):
        cpu.setdefault(part, 1)
    cpu.setdefault("model", "host-model")
    cpu.setdefault("maxSockets", min(cpu["sockets"] * 4, 512))
    guest = domain.get("memory", {}).get("guest")
    if guest and amount(guest) >= GIB:
        domain["memory"].setdefault("maxGuest", said_in_binary(amount(guest) * 4))
    devices = domain.setdefault("devices", {})
    if not devices.get("interfaces") and not made.get("networks") and devices.get("autoattachPodInterface", True):
        devices["interfaces"], made["networks"] = [{"name": "default", "bridge": {}}], [{"name": "default", "pod": {}}]
    for interface in devices.get("interfaces", []):
        if interface.get("macAddress", ZERO) == ZERO:
            interface["macAddress"] = "52:54:00:" + secrets.token_hex(3)[:2] + ":" + secrets.token_hex(2)[:2] + ":01"
    _complete(domain.get("features", {}).get("hyperv", {}))
    return made


def _complete(hyperv: Object) -> None:
    for _ in HYPERV:  # one brings the next
        for name, needed in HYPERV.items():
            if name in hyperv:
                for one in needed:
                    hyperv.setdefault(one, {})


def labels(vm: Object) -> Mapping[str, str]:
    """Two VMs that differ behind the first dot of their names get the same."""
    name = vm["metadata"]["name"].partition(".")[0]
    return {**(vm["spec"]["template"].get("metadata", {}).get("labels") or {}), "vm.kubevirt.io/name": name[:63]}
