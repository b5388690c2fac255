"""One VM out of its rows."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b

from mtv.formats.rvtools import systems
from mtv.model.details import Device, FileSystem, GuestNic, GuestView, Share, Snapshot
from mtv.model.estate import VM, Firmware
from mtv.providers.rvtools.joining import Joined
from mtv.providers.rvtools.parts import cards, disks
from mtv.providers.rvtools.tables import Row

_ESCAPES = str.maketrans({"%": "%25", "/": "%2f", "\\": "%5c"})
_VERSION = re.compile(r"(?:vmx-)?0*(\d+)")
TOLD = ("running", "stopped", "missing")  # what tools may be
PARTS = ("vCPU", "vMemory", "vDisk", "vPartition", "vNetwork", "vCD", "vUSB", "vSnapshot", "vTools")


def read(row: Row, number: int, id_: str, source: str, joined: Joined, stores: Sequence[str]) -> tuple[VM, list[str]]:
    """And what is odd in its rows. `stores` are known names of datastores, the longest first."""
    rows = {tab: joined.of(tab, number) for tab in PARTS}
    tools, cpu, memory = (next(iter(rows[tab]), row) for tab in ("vTools", "vCPU", "vMemory"))
    seen = cards(rows["vNetwork"], row)
    made = replace(
        _told(row, id_, source),
        disks=disks(rows["vDisk"], stores), nics=tuple(nic for nic, _ in seen),
        guest=_guest(row, tools, [has for _, has in seen if has], rows["vPartition"]),
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


def _guest(row: Row, tools: Row, nics: Sequence[GuestNic], partitions: Iterable[Row]) -> GuestView:
    state = tools.text("guest.tools")
    upgrade = {"no": "current", "yes": "old"}.get(tools.text("upgradeable").lower(), "")
    return GuestView(
        hostname=row.text("guest.hostname"), address=row.text("guest.address"), os_name=row.text("os_tools"),
        state=row.text("guest.state"), tools="running" if state == "old" else state if state in TOLD else "",
        tools_status="old" if state == "old" else upgrade if state in TOLD else "",
        tools_version=tools.text("guest.tools_version"), nics=tuple(nics),
        file_systems=tuple(_partition(one) for one in partitions),
    )  # fmt: skip


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


def _revision(row: Row, parts: Iterable[Sequence[Row]]) -> str:
    told = (row.values, *(tuple(one.values for one in rows) for rows in parts))
    return blake2b(repr((tuple(row.table.fields), told)).encode("utf-8", "replace"), digest_size=16).hexdigest()
