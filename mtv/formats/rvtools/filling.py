"""An estate's objects as the rows of RVTools' tabs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mtv.formats.rvtools.hosts import VCLUSTER, VHOST, VNIC, VRP, VSC_VMK, VSOURCE, Card
from mtv.formats.rvtools.machines import VCPU, VINFO, VMEMORY, VTOOLS
from mtv.formats.rvtools.networks import DVPORT, DVSWITCH, VDATASTORE, VHEALTH, VMETADATA, VPORT, VSWITCH
from mtv.formats.rvtools.parts import VCD, VDISK, VNETWORK, VPARTITION, VSNAPSHOT, VUSB
from mtv.formats.rvtools.tab import Around, Line, Load
from mtv.formats.rvtools.writing import Writing
from mtv.model.estate import VM, Datastore, Network
from mtv.model.infrastructure import Cluster, Host, Place, Switch


@dataclass(frozen=True, kw_only=True)
class Estate:
    """`vms` gives them all, a second time too: they are never in memory at once."""

    vms: Callable[[], Iterable[VM]]
    hosts: Sequence[Host] = ()
    clusters: Sequence[Cluster] = ()
    places: Sequence[Place] = ()
    switches: Sequence[Switch] = ()
    networks: Sequence[Network] = ()
    datastores: Sequence[Datastore] = ()


@dataclass
class Survey:
    """What must be known of all VMs before the first row is written."""

    tags: dict[str, None] = field(default_factory=dict)
    attributes: dict[str, None] = field(default_factory=dict)
    hosts: dict[str, Load] = field(default_factory=dict)
    datastores: dict[str, Load] = field(default_factory=dict)

    def take(self, vm: VM) -> None:
        self.tags.update(dict.fromkeys(vm.tags))
        self.attributes.update(dict.fromkeys(vm.attributes))
        load = self.hosts.setdefault(vm.host, Load())
        active = vm.power == "on" and not vm.template
        load.vms += 1
        load.active += active
        load.cpus += vm.cpus if active else 0
        load.memory_bytes += vm.memory_bytes if active else 0
        for name in {disk.datastore for disk in vm.disks}:
            store = self.datastores.setdefault(name, Load())
            store.vms += 1
            store.active += active

    @property
    def columns(self) -> Sequence[str]:
        """Tags first, by their category."""
        return [*(self._named(tag) for tag in self.tags), *self.attributes]

    def values(self, vm: VM) -> Sequence[str | None]:
        return [*(vm.tags.get(one) for one in self.tags), *(vm.attributes.get(one) for one in self.attributes)]

    def _named(self, tag: str) -> str:
        return f"{tag} (tag)" if tag in self.attributes else tag


def survey(vms: Iterable[VM]) -> Survey:
    made = Survey()
    for vm in vms:
        made.take(vm)
    return made


def fill(book: Writing, estate: Estate, seen: Survey, around: Around, tell: Callable[[int, str], None]) -> None:
    around = replace(
        around, hosts=seen.hosts, datastores=seen.datastores, clusters=_cores(estate.hosts),
        switches={one.name: one.switch for one in estate.networks if one.switch},
        uplinks={(one.host, card): one.name for one in estate.switches for card in one.uplinks if one.host},
    )  # fmt: skip
    for number, vm in enumerate(estate.vms(), 1):
        _vm(book, vm, around, seen.values(vm))
        tell(number, "VMs written")
    book.row(VSOURCE, Line[object](None, around))
    book.row(VMETADATA, Line[object](None, around))
    _hosts(book, estate, around)
    _networks(book, estate, around)


def _vm(book: Writing, vm: VM, around: Around, custom: Sequence[str | None]) -> None:
    whole = Line(vm, around, vm)
    book.row(VINFO, whole, custom)
    for tab in (VCPU, VMEMORY, VTOOLS):
        book.row(tab, whole)
    for disk in vm.disks:
        book.row(VDISK, Line(disk, around, vm))
    for part in vm.guest.file_systems:
        book.row(VPARTITION, Line(part, around, vm))
    for nic in vm.nics:
        book.row(VNETWORK, Line(nic, around, vm))
    for snapshot in vm.snapshots:
        book.row(VSNAPSHOT, Line(snapshot, around, vm))
    for device in vm.devices:
        if device.kind in ("cdrom", "usb"):
            book.row(VCD if device.kind == "cdrom" else VUSB, Line(device, around, vm))
    for concern in vm.concerns:
        book.row(VHEALTH, Line(concern, around, vm))


def _hosts(book: Writing, estate: Estate, around: Around) -> None:
    for place in estate.places:
        if place.kind == "pool":
            book.row(VRP, Line(place, around))
    for cluster in estate.clusters:
        book.row(VCLUSTER, Line(cluster, around))
    for host in estate.hosts:
        book.row(VHOST, Line(host, around))
        for card in host.nics:
            device, mac, speed = (*card.split(" "), "", "")[:3]
            book.row(VNIC, Line(Card(host=host, device=device, mac=mac, speed=speed), around))
        for adapter in host.adapters:
            device, _, address = adapter.partition(" ")
            book.row(VSC_VMK, Line(Card(host=host, device=device, address=address), around))


def _networks(book: Writing, estate: Estate, around: Around) -> None:
    for switch in estate.switches:
        book.row(VSWITCH if switch.kind == "standard" else DVSWITCH, Line(switch, around))
    for network in estate.networks:
        book.row(DVPORT if network.kind == "distributed" else VPORT, Line(network, around))
    for datastore in estate.datastores:
        book.row(VDATASTORE, Line(datastore, around))


def _cores(hosts: Sequence[Host]) -> Mapping[str, tuple[int | None, int | None]]:
    """Cores and threads by cluster; None where one of its hosts does not say."""
    found: dict[str, tuple[int | None, int | None]] = {}
    for host in hosts:
        cores, threads = found.get(host.cluster, (0, 0))
        found[host.cluster] = (_sum(cores, host.cores), _sum(threads, host.threads))
    return found


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
