"""Disks and network cards of a VM out of their rows."""

import re
from collections.abc import Sequence
from dataclasses import replace

from mtv.model.details import GuestNic
from mtv.model.estate import Disk, Nic
from mtv.providers.rvtools.tables import Row

_STORE = re.compile(r"\[(.*?)\] ?(.*)", re.DOTALL)


def disks(rows: Sequence[Row], stores: Sequence[str]) -> tuple[Disk, ...]:
    """`stores` are known names of datastores, the longest first."""
    return _unique([_disk(row, number, stores) for number, row in enumerate(rows)])


def cards(rows: Sequence[Row], info: Row) -> list[tuple[Nic, GuestNic | None]]:
    """And what the guest has on each. vInfo names the first eight networks, which is all that there is where vNetwork
    is missing."""
    if rows:
        return [_nic(row, number) for number, row in enumerate(rows)]
    names = [name for number in range(1, 9) if (name := info.text(f"network{number}"))]
    return [(Nic(key=f"nic{number}", network=name), None) for number, name in enumerate(names)]


def _disk(row: Row, number: int, stores: Sequence[str]) -> Disk:
    store, path = _placed(row.text("path") or row.text("old_path"), stores)
    raw = row.text("raw") or ("virtual" if row.flag("is_raw") else "")
    controller = row.text("controller").lower() or "scsi"
    bus, unit = _trailing(row.text("controller_label") or controller), row.whole("unit") or 0
    bus_sharing, sharing = row.text("bus_sharing"), row.text("sharing")
    ide = "ide" in controller
    return Disk(
        key=row.text("key") or f"disk{number}", label=row.text("label"), size_bytes=row.whole("size_bytes") or 0,
        datastore=store, path=path, controller=_controller(controller), bus=0 if ide else bus,
        unit=unit + (2 * bus if ide else 0), serial=row.text("serial"), mode=row.text("mode") or "persistent",
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
