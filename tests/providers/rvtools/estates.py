"""Made VMs with everything that a book holds, and odd names; and what is left of a VM in a book."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from hypothesis import strategies as st

from mtv.formats.rvtools import systems
from mtv.model.details import Device, FileSystem, GuestNic, GuestView, Share, Snapshot
from mtv.model.estate import VM, Disk, Firmware, Network, Nic
from mtv.providers.rvtools.machines import _serial

MIB = 1 << 20
ODD = ("line\nbreak", "\N{GRINNING FACE}", "\u202eltr\u202c", "a%2fb", "x" * 80, "=1+1", "+1", "@SUM(A1)", "-",
       "_x000D_", "tab\there", "cr\rlf\r\n", "100", "TRUE", "VM", "\u05e9\u05dc\u05d5\u05dd", "a/b", "back\\slash",
       "50%", "#N/A", "01/02/2026", " spaced ", "\x0bvt", "Host", "Datacenter")  # fmt: skip
ALPHABET = st.characters(codec="utf-8", exclude_characters="\ufffe\uffff")
names = st.one_of(st.sampled_from(ODD), st.text(ALPHABET, min_size=1, max_size=12))
words = st.text("abcdefgh-0123456789", min_size=1, max_size=8)
optional = st.one_of(st.just(""), words)
sizes = st.integers(0, 1 << 26).map(lambda number: number * MIB)
used = st.one_of(st.none(), sizes)
flags = st.booleans()
uuids = st.uuids().map(str)
SYSTEMS = ["rhel9_64Guest", "debian12_64Guest", "windows2019srv_64Guest", "otherGuest64", "sles15_64Guest"]
NETWORKS = ["VLAN 10", "=net", "a, b", "\N{GRINNING FACE} net"]
STORES = ["gold", "a] b", "=s", "san,1"]
ADDRESSES = st.lists(st.sampled_from(["10.0.0.1", "192.168.7.9", "fe80::1", "2001:db8::7"]), unique=True, max_size=3)


def _stamp(at: datetime) -> str:
    cut = at.replace(microsecond=at.microsecond // 1000 * 1000)
    return cut.isoformat(timespec="milliseconds" if cut.microsecond else "seconds") + "Z"


when = st.one_of(st.just(""), st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(_stamp))


@st.composite
def disks(draw: st.DrawFn, number: int) -> Disk:
    store, name, raw = draw(st.sampled_from(STORES)), draw(names), draw(st.sampled_from(["", "physical", "virtual"]))
    controller = draw(st.sampled_from(["pvscsi", "lsilogic", "lsisas", "buslogic", "scsi", "ide", "ahci", "nvme"]))
    bus_sharing = draw(st.sampled_from(["", "physical", "virtual"]))
    sharing = draw(st.sampled_from(["", "multi-writer"]))
    return Disk(
        key=str(2000 + number), label=draw(names), size_bytes=draw(sizes), datastore=store, controller=controller,
        bus=0 if controller == "ide" else draw(st.integers(0, 3)),
        unit=draw(st.integers(0, 3 if controller == "ide" else 15)), serial=draw(optional),
        path=f"[{store}] {name}.vmdk",
        mode=draw(st.sampled_from(["persistent", "independent_persistent", "nonpersistent"])),
        thin=draw(st.one_of(st.none(), flags)), raw=raw, lun=draw(optional), bus_sharing=bus_sharing, sharing=sharing,
        shared=bool(bus_sharing or sharing),
    )  # fmt: skip


@st.composite
def nics(draw: st.DrawFn, number: int) -> Nic:
    return Nic(
        key=f"nic{number}", label=draw(names), network=draw(st.sampled_from(NETWORKS)),
        mac=f"00:50:56:00:00:{number:02x}", model=draw(st.sampled_from(["vmxnet3", "e1000", "e1000e", "pcnet32"])),
        connected=draw(flags), starts_connected=draw(flags), kind="distributed",
        mac_from=draw(st.sampled_from(["manual", "generated", "assigned"])),
    )  # fmt: skip


@st.composite
def guests(draw: st.DrawFn, cards: Sequence[Nic], os_name: str) -> GuestView:
    tools = draw(st.sampled_from(["", "running", "stopped", "missing"]))
    seen = []
    for nic in cards:
        found = sorted(draw(ADDRESSES), key=lambda one: ":" in one)
        if found:
            seen.append(GuestNic(nic=nic.key, mac=nic.mac, network=nic.network, addresses=tuple(found)))
    parts = draw(st.lists(st.tuples(names, sizes, st.integers(0, 100)), max_size=3))
    return GuestView(
        hostname=draw(names), address=draw(st.sampled_from(["", "10.0.0.1", "fe80::1"])), os_name=os_name,
        state=draw(st.sampled_from(["", "running", "notRunning"])), tools=tools,
        tools_status=draw(st.sampled_from(["current", "old", ""])) if tools in ("running", "stopped") else "",
        tools_version=draw(optional), nics=tuple(seen),
        file_systems=tuple(FileSystem(path=path, size_bytes=size, free_bytes=size * free // 100 // MIB * MIB,
                                      disks=("2000",)) for path, size, free in parts),
    )  # fmt: skip


@st.composite
def shares(draw: st.DrawFn, unit: int) -> Share:
    if draw(flags):
        return Share()
    limit = draw(st.one_of(st.none(), st.integers(0, 1 << 20)))
    return Share(
        reservation=draw(st.integers(0, 1 << 20)) * unit, limit=None if limit is None else limit * unit,
        shares=draw(st.integers(0, 1 << 20)), level=draw(st.sampled_from(["low", "normal", "high", "custom"])),
    )  # fmt: skip


@st.composite
def snapshots(draw: st.DrawFn, id_: str) -> Snapshot:
    return Snapshot(id=id_, name=draw(names), description=draw(optional), at=draw(when),
                    state=draw(st.sampled_from(["on", "off"])), quiesced=draw(flags))  # fmt: skip


@st.composite
def devices(draw: st.DrawFn, kind: str) -> Device:
    return Device(kind=kind, key=f"{kind}0", label=draw(names), backing=draw(optional), connected=draw(flags))


@st.composite
def machines(draw: st.DrawFn, number: int = 0) -> VM:
    name, folder, id_ = draw(names), draw(st.sampled_from(["/DC/vm", "/DC/vm/a%2fb"])), f"vm-{number}"
    os_id, silent, uuid = draw(st.sampled_from(SYSTEMS)), draw(flags), draw(uuids)
    full = systems.NAMES[os_id]
    cards = tuple(draw(nics(place)) for place in range(draw(st.integers(0, 9))))
    sockets = draw(st.integers(1, 4))
    escaped = name.replace("%", "%25").replace("/", "%2f").replace("\\", "%5c")
    return VM(
        source="book", id=id_, name=name, path=f"{folder}/{escaped}", cpus=sockets * draw(st.integers(1, 4)),
        cores_per_socket=sockets, memory_bytes=draw(sizes) + MIB, firmware=draw(st.sampled_from(Firmware)),
        secure_boot=draw(flags), os_id=os_id, os_family=systems.family(full, "" if silent else full), os_name=full,
        uuid=uuid, serial=_serial(uuid), instance=draw(uuids), power=draw(st.sampled_from(["on", "off", "suspended"])),
        host=draw(names), cluster=draw(names),
        disks=tuple(draw(disks(place)) for place in range(draw(st.integers(0, 3)))),
        nics=cards, attributes=draw(st.dictionaries(names, names, max_size=3)), template=draw(flags),
        datacenter=draw(names),
        pool=draw(optional), app=draw(optional), hardware=draw(st.sampled_from(["vmx-19", "vmx-8", ""])),
        notes=draw(st.one_of(st.just(""), names)), created_at=draw(when), started_at=draw(when),
        state=draw(st.sampled_from(["connected", "orphaned"])), config_path=draw(optional), tracking=draw(flags),
        consolidate=draw(flags), fault_tolerant=draw(flags), cpu=draw(shares(1)), memory=draw(shares(MIB)),
        cpu_hot_add=draw(flags), cpu_hot_remove=draw(flags), memory_hot_add=draw(flags),
        latency=draw(st.sampled_from(["", "normal", "high"])), restart_priority=draw(optional), used_bytes=draw(used),
        cpu_used_mhz=draw(st.one_of(st.none(), st.integers(0, 9999))), memory_used_bytes=draw(used),
        guest=draw(guests(cards, "" if silent else full)),
        snapshots=tuple(draw(snapshots(f"{id_}/snapshot{place}")) for place in range(draw(st.integers(0, 2)))),
        devices=tuple(draw(devices(kind)) for kind in ("cdrom", "usb") if draw(flags)),
        rules=tuple(draw(st.lists(words, max_size=2))),
        settings=draw(st.sampled_from([{}, {"disk.EnableUUID": "TRUE"}])),
    )  # fmt: skip


@st.composite
def estates(draw: st.DrawFn) -> list[VM]:
    """VMs, two of one name in two folders among them."""
    found = [draw(machines(number)) for number in range(draw(st.integers(1, 4)))]
    first = found[0]
    kept = tuple(replace(one, id=one.id.replace("vm-0/", "vm-900/")) for one in first.snapshots)
    twin = replace(first, id="vm-900", path=f"/DC/vm/other/{first.path.rpartition('/')[2]}", snapshots=kept)
    return [*found, twin]


def networks() -> list[Network]:
    return [Network(source="book", id=f"dvportgroup-{number}", name=name, kind="distributed", vlan=str(number),
                    switch="DS") for number, name in enumerate(NETWORKS)]  # fmt: skip


def plain(vm: VM) -> VM:
    """Without what each provider makes by itself."""
    return replace(vm, revision="", concerns=())
