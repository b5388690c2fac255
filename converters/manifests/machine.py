"""The VirtualMachine document. Each choice that loses something has a row in docs/mapping.md."""

import re

from mtv.converters.manifests.features import clock, features
from mtv.converters.manifests.names import is_label
from mtv.converters.manifests.quantities import quantity
from mtv.converters.manifests.shape import DiskShape, NicShape, Shape
from mtv.model.estate import VM, Firmware, Json

MEMORY_UNKNOWN_BYTES = 1 << 30
GRACE_S = {True: 3600, False: 180}  # Windows installs its updates while it shuts down
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def virtual_machine(shape: Shape) -> dict[str, Json]:
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": metadata(shape, shape.name, {"mtv/name": shape.vm.name, "mtv/vm": shape.vm.key}),
        "spec": {
            "runStrategy": "Halted",
            "template": {"metadata": {"labels": labels(shape)}, "spec": _instance(shape)},
        },
    }


def metadata(shape: Shape, name: str, annotations: dict[str, Json]) -> dict[str, Json]:
    found: dict[str, Json] = {"annotations": annotations, "labels": labels(shape), "name": name}
    if shape.namespace:
        found["namespace"] = shape.namespace
    return found


def labels(shape: Shape) -> dict[str, Json]:
    return {"app.kubernetes.io/managed-by": "mtv", "app.kubernetes.io/name": shape.name}


def _instance(shape: Shape) -> dict[str, Json]:
    spec: dict[str, Json] = {
        "architecture": "amd64",
        "domain": _domain(shape),
        "evictionStrategy": _eviction(shape),
        "terminationGracePeriodSeconds": GRACE_S[shape.windows],
        "volumes": [{"name": disk.name, "persistentVolumeClaim": {"claimName": disk.claim}} for disk in shape.disks],
    }
    if shape.nics:
        spec["networks"] = [_network(nic) for nic in shape.nics]
    if host := hostname(shape):
        spec["hostname"] = host
    return spec


def hostname(shape: Shape) -> str:
    """The guest's own, so that what it is told by DHCP is what it knew."""
    first = (shape.guest.hostname if shape.guest else "").split(".")[0].lower()
    return first if is_label(first) else ""


def _eviction(shape: Shape) -> str:
    """LiveMigrate on disks that cannot follow would block the draining of a node for ever."""
    shared = shape.disks and all(disk.access == "ReadWriteMany" for disk in shape.disks)
    return "LiveMigrate" if shared else "LiveMigrateIfPossible"


def _domain(shape: Shape) -> dict[str, Json]:
    vm = shape.vm
    return {
        "clock": clock(shape.windows),
        "cpu": cpu(vm),
        "devices": _devices(shape),
        "features": features(shape.windows, secure_boot=secure_boot(vm)),
        "firmware": _firmware(vm),
        "machine": {"type": "q35"},
        "memory": {"guest": quantity(vm.memory_bytes or MEMORY_UNKNOWN_BYTES)},
    }


def cpu(vm: VM) -> dict[str, Json]:
    cpus, cores = max(vm.cpus, 1), max(vm.cores_per_socket, 1)
    if cpus % cores:
        cores = 1
    return {"cores": cores, "sockets": cpus // cores, "threads": 1}


def secure_boot(vm: VM) -> bool:
    return vm.secure_boot and vm.firmware is Firmware.EFI


def _firmware(vm: VM) -> dict[str, Json]:
    """Always said: a preference would change what is not, and EFI without a word means secure boot."""
    efi = vm.firmware is Firmware.EFI
    found: dict[str, Json] = {"bootloader": {"efi": {"secureBoot": secure_boot(vm)}} if efi else {"bios": {}}}
    if vm.serial:
        found["serial"] = vm.serial
    if usable_uuid(vm.uuid):
        found["uuid"] = usable_uuid(vm.uuid)
    return found


def usable_uuid(uuid: str) -> str:
    """KubeVirt accepts any text, and libvirt then starts nothing."""
    return uuid.lower() if _UUID.fullmatch(uuid.lower()) else ""


def _devices(shape: Shape) -> dict[str, Json]:
    bus = "usb" if shape.compatible else "virtio"
    found: dict[str, Json] = {
        "disks": [_disk(disk, shape.compatible) for disk in shape.disks],
        "inputs": [{"bus": bus, "name": "tablet", "type": "tablet"}],
        "rng": {},
        "tpm": {"enabled": False},
    }
    if shape.nics:
        found["interfaces"] = [_interface(nic, shape.compatible) for nic in shape.nics]
    else:
        found["autoattachPodInterface"] = False
    return found


def _disk(disk: DiskShape, compatible: bool) -> dict[str, Json]:
    found: dict[str, Json] = {
        "disk": {"bus": "sata" if compatible else "virtio"},
        "name": disk.name,
        "serial": disk.serial,
    }
    if disk.index == 0:
        found["bootOrder"] = 1
    if disk.source.shared:
        found["cache"], found["shareable"] = "none", True
    return found


def _interface(nic: NicShape, compatible: bool) -> dict[str, Json]:
    found: dict[str, Json] = {
        "macAddress": nic.mac,
        "model": "e1000e" if compatible else "virtio",
        "name": nic.name,
        "masquerade" if nic.pod else "bridge": {},
    }
    if not nic.source.connected:
        found["state"] = "down"
    return found


def _network(nic: NicShape) -> dict[str, Json]:
    if nic.pod:
        return {"name": nic.name, "pod": {}}
    return {"multus": {"networkName": nic.network}, "name": nic.name}
