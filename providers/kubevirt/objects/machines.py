"""VirtualMachines as VMs of the model, with what their claims and running instances say."""

from collections.abc import Iterator

from mtv.model.details import Device, GuestNic, GuestView
from mtv.model.estate import VM, Disk, Entity, Firmware, Nic
from mtv.providers.kubevirt.fields import NOTHING, Object, mapping, pairs, rows, text, value, whole
from mtv.providers.kubevirt.objects.around import Around, Instance, Size, key
from mtv.providers.kubevirt.objects.networks import POD
from mtv.providers.kubevirt.objects.quantities import size

CONTROLLERS = {"virtio": "virtio-blk", "scsi": "virtio-scsi", "sata": "ahci", "usb": "usb"}
ON = ("Running", "Migrating", "Stopping", "Starting")
NOBODY = Instance()


def read_size(of: Object, around: Around) -> Iterator[Entity]:
    """An instancetype, of the cluster or of a namespace."""
    cpus, memory = whole(of, "spec", "cpu", "guest") or 1, size(value(of, "spec", "memory", "guest")) or 0
    around.sizes[key(of)] = Size(cpus, memory)
    yield around.facility("instancetype", of, {"cpus": cpus, "memory_bytes": memory})


def read_preference(of: Object, around: Around) -> Iterator[Entity]:
    """What it fills in where a VM says nothing: firmware too."""
    wanted = mapping(of, "spec", "firmware")
    yield around.facility("preference", of, {
        "efi": value(wanted, "preferredUseEfi") is True or bool(mapping(wanted, "preferredEfi")),
        "secure_boot": value(wanted, "preferredUseSecureBoot") is True
        or value(wanted, "preferredEfi", "secureBoot") is True,
        "tpm": value(of, "spec", "devices", "preferredTPM") is not None,
        "disk_bus": text(of, "spec", "devices", "preferredDiskBus"),
        "nic_model": text(of, "spec", "devices", "preferredInterfaceModel"),
        "needs_cpus": whole(of, "spec", "requirements", "cpu", "guest"),
        "needs_memory_bytes": size(value(of, "spec", "requirements", "memory", "guest")),
    })  # fmt: skip


def read_instance(of: Object, around: Around) -> Iterator[Entity]:
    status = mapping(of, "status")
    conditions = {text(one, "type"): text(one, "status") for one in rows(status, "conditions")}
    around.instances[key(of)] = Instance(
        text(status, "nodeName"), text(status, "guestOSInfo", "prettyName"),
        text(of, "spec", "hostname"), conditions.get("AgentConnected") == "True",
        tuple((text(one, "name"), text(one, "mac").lower(), _addresses(one)) for one in rows(status, "interfaces")),
    )  # fmt: skip
    yield from ()


def _addresses(one: Object) -> tuple[str, ...]:
    found = value(one, "ipAddresses")
    return tuple(str(each) for each in found) if isinstance(found, list) else ()


def read_machine(of: Object, around: Around) -> Iterator[Entity]:
    meta, spec = mapping(of, "metadata"), mapping(of, "spec", "template", "spec")
    domain, status = mapping(spec, "domain"), text(of, "status", "printableStatus")
    running = around.instances.get(key(of), NOBODY)
    sized, firmware = _size(of, domain, around), mapping(domain, "firmware")
    efi = value(firmware, "bootloader", "efi")
    disks, devices = _drives(text(meta, "namespace"), spec, domain, around)
    nics = tuple(_nics(text(meta, "namespace"), spec, domain, running))
    yield VM(
        source=around.source, id=text(meta, "uid"), name=text(meta, "name"), path=key(of), cpus=sized.cpus,
        cores_per_socket=whole(domain, "cpu", "cores") or 1, memory_bytes=sized.memory_bytes,
        firmware=Firmware.BIOS if efi is None else Firmware.EFI,
        secure_boot=efi is not None and value(efi, "secureBoot") is not False,
        tpm=value(domain, "devices", "tpm") is not None and value(domain, "devices", "tpm", "enabled") is not False,
        os_id=text(of, "spec", "preference", "name"), os_name=running.os_name, uuid=text(firmware, "uuid"),
        serial=text(firmware, "serial"), power="suspended" if status == "Paused" else "on" if status in ON else "off",
        host=running.host, cluster=around.cluster, disks=disks, nics=nics, devices=devices,
        tags=pairs(meta, "labels"), attributes={"status": status, "run_strategy": text(of, "spec", "runStrategy")},
        revision=text(meta, "resourceVersion"), pool=text(meta, "namespace"),
        created_at=text(meta, "creationTimestamp"), hardware=text(domain, "machine", "type"),
        guest=_guest(running, nics),
    )  # fmt: skip


def _size(of: Object, domain: Object, around: Around) -> Size:
    """Its own, or that of its instancetype."""
    if name := text(of, "spec", "instancetype", "name"):
        namespaced = text(of, "spec", "instancetype", "kind").lower() == "virtualmachineinstancetype"
        namespace = text(of, "metadata", "namespace") if namespaced else ""
        return around.sizes.get(f"{namespace}/{name}", Size(1, 0))
    cpu = mapping(domain, "cpu")
    cpus = (whole(cpu, "sockets") or 1) * (whole(cpu, "cores") or 1) * (whole(cpu, "threads") or 1)
    asked = value(domain, "memory", "guest") or value(domain, "resources", "requests", "memory")
    return Size(cpus, size(asked) or 0)


def _drives(
    namespace: str, spec: Object, domain: Object, around: Around
) -> tuple[tuple[Disk, ...], tuple[Device, ...]]:
    """Claims are disks; what else a VM is given is named as a device."""
    drives = {text(one, "name"): one for one in rows(domain, "devices", "disks")}
    disks, devices = [], []
    for number, volume in enumerate(rows(spec, "volumes")):
        name = text(volume, "name")
        claim = text(volume, "persistentVolumeClaim", "claimName") or text(volume, "dataVolume", "name")
        drive = drives.get(name, NOTHING)
        if claim and "cdrom" not in drive:
            disks.append(_disk(name, f"{namespace}/{claim}", number, drive, around))
        else:
            sort = next((each for each in volume if each != "name"), "")
            kind = "cdrom" if "cdrom" in drive else "other"
            devices.append(Device(kind=kind, key=name, label=sort, backing=f"{namespace}/{claim}" if claim else ""))
    return tuple(disks), tuple(devices)


def _disk(name: str, claim: str, number: int, drive: Object, around: Around) -> Disk:
    known = around.claims.get(claim)
    bus = text(drive, "disk", "bus") or text(drive, "lun", "bus") or "virtio"
    return Disk(
        key=name, label=name, size_bytes=known.size_bytes if known else 0, datastore=known.class_ if known else "",
        controller=CONTROLLERS.get(bus, bus), unit=number, shared=value(drive, "shareable") is True,
        serial=text(drive, "serial"), path=claim,
    )  # fmt: skip


def _nics(namespace: str, spec: Object, domain: Object, running: Instance) -> Iterator[Nic]:
    networks = {text(one, "name"): one for one in rows(spec, "networks")}
    given = {name: mac for name, mac, _ in running.nics}
    for one in rows(domain, "devices", "interfaces"):
        name = text(one, "name")
        network = text(networks.get(name, NOTHING), "multus", "networkName")
        if network and "/" not in network:
            network = f"{namespace}/{network}"
        yield Nic(
            key=name, label=name, network=network or (POD if name in networks else ""),
            mac=text(one, "macAddress").lower().replace("-", ":") or given.get(name, ""),
            model=text(one, "model") or "virtio", connected=text(one, "state") != "down",
        )  # fmt: skip


def _guest(running: Instance, nics: tuple[Nic, ...]) -> GuestView:
    if running is NOBODY:
        return GuestView()
    known = {nic.key for nic in nics}
    told = tuple(
        GuestNic(nic=name if name in known else "", mac=mac, addresses=addresses)
        for name, mac, addresses in running.nics
    )
    return GuestView(
        hostname=running.hostname, os_name=running.os_name, tools="running" if running.agent else "", nics=told
    )
