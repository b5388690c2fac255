"""A VM with the label fakes.test/boot runs in QEMU, on the disks of its claims and as its instance says, without
KVM, at most two CPUs and a GiB. What its guest tells is noted at the VM; all others run nothing, which is cheap."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from mtv.converters.boot import Card, Drive, Hardware, Limits
from mtv.converters.boot.agent import Agent
from mtv.converters.boot.pictures.telling import tell
from mtv.converters.boot.starting import Running, started
from mtv.converters.boot.waiting import Patience, wait
from mtv.errors import MtvError
from tests.kube.api import Answer, Api, Object
from tests.kube.fakes.kubevirt.disks import claims_of
from tests.kube.fakes.kubevirt.state import GUEST
from tests.kube.fakes.quantities import amount
from tests.kube.fakes.watching import Key

VMS = "kubevirt.io/v1/virtualmachines"
BOOT = "fakes.test/boot"  # a label of the VM
SEEN = "fakes.test/seen"  # an annotation: a login prompt of NAME, or why there is none
MOST = Limits(cpus=2, memory_bytes=1 << 30)
PATIENCE_S, OTHER_S = 300.0, 60.0


def wanted(vm: Object) -> bool:
    return BOOT in vm["metadata"].get("labels", {})


def hardware(vmi: Object, files: dict[str, Path]) -> Hardware:
    """Of the instance's spec, with what KubeVirt made of it; `files` are its claims'."""
    spec = vmi["spec"]
    domain, devices = spec["domain"], spec["domain"]["devices"]
    efi = domain.get("firmware", {}).get("bootloader", {}).get("efi")
    cpu = domain["cpu"]
    return Hardware(
        name=vmi["metadata"]["name"], efi=efi is not None,
        secure_boot=bool(efi is not None and efi.get("secureBoot", True)),
        sockets=cpu["sockets"], cores=cpu["cores"], threads=cpu["threads"],
        memory_bytes=amount(domain["memory"]["guest"]), uuid=domain["firmware"]["uuid"],
        serial=domain["firmware"]["serial"], drives=tuple(_drives(spec, devices, files)),
        cards=tuple(Card(mac=one.get("macAddress", ""), model=one.get("model", "virtio"),
                         up=one.get("state", "up") == "up") for one in devices.get("interfaces", [])),
        usb_tablet=any(one.get("bus") == "usb" for one in devices.get("inputs", [])),
        hyperv="hyperv" in domain.get("features", {}),
    )  # fmt: skip


def _drives(spec: Object, devices: Object, files: dict[str, Path]) -> Iterator[Drive]:
    """In the order of the spec, with as much of a serial as a guest sees."""
    claims = dict(claims_of(spec))
    for disk in devices.get("disks", []):
        place = files[claims[disk["name"]]]
        bus: Literal["virtio", "sata", "scsi"] = disk.get("disk", {}).get("bus", "virtio")
        yield Drive(path=place, bus=bus, serial=disk.get("serial", "")[:20], boot_order=disk.get("bootOrder"),
                    device=place.is_block_device())  # fmt: skip


class Guest:
    """QEMU until it is ended; `told` is called in its own thread once its guest is up."""

    def __init__(self, api: Api, key: Key, made: Hardware) -> None:
        self.api, self.key, self.made = api, key, made
        self.answered, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Nothing writes to its disks after that."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with started(self.made, persist=True, limits=MOST, kvm=False) as qemu:
                self._watch(qemu)
                self._over.wait()
        except MtvError as error:
            if not self._over.is_set():
                self._note({SEEN: str(error)})

    def _watch(self, qemu: Running) -> None:
        with Agent(qemu.place.agent) as agent:
            found = wait(qemu, agent, Patience(timeout_s=PATIENCE_S, other_s=OTHER_S), print, self._over.is_set)
            seen = f"login prompt of {found.login}" if found.login else found.failure or "no login prompt"
            if found.agent_s is None:
                self._note({SEEN: seen})
                return
            picture, _ = tell(agent)
        system, _, version = (picture.system or "").partition(" ")
        disks = {one.name: one.serial or "" for one in picture.disks or ()}
        told = {
            "agent": True, "hostname": picture.hostname, "os": {"id": system, "name": system, "versionId": version},
            "ports": {
                one.mac: {"interfaceName": one.name,
                          "ipAddresses": [each.partition("/")[0] for each in one.addresses or ()]}
                for one in picture.ports or () if one.mac
            },
            "filesystems": [
                {"mountPoint": one.path, "fileSystemType": one.type or "", "diskName": one.device, "usedBytes": 0,
                 "totalBytes": 0, "disk": [{"serial": serial} for name, serial in disks.items() if name in one.device]}
                for one in picture.mounts or ()
            ],
        }  # fmt: skip
        self._note({SEEN: seen, GUEST: json.dumps(told)})
        self.answered.set()

    def _note(self, annotations: dict[str, str]) -> None:
        try:
            self.api.patch(VMS, *self.key, {"metadata": {"annotations": annotations}})
        except Answer as answer:
            if answer.status != 404:  # it was deleted meanwhile
                raise
