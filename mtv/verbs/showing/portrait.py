"""What a source tells of one VM, in sections, for `mtv describe vm`. A line that would say nothing is left out."""

from collections.abc import Iterable, Iterator

from mtv.model.details import GuestView, Share, Snapshot
from mtv.model.estate import VM, Disk, Nic
from mtv.words import count, plain, size

Lines = Iterator[str]


def lines(vm: VM) -> Lines:
    """The VM's name, then each section under its head."""
    yield f"{plain(vm.name)} ({plain(vm.key)})"
    yield from _under("", [*_machine(vm), *_place(vm)])
    yield from _under("shares of its host:", _shares(vm))
    yield from _under("disks:", (line for disk in vm.disks for line in _disk(disk)))
    yield from _under("network cards:", (_nic(nic) for nic in vm.nics))
    yield from _under("devices:", (_words(one.kind, one.label or one.key, one.backing, one.connected and "connected")
                                   for one in vm.devices))  # fmt: skip
    yield from _under("snapshots, which stay behind:", _snapshots(vm.snapshots))
    yield from _under("what its guest told the source:", _guest(vm.guest))
    yield from _under("what people wrote:", _labels(vm))
    yield from _under("rules of its cluster:", (plain(rule) for rule in vm.rules))
    yield from _under("settings:", (f"{plain(key)} = {plain(value)}" for key, value in sorted(vm.settings.items())))


def _under(head: str, found: Iterable[str]) -> Lines:
    told = [f"  {line}" for line in found if line]
    yield from [head, *told] if told and head else told


def _words(*told: str | bool | None) -> str:
    """What there is to say, with commas."""
    return ", ".join(plain(one) for one in told if isinstance(one, str) and one)


def _machine(vm: VM) -> Lines:
    cores = f"{vm.cores_per_socket} cores a socket" if vm.cores_per_socket > 1 else ""
    yield _words(count(vm.cpus, "CPU"), cores, f"{size(vm.memory_bytes)} memory", str(vm.firmware),
                 vm.secure_boot and "secure boot", vm.tpm and "TPM", vm.hardware)  # fmt: skip
    since = f"since {vm.started_at[:19]}Z" if vm.started_at else ""
    yield _words(vm.os_name or vm.os_id or "unknown system", f"power {vm.power}", since,
                 vm.state if vm.state != "connected" else "", vm.template and "a template")  # fmt: skip
    hot = {"CPUs": vm.cpu_hot_add or vm.cpu_hot_remove, "memory": vm.memory_hot_add}
    more = [name for name, on in hot.items() if on]
    yield _words(
        f"{' and '.join(more)} can be added while it runs" if more else "", vm.nested and "runs VMs itself",
        vm.latency not in ("", "normal") and f"latency sensitivity {vm.latency}",
        vm.fault_tolerant and "fault tolerant", vm.encrypted and "encrypted",
        vm.tracking and "its source notes what changes", vm.consolidate and "has leavings of snapshots",
    )  # fmt: skip


def _place(vm: VM) -> Lines:
    yield _words(vm.path, vm.datacenter and f"datacenter {vm.datacenter}")
    yield _words(vm.cluster and f"cluster {vm.cluster}", vm.host and f"host {vm.host}", vm.pool and f"pool {vm.pool}",
                 vm.app and f"vApp {vm.app}")  # fmt: skip
    bound = f"bound to CPUs {', '.join(map(str, vm.cpu_affinity))}" if vm.cpu_affinity else ""
    yield _words(bound, vm.numa_nodes and f"bound to NUMA nodes {vm.numa_nodes}",
                 vm.restart_priority and f"restart priority {vm.restart_priority}")  # fmt: skip
    yield _words(vm.config_path, vm.used_bytes is not None and f"takes {size(vm.used_bytes)} at the source")
    yield _words(vm.uuid and f"UUID {vm.uuid}", vm.serial and f"serial number {vm.serial}",
                 vm.created_at and f"made {vm.created_at[:10]}")  # fmt: skip


def _shares(vm: VM) -> Lines:
    used_mhz = f"{vm.cpu_used_mhz} MHz in use" if vm.cpu_used_mhz is not None else ""
    used = f"{size(vm.memory_used_bytes)} in use" if vm.memory_used_bytes is not None else ""
    for name, share, in_use, unit in (("CPU", vm.cpu, used_mhz, "MHz"), ("memory", vm.memory, used, "")):
        if told := _words(*_share(share, unit), in_use):
            yield f"{name}: {told}"


def _share(share: Share, unit: str) -> Iterator[str]:
    def amount(value: int) -> str:
        return f"{value} {unit}" if unit else size(value)

    if share.reservation:
        yield f"{amount(share.reservation)} reserved"
    if share.limit is not None:
        yield f"at most {amount(share.limit)}"
    if share.level not in ("", "normal"):
        yield f"shares {share.level}" + (f" ({share.shares})" if share.shares is not None else "")


def _disk(disk: Disk) -> Lines:
    used = f", {size(disk.allocated_bytes)} in use" if disk.allocated_bytes is not None else ""
    where = f"{disk.controller} {disk.bus}:{disk.unit}"
    thin = {True: "thin", False: "thick", None: ""}[disk.thin]
    odd = _words(
        thin, disk.mode != "persistent" and disk.mode, disk.raw and f"raw ({disk.raw})", disk.shared and "shared",
        disk.bus_sharing and f"controller shared ({disk.bus_sharing})", disk.encrypted and "encrypted",
        disk.policy and f"policy {disk.policy}", disk.blank and "empty",
    )  # fmt: skip
    yield f"disk {plain(disk.label or disk.key)}: {size(disk.size_bytes)}{used}, {where}{f', {odd}' if odd else ''}"
    below = f"a difference to {count(len(disk.parents), 'disk')}" if disk.parents else ""
    if place := _words(disk.path or disk.datastore, disk.image, disk.lun and f"LUN {disk.lun}", below):
        yield f"  {place}"


def _nic(nic: Nic) -> str:
    card = f"{nic.model or 'unknown'} {nic.mac or 'no MAC'}"
    more = _words(nic.kind, nic.mac_from == "manual" and "address chosen by hand", not nic.connected and "unplugged",
                  not nic.starts_connected and "unplugged at power on",
                  nic.pci_slot is not None and f"PCI slot {nic.pci_slot}")  # fmt: skip
    return f"NIC {plain(nic.label or nic.key)}: {card}, network {plain(nic.network)}{f', {more}' if more else ''}"


def _snapshots(found: tuple[Snapshot, ...]) -> Lines:
    """As a tree. One whose parent is not there stands at the left."""
    known = {one.id: one for one in found}
    for one in found:
        depth, above = 0, one.parent
        while above in known and depth < len(found):
            depth, above = depth + 1, known[above].parent
        yield "  " * depth + _words(
            one.name or one.id, one.at[:19] and f"{one.at[:19]}Z", one.state and f"power {one.state}",
            one.quiesced and "quiesced", one.current and "current", one.description,
        )  # fmt: skip


def _guest(guest: GuestView) -> Lines:
    yield _words(guest.hostname, guest.os_name, guest.state)
    version = f"version {guest.tools_version}" if guest.tools_version else ""
    yield _words(guest.tools and f"agent {guest.tools}", guest.tools_status, version)
    for nic in guest.nics:
        how = {True: "DHCP", False: "static", None: ""}[nic.dhcp]
        yield _words(f"{nic.mac or nic.network or 'a card'}: {', '.join(nic.addresses) or 'no address'}", how)
    yield from (_words(f"route {one.to} via {one.via or one.device}") for one in guest.routes)
    if guest.dns or guest.domains:
        yield _words(f"DNS {' '.join(guest.dns)}", guest.domains and f"domains {' '.join(guest.domains)}" or "")
    for one in guest.file_systems:
        yield _words(f"{one.path}: {size(one.free_bytes)} free of {size(one.size_bytes)}", one.kind)


def _labels(vm: VM) -> Lines:
    for what, told in (("tag", vm.tags), ("attribute", vm.attributes)):
        yield from (f"{what} {plain(key)}: {plain(value)}" for key, value in sorted(told.items()))
    yield from (plain(line) for line in vm.notes.splitlines())
