"""The VM's devices: disks, cards, and what of the odd ones KubeVirt has a like for."""

import re
from collections.abc import Iterator

from mtv.converters.manifests.parts.firmware import tpm
from mtv.converters.manifests.shape import DiskShape, NicShape, Shape
from mtv.model.details import Device
from mtv.model.estate import Json
from mtv.model.guest import GuestFacts

_KERNEL = re.compile(r"(\d+)\.(\d+)")
_MODERN = (4, 0)  # Linux that drives devices of virtio 1.0; Red Hat's 3.10 does so too


def devices(shape: Shape) -> dict[str, Json]:
    found: dict[str, Json] = {
        "disks": [_disk(disk, shape.compatible) for disk in shape.disks],
        "inputs": [{"bus": "usb" if shape.compatible else "virtio", "name": "tablet", "type": "tablet"}],
        "rng": {},
        "tpm": tpm(shape),
    }
    if shape.nics:
        found["interfaces"] = [_interface(nic, shape.compatible) for nic in shape.nics]
    else:
        found["autoattachPodInterface"] = False
    if shape.nics and not shape.compatible and shape.vm.cpus > 1:
        found["networkInterfaceMultiqueue"] = True
    return found | dict(_odd(shape))


def _odd(shape: Shape) -> Iterator[tuple[str, Json]]:
    if old_kernel(shape.guest) and not shape.compatible:
        yield "useVirtioTransitional", True
    if any(one.kind == "sound" for one in shape.vm.devices):
        yield "sound", {"model": "ich9", "name": "sound"}
    if shape.wanted.heartbeat == "watchdog":
        yield "watchdog", {"i6300esb": {"action": "reset"}, "name": "watchdog"}
    for key, word in (("gpus", "gpu"), ("hostDevices", "host")):
        if given := list(_given(shape, word)):
            yield key, given


def _given(shape: Shape, word: str) -> Iterator[Json]:
    for index, device in enumerate(shape.vm.devices):
        how, _, name = given(shape, device).partition(":")
        if how == word:
            yield {"deviceName": name, "name": f"{word}{index}"}


def given(shape: Shape, device: Device) -> str:
    """What the plan gives in its place; "" nothing."""
    return shape.wanted.devices.get(device.key, "")


def old_kernel(guest: GuestFacts | None) -> bool:
    """Its kernel knows only the virtio of before 2014, which q35's own slots do not offer."""
    kernels = [one for one in guest.kernels if one.default] or list(guest.kernels) if guest else []
    return any(_before_virtio_1(one.version) for one in kernels[:1])


def _before_virtio_1(version: str) -> bool:
    found = _KERNEL.match(version)
    return found is not None and (int(found[1]), int(found[2])) < _MODERN and ".el7" not in version


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
    found: dict[str, Json] = {"macAddress": nic.mac, "name": nic.name}
    if nic.binding == "sriov":  # the guest gets the function itself: it has no model, and its link no state
        return found | {"sriov": {}}
    found["model"] = "e1000e" if compatible else "virtio"
    found |= {"binding": {"name": nic.binding}} if nic.binding == "l2bridge" else {nic.binding: {}}
    if not nic.source.connected:
        found["state"] = "down"
    return found


def network(nic: NicShape) -> dict[str, Json]:
    if nic.pod:
        return {"name": nic.name, "pod": {}}
    return {"multus": {"networkName": nic.network}, "name": nic.name}
