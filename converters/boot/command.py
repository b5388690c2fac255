"""Hardware as a QEMU command line: pure. The layout follows KubeVirt's (libvirt on q35): each PCI Express device behind
a root port of its own, cards first, so that a guest sees modern virtio only and the names that it will see there."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mtv.converters.boot.firmware import Flash
from mtv.converters.boot.hardware import Card, Drive, Hardware

MIB = 1 << 20
SATA_PORTS = 6  # of q35's own controller
NICS = {"virtio": "virtio-net-pci"}
CONTROLLERS = {"scsi": "virtio-scsi-pci", "pvscsi": "pvscsi", "lsisas": "mptsas1068"}
HYPERV = ",hv-relaxed=on,hv-vapic=on,hv-time=on,hv-vpindex=on,hv-spinlocks=0x1fff"
QEMU = "qemu-system-x86_64"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a run keeps its sockets, logs and overlays."""

    folder: Path
    overlays: tuple[Path, ...] = ()  # one a drive; none: the drives themselves are written
    flash: Flash | None = None
    kvm: bool = False
    cpus: int = 1
    memory_bytes: int = 1 << 30

    @property
    def console(self) -> Path:
        return self.folder / "console.log"

    @property
    def firmware_log(self) -> Path:
        return self.folder / "firmware.log"

    @property
    def agent(self) -> Path:
        return self.folder / "agent.sock"

    @property
    def monitor(self) -> Path:
        return self.folder / "monitor.sock"


def command(hardware: Hardware, place: Place) -> list[str]:
    return [QEMU, *_machine(hardware, place), *_channels(place), *_flash(hardware, place), *_devices(hardware, place)]


def _machine(hardware: Hardware, place: Place) -> Iterator[str]:
    accelerator = "kvm" if place.kvm else "tcg"
    smm = ",smm=on" if hardware.secure_boot else ""
    model = ("host" if place.kvm else "max") + (HYPERV if hardware.hyperv and place.kvm else "")
    yield from ("-name", f"guest={_value(hardware.name)}", "-nodefaults", "-no-user-config", "-display", "none")
    yield from ("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny")
    yield from ("-machine", f"q35,accel={accelerator}{smm}", "-cpu", model)
    yield from ("-smp", _processors(hardware, place.cpus), "-m", f"{max(place.memory_bytes // MIB, 16)}M")
    yield from ("-rtc", "base=utc", "-device", "VGA")
    if hardware.uuid:
        yield from ("-uuid", hardware.uuid)
    if hardware.serial:
        yield from ("-smbios", f"type=1,serial={_value(hardware.serial)}")


def _processors(hardware: Hardware, cpus: int) -> str:
    """The manifest's topology where all of it is given, else a flat one."""
    if hardware.cpus != cpus:
        return str(cpus)
    return f"{cpus},sockets={hardware.sockets},cores={hardware.cores},threads={hardware.threads}"


def _channels(place: Place) -> Iterator[str]:
    """Console, firmware's own log, guest agent, monitor."""
    yield from ("-chardev", f"file,id=console,path={_value(str(place.console))}", "-serial", "chardev:console")
    yield from ("-chardev", f"file,id=firmware,path={_value(str(place.firmware_log))}")
    yield from ("-device", "isa-debugcon,iobase=0x402,chardev=firmware")
    yield from ("-chardev", f"socket,id=agent,path={_value(str(place.agent))},server=on,wait=off")
    yield from ("-chardev", f"socket,id=monitor,path={_value(str(place.monitor))},server=on,wait=off")
    yield from ("-mon", "chardev=monitor,mode=control")


def _flash(hardware: Hardware, place: Place) -> Iterator[str]:
    if place.flash is None:
        return
    for index, (path, locked) in enumerate(((place.flash.code, "on"), (place.flash.variables, "off"))):
        yield from ("-drive", f"if=pflash,unit={index},format=raw,readonly={locked},file={_value(str(path))}")
    if hardware.secure_boot:
        yield from ("-global", "driver=cfi.pflash01,property=secure,value=on", "-global", "ICH9-LPC.disable_s3=1")


def _devices(hardware: Hardware, place: Place) -> Iterator[str]:
    ports = iter(range(1, 1000))
    if any(card.slot for card in hardware.cards):  # else ACPI numbers the slots, and udev names cards by that
        yield from ("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off")
    for index, card in enumerate(hardware.cards):
        yield from _card(index, card, next(ports))
    yield from _behind_port(next(ports), {"driver": "virtio-serial-pci", "id": "channels"})
    yield from _device({"driver": "virtserialport", "chardev": "agent", "name": "org.qemu.guest_agent.0"})
    yield from _disks(hardware, place, ports)
    yield from ("-object", "rng-random,id=entropy,filename=/dev/urandom")
    yield from _behind_port(next(ports), {"driver": "virtio-rng-pci", "rng": "entropy"})
    if hardware.usb_tablet:
        yield from _behind_port(next(ports), {"driver": "qemu-xhci", "id": "usb"})
        yield from _device({"driver": "usb-tablet", "bus": "usb.0"})
    else:
        yield from _behind_port(next(ports), {"driver": "virtio-tablet-pci"})


def _card(index: int, card: Card, port: int) -> Iterator[str]:
    """User-mode networking that answers DHCP and lets nothing out; nothing boots from it (20 s of PXE, else)."""
    yield from ("-netdev", _json({"type": "user", "id": f"net{index}", "restrict": True, "ipv6": False}))
    device: dict[str, str | int] = {"driver": NICS.get(card.model, card.model), "netdev": f"net{index}", "romfile": ""}
    if card.mac:
        device["mac"] = card.mac
    yield from _behind_port(port, {**device, "id": f"card{index}"}, card.slot)


def _disks(hardware: Hardware, place: Place, ports: Iterator[int]) -> Iterator[str]:
    controllers = dict.fromkeys(drive.bus for drive in hardware.drives if drive.bus in CONTROLLERS)
    for bus in controllers:
        yield from _behind_port(next(ports), {"driver": CONTROLLERS[bus], "id": bus})
    if extra := range(SATA_PORTS, sum(drive.bus == "sata" for drive in hardware.drives), SATA_PORTS):
        for number, _ in enumerate(extra, 1):
            yield from _behind_port(next(ports), {"driver": "ich9-ahci", "id": f"sata{number}"})
    places: dict[str, int] = {}
    for index, drive in enumerate(hardware.drives):
        unit = places[drive.bus] = places.get(drive.bus, -1) + 1
        yield from ("-blockdev", _json(_block(index, drive, place)))
        yield from _disk(index, drive, unit, ports)


def _disk(index: int, drive: Drive, unit: int, ports: Iterator[int]) -> Iterator[str]:
    device: dict[str, str | int] = {"drive": f"disk{index}", "id": f"device{index}"}
    if drive.serial:
        device["serial"] = drive.serial
    if drive.boot_order is not None:
        device["bootindex"] = drive.boot_order
    if drive.bus == "virtio":
        yield from _behind_port(next(ports), {"driver": "virtio-blk-pci", **device})
    elif drive.bus == "sata":
        controller, port = divmod(unit, SATA_PORTS)
        bus = f"sata{controller}.{port}" if controller else f"ide.{port}"
        yield from _device({"driver": "ide-hd", "bus": bus, **device})
    else:
        yield from _device({"driver": "scsi-hd", "bus": f"{drive.bus}.0", "scsi-id": unit, **device})


def _block(index: int, drive: Drive, place: Place) -> dict[str, object]:
    """The drive, or a throw-away overlay over it. Formats are given, never guessed; a qcow2's own idea of a backing
    file is not followed."""
    node = f"disk{index}"
    held = {"driver": "host_device" if drive.device else "file", "filename": str(drive.path)}
    base: dict[str, object] = {"driver": drive.format, "file": held}
    if drive.format == "qcow2":
        base["backing"] = None
    if not place.overlays:
        return {**base, "node-name": node, "discard": "unmap"}
    return {
        "driver": "qcow2",
        "node-name": node,
        "discard": "unmap",
        "cache": {"no-flush": True},
        "file": {"driver": "file", "filename": str(place.overlays[index])},
        "backing": {**base, "read-only": True},
    }


def _behind_port(port: int, device: dict[str, str | int], slot: int | None = None) -> Iterator[str]:
    yield from _device({"driver": "pcie-root-port", "id": f"port{port}", "chassis": port, "slot": slot or port})
    yield from _device({**device, "bus": f"port{port}"})


def _device(device: dict[str, str | int]) -> Iterator[str]:
    yield from ("-device", _json(device))


def _json(value: object) -> str:
    return json.dumps(value)


def _value(text: str) -> str:
    """A comma in QEMU's key=value form is written twice."""
    return text.replace(",", ",,")
