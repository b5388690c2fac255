"""One VM out of its rows."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b

from mtv.formats.rvtools import systems
from mtv.model.details import Device, FileSystem, GuestNic, GuestView, Share, Snapshot
from mtv.model.estate import VM, Disk, Firmware, Nic
from mtv.providers.rvtools.joining import Joined
from mtv.providers.rvtools.tables import Row

_ESCAPES = str.maketrans({"%": "%25", "/": "%2f", "\\": "%5c"})
_STORE = re.compile(r"\[(.*?)\] ?(.*)", re.DOTALL)
_VERSION = re.compile(r"(?:vmx-)?0*(\d+)")
PARTS = ("vCPU", "vMemory", "vDisk", "vPartition", "vNetwork", "vCD", "vUSB", "vSnapshot", "vTools")


def read(row: Row, number: int, id_: str, source: str, joined: Joined, stores: Sequence[str]) -> tuple[VM, list[str]]:
    """And what is odd in its rows. `stores` are known names of datastores, the longest first."""
    rows = {tab: joined.of(tab, number) for tab in PARTS}
    tools, cpu, memory = (next(iter(rows[tab]), row) for tab in ("vTools", "vCPU", "vMemory"))
    disks = tuple(_disk(one, place, stores) for place, one in enumerate(rows["vDisk"]))
    cards = [_nic(one, place) for place, one in enumerate(rows["vNetwork"])] or _networks(row)
    made = replace(
        _told(row, id_, source),
        disks=_unique(disks), nics=tuple(nic for nic, _ in cards),
        guest=_guest(row, tools, [seen for _, seen in cards if seen], rows["vPartition"]),
        snapshots=tuple(_snapshot(one, f"{id_}/snapshot{place}") for place, one in enumerate(rows["vSnapshot"])),
        devices=(*_devices("cdrom", rows["vCD"]), *_devices("usb", rows["vUSB"])),
        cores_per_socket=cpu.whole("cores_per_socket") or 1, cpu=_share(cpu), memory=_share(memory),
        cpu_used_mhz=cpu.whole("cpu_used_mhz"), cpu_hot_add=bool(cpu.flag("cpu_hot_add")),
        cpu_hot_remove=bool(cpu.flag("cpu_hot_remove")), memory_hot_add=bool(memory.flag("memory_hot_add")),
        memory_bytes=row.whole("memory_bytes") or memory.whole("memory_bytes") or 0,
        cpus=row.whole("cpus") or cpu.whole("cpus") or 1,
    )  # fmt: skip
    odd = [text for one in (row, *(one for told in rows.values() for one in told)) for text in one.odd]
    return replace(made, revision=_revision(row, rows.values())), list(dict.fromkeys(odd))


def _told(row: Row, id_: str, source: str) -> VM:
    """What vInfo says."""
    name, uuid, instance = row.text("vm"), row.text("uuid"), row.text("instance")
    if not uuid and "uuid" not in row.table.fields:
        uuid, instance = instance, ""  # before 4.3.1 that column held the SMBIOS UUID, which clones share
    config, seen = row.text("os_config"), row.text("os_tools")
    os_id = systems.id_of(config)
    folder, uuids = row.text("folder"), row.text("enable_uuid")
    return VM(
        source=source, id=id_, name=name, path=f"{folder}/{name.translate(_ESCAPES)}" if folder else "",
        firmware=Firmware.EFI if "efi" in row.text("firmware").lower() else Firmware.BIOS,
        secure_boot=bool(row.flag("secure_boot")), os_id=os_id, os_family=systems.family(config, seen),
        os_name=seen or ("" if config == os_id else config), uuid=uuid, serial=_serial(uuid), instance=instance,
        power=row.text("power") or "off", host=row.text("host"), cluster=row.text("cluster"),
        attributes=row.custom(), template=bool(row.flag("template")), datacenter=row.text("datacenter"),
        pool=row.text("pool"), app=row.text("app"), hardware=_hardware(row.text("hardware")), notes=row.text("notes"),
        created_at=row.text("created_at"), started_at=row.text("started_at"),
        state=row.text("state").lower() or "connected", config_path=row.text("config_path"),
        tracking=bool(row.flag("tracking")), consolidate=bool(row.flag("consolidate")),
        fault_tolerant=row.text("fault_tolerance").lower() not in ("", "notconfigured", "not configured"),
        latency=row.text("latency"), restart_priority=row.text("restart_priority"),
        used_bytes=row.whole("used_bytes"), memory_used_bytes=row.whole("memory_used_bytes"),
        rules=row.listed("rules"), settings={"disk.EnableUUID": uuids} if uuids else {},
    )  # fmt: skip


def _disk(row: Row, number: int, stores: Sequence[str]) -> Disk:
    store, path = _placed(row.text("path") or row.text("old_path"), stores)
    raw = row.text("raw") or ("virtual" if row.flag("is_raw") else "")
    controller, bus, unit = (
        row.text("controller").lower() or "scsi",
        _trailing(row.text("controller_label") or row.text("controller")),
        row.whole("unit"),
    )
    bus_sharing, sharing = row.text("bus_sharing"), row.text("sharing")
    ide = "ide" in controller
    return Disk(
        key=row.text("key") or f"disk{number}", label=row.text("label"), size_bytes=row.whole("size_bytes") or 0,
        datastore=store, path=path, controller=_controller(controller), bus=0 if ide else bus,
        unit=(unit or 0) + (2 * bus if ide else 0), serial=row.text("serial"), mode=row.text("mode") or "persistent",
        thin=row.flag("thin"), raw=raw, lun=row.text("lun"), bus_sharing=bus_sharing, sharing=sharing,
        shared=bool(bus_sharing or sharing),
    )  # fmt: skip


def _placed(path: str, stores: Sequence[str]) -> tuple[str, str]:
    """Datastore, and the path with it, as vSphere writes it; a path with nothing behind is none. A datastore may have
    a bracket in its name."""
    store = next((name for name in stores if path.startswith(f"[{name}]")), None)
    if store is None:
        found = _STORE.match(path)
        store = found[1] if found else ""
    return store, "" if path == f"[{store}]" else path


def _controller(told: str) -> str:
    """RVTools shows what the device calls itself."""
    words = (("paravirtual", "pvscsi"), ("sas", "lsisas"), ("lsi", "lsilogic"), ("buslogic", "buslogic"),
             ("nvme", "nvme"), ("sata", "ahci"), ("ahci", "ahci"), ("ide", "ide"), ("scsi", "scsi"))  # fmt: skip
    known = {ours for _, ours in words}
    return told if told in known else next((ours for word, ours in words if word in told), "scsi")


def _trailing(label: str) -> int:
    found = re.search(r"(\d{1,3})\s*$", label)
    return int(found[1]) if found else 0


def _nic(row: Row, number: int) -> tuple[Nic, GuestNic | None]:
    made = Nic(
        key=f"nic{number}", label=row.text("label"), network=row.text("network"),
        mac=row.text("mac").lower().replace("-", ":"), model=row.text("model").lower().removeprefix("virtual"),
        connected=row.flag("connected") is not False, mac_from=row.text("mac_from").lower(),
        starts_connected=row.flag("starts_connected") is not False,
    )  # fmt: skip
    addresses = (*row.listed("addresses"), *row.listed("addresses6"))
    seen = GuestNic(nic=made.key, mac=made.mac, network=made.network, addresses=addresses) if addresses else None
    return made, seen


def _networks(row: Row) -> list[tuple[Nic, None]]:
    """vInfo names the first eight, which is all that there is where vNetwork is missing."""
    names = [name for number in range(1, 9) if (name := row.text(f"network{number}"))]
    return [(Nic(key=f"nic{number}", network=name), None) for number, name in enumerate(names)]


def _guest(row: Row, tools: Row, nics: Sequence[GuestNic], partitions: Iterable[Row]) -> GuestView:
    state = tools.text("guest.tools")
    upgrade = {"no": "current", "yes": "old"}.get(tools.text("upgradeable").lower(), "")
    return GuestView(
        hostname=row.text("guest.hostname"), address=row.text("guest.address"), os_name=row.text("os_tools"),
        state=row.text("guest.state"), tools="running" if state == "old" else state if state in KNOWN else "",
        tools_status="old" if state == "old" else upgrade if state in KNOWN else "",
        tools_version=tools.text("guest.tools_version"), nics=tuple(nics),
        file_systems=tuple(_partition(one) for one in partitions),
    )  # fmt: skip


KNOWN = ("running", "stopped", "missing")


def _partition(row: Row) -> FileSystem:
    size = row.whole("size_bytes") or 0
    free = row.whole("free_bytes")
    if free is None:
        used = row.whole("used_bytes")
        free = 0 if used is None else max(size - used, 0)
    return FileSystem(path=row.text("path"), size_bytes=size, free_bytes=free, disks=row.listed("disks"))


def _snapshot(row: Row, id_: str) -> Snapshot:
    return Snapshot(
        id=id_, name=row.text("name"), description=row.text("description"), at=row.text("at"),
        state=row.text("state"), quiesced=bool(row.flag("quiesced")),
    )  # fmt: skip


def _devices(kind: str, rows: Iterable[Row]) -> Iterable[Device]:
    for number, row in enumerate(rows):
        yield Device(kind=kind, key=f"{kind}{number}", label=row.text("label"), backing=row.text("backing"),
                     connected=bool(row.flag("connected")))  # fmt: skip


def _share(row: Row) -> Share:
    return Share(
        reservation=row.whole("share.reservation") or 0, limit=row.whole("share.limit"),
        shares=row.whole("share.shares"), level=row.text("share.level").lower(),
    )  # fmt: skip


def _hardware(told: str) -> str:
    """19, 019 and vmx-19 are the same."""
    found = _VERSION.fullmatch(told.strip())
    return f"vmx-{found[1]}" if found and not told.startswith("vmx-") else told


def _serial(uuid: str) -> str:
    """What a VMware guest's SMBIOS says: it is made of the UUID."""
    plain = uuid.replace("-", "").lower()
    if not re.fullmatch("[0-9a-f]{32}", plain):
        return ""
    pairs = [plain[at : at + 2] for at in range(0, 32, 2)]
    return f"VMware-{' '.join(pairs[:8])}-{' '.join(pairs[8:])}"


def _unique(disks: Sequence[Disk]) -> tuple[Disk, ...]:
    """Books without keys, or with one twice: a plan tells disks apart by them."""
    taken: set[str] = set()
    made = []
    for disk in disks:
        key, number = disk.key, 1
        while key in taken:
            number += 1
            key = f"{disk.key}#{number}"
        taken.add(key)
        made.append(disk if key == disk.key else replace(disk, key=key))
    return tuple(made)


def _revision(row: Row, parts: Iterable[Sequence[Row]]) -> str:
    told = (row.values, *(tuple(one.values for one in rows) for rows in parts))
    return blake2b(repr((tuple(row.table.fields), told)).encode("utf-8", "replace"), digest_size=16).hexdigest()
