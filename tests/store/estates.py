"""An estate of as many VMs as one likes, as a source tells it: everything follows from a VM's number. For reports and
for measuring what reads the store."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from mtv.model.details import Device, FileSystem, GuestNic, GuestView, Route, Snapshot
from mtv.model.estate import VM, Change, Concern, Datastore, Disk, Firmware, Level, Network, Nic, Revision
from mtv.model.infrastructure import Cluster, Gap, Host, Switch
from mtv.store.inventory import Refresh
from mtv.store.store import Store

GIB = 1 << 30
HOSTS, CLUSTERS, STORES, NETWORKS = 16, 4, 6, 12
ODD_NAMES = (
    "50% off %2f", "line\nbreak", "rocket 🚀", "שרת בדיקה", "x" * 80, "twin", "twin", "=cmd|' /C calc'!A0", "+1",
    "-1", "@sum", "\tindent", "\rreturn", "a|b *c* `d` <e> [f](g)", "<script>alert(1)</script>", "\x1b[31mred",
    "\u202egnirts",
)  # fmt: skip
SYSTEMS = (
    ("rhel8_64Guest", "linux", "Red Hat Enterprise Linux 8 (64-bit)"),
    ("rhel9_64Guest", "linux", "Red Hat Enterprise Linux 9 (64-bit)"),
    ("debian12_64Guest", "linux", "Debian GNU/Linux 12 (64-bit)"),
    ("ubuntu64Guest", "linux", "Ubuntu Linux (64-bit)"),
    ("windows2019srv_64Guest", "windows", "Microsoft Windows Server 2019 (64-bit)"),
    ("windows2022srvNext_64Guest", "windows", "Microsoft Windows Server 2025 (64-bit)"),
    ("freebsd14_64Guest", "other", "FreeBSD 14 (64-bit)"),
    ("", "unknown", ""),
)


@dataclass(frozen=True)
class Made:
    """The VM of a number. The first ones have odd names."""

    source: str
    number: int

    def every(self, nth: int, rest: int = 0) -> bool:
        return self.number % nth == rest

    @property
    def name(self) -> str:
        return ODD_NAMES[self.number] if self.number < len(ODD_NAMES) else f"vm-{self.number:05d}"

    @property
    def on(self) -> bool:
        return not self.every(5) and not self.every(100, 55)

    @property
    def datastore(self) -> str:
        return f"store-{self.number % STORES}"

    @property
    def network(self) -> str:
        return f"VLAN-{100 + self.number % NETWORKS}"

    def vm(self) -> VM:
        number, (os_id, family, os_name) = self.number, SYSTEMS[self.number % len(SYSTEMS)]
        host = number % HOSTS
        return VM(
            source=self.source, id=f"vm-{100_000 + number}", name=self.name,
            path=f"/DC/vm/{'test' if number % 3 else 'production'}",
            cpus=1 + number % 8, cores_per_socket=1, memory_bytes=GIB * (1 + number % 16),
            firmware=Firmware.EFI if self.every(3) else Firmware.BIOS, secure_boot=self.every(6), tpm=self.every(30),
            os_id=os_id, os_family=family, os_name=os_name, uuid=str(UUID(int=number)), power=self.power,
            host="" if self.every(100, 56) else f"esx{host:02d}.example.org", cluster=f"CL-{host % CLUSTERS}",
            disks=tuple(self.disks()), nics=tuple(self.nics()),
            tags={"app": "ledger" if self.every(7) else "shop", "tier": str(number % 3)},
            attributes={"owner": f"team-{number % 9}"}, concerns=tuple(self.concerns()), revision=str(number),
            template=self.every(100, 55), datacenter="DC", pool="Resources",
            hardware=f"vmx-{(8, 13, 19, 21)[number % 4]}", notes=f"note {number}",
            created_at="2024-01-01T00:00:00.000Z", started_at="2026-01-01T00:00:00.000Z" if self.on else "",
            state="inaccessible" if self.every(400, 57) else "connected",
            config_path=f"[{self.datastore}] vm-{number}/vm-{number}.vmx", tracking=self.every(2),
            used_bytes=None if self.every(10, 9) else 12 * GIB, cpu_used_mhz=number * 37 % 4000 if self.on else 0,
            memory_used_bytes=GIB // 2 if self.on else 0, guest=self.guest(), snapshots=tuple(self.snapshots()),
            devices=tuple(self.devices()), settings={f"pciBridge{n}.present": "TRUE" for n in range(8)},
        )  # fmt: skip

    @property
    def power(self) -> str:
        return "suspended" if self.every(50, 1) else "on" if self.on else "off"

    def disks(self) -> Iterator[Disk]:
        for disk in range(1 + self.number % 4):
            size_bytes = (20 + 10 * disk + self.number % 13) * GIB
            raw = "physical" if self.every(50, 21) and disk == 0 else ""
            yield Disk(
                key=str(2000 + disk), label=f"Hard disk {disk + 1}", size_bytes=size_bytes,
                allocated_bytes=None if self.every(10, 9) else size_bytes // 3, datastore=self.datastore,
                controller="nvme" if self.every(9) else "pvscsi", unit=disk, image="rdm" if raw else "vmdk-flat",
                path=f"[{self.datastore}] vm-{self.number}/vm-{self.number}_{disk}.vmdk", raw=raw,
                mode="independent_persistent" if raw or self.every(50, 22) else "persistent",
                thin=None if raw else not self.every(4), shared=self.every(200, 23),
                serial=f"6000c29{self.number:x}{disk}",
            )  # fmt: skip

    def nics(self) -> Iterator[Nic]:
        for card in range(1 + self.number % 3):
            mac = f"00:50:56:{self.number >> 8 & 255:02x}:{self.number & 255:02x}:{card:02x}"
            model, kind = ("e1000", "standard") if self.every(12) else ("vmxnet3", "distributed")
            label = f"Network adapter {card + 1}"
            yield Nic(key=str(4000 + card), label=label, network=self.network, mac=mac, model=model, kind=kind,
                      mac_from="assigned", connected=self.on)  # fmt: skip

    def concerns(self) -> Iterator[Concern]:
        if self.every(50, 21):
            text = "Hard disk 1 is a LUN given to the VM (physical RDM)"
            yield Concern(
                id="vsphere.raw-disk", level=Level.CRITICAL, text=text, hint="leave it out, or turn it virtual"
            )
        if self.every(200, 23):
            yield Concern(
                id="vsphere.shared-disk", level=Level.CRITICAL, text="Hard disk 1 can be written by several VMs"
            )
        if self.every(30):
            yield Concern(id="vsphere.tpm", level=Level.WARNING, text="what its virtual TPM keeps is lost",
                          hint="have the recovery keys of BitLocker or LUKS at hand")  # fmt: skip
        if self.every(10, 3):
            yield Concern(
                id="vsphere.snapshots",
                level=Level.INFO,
                text="2 snapshots stay behind",
                hint="only the present state moves",
            )

        if self.number % 5:
            yield Concern(id="vsphere.media", level=Level.INFO, text="CD/DVD drive 1 is connected and stays behind")

    def snapshots(self) -> Iterator[Snapshot]:
        if self.every(10, 3):
            at = f"202{4 + self.number % 3}-0{1 + self.number % 9}-01T00:00:00.000Z"
            yield Snapshot(id="1", name="before", at=at, state="on")
            yield Snapshot(id="2", name="after", at="2026-11-20T00:00:00.000Z", parent="1", current=True)

    def devices(self) -> Iterator[Device]:
        yield Device(kind="usb-controller", key="7000", label="USB controller")
        yield Device(
            kind="cdrom", key="3000", label="CD/DVD drive 1", backing="[iso] tools.iso", connected=self.every(20)
        )
        if self.every(30):
            yield Device(kind="tpm", key="11000", label="Virtual TPM")

    def guest(self) -> GuestView:
        if not self.on:
            return GuestView(tools="stopped", tools_status="old" if self.every(4) else "current")
        address = f"10.{self.number >> 8 & 255}.{self.number & 255}.5"
        status = "unmanaged" if self.every(3) else "old" if self.every(4, 2) else "current"
        cards = (GuestNic(nic=nic.key, mac=nic.mac, network=nic.network, addresses=(f"{address}/24",))
                 for nic in self.nics())  # fmt: skip
        return GuestView(
            hostname=f"vm-{self.number}.example.org", address=address, os_name=SYSTEMS[self.number % len(SYSTEMS)][2],
            state="running", tools="missing" if self.every(25, 1) else "running", tools_status=status,
            tools_version=str(11_000 + self.number % 5), nics=tuple(cards),
            routes=(Route(to="0.0.0.0/0", via="10.0.0.1", device="0"),), dns=("10.0.0.53",), domains=("example.org",),
            file_systems=(FileSystem(path="/", size_bytes=20 * GIB, free_bytes=8 * GIB),),
        )  # fmt: skip


def around(source: str, count: int) -> Iterator[Change]:
    """What the VMs stand on."""
    for n in range(CLUSTERS):
        hosts = tuple(f"h{host}" for host in range(HOSTS) if host % CLUSTERS == n)
        yield Cluster(source=source, id=f"c{n}", name=f"CL-{n}", datacenter="DC", balances="fullyAutomated",
                      restarts=True, hosts=hosts)  # fmt: skip
    for n in range(HOSTS):
        yield Host(
            source=source, id=f"h{n}", name=f"esx{n:02d}.example.org", cluster=f"CL-{n % CLUSTERS}", datacenter="DC",
            version="6.7.0" if n == 3 else "8.0.3", build="24022510", vendor="Dell Inc.",
            model="PowerEdge R750" if n % 4 else "PowerEdge R640", cpu_model="Intel(R) Xeon(R) Gold 6348", sockets=2,
            cores=56, threads=112, memory_bytes=1024 * GIB, cpu_mhz=56 * 2600,
            cpu_used_mhz=None if n == 5 else (n + 1) * 7000, memory_used_bytes=None if n == 5 else (n + 2) * 48 * GIB,
            state="disconnected" if n == 5 else "connected", maintenance=n == 6, booted_at="2025-06-01T00:00:00.000Z",
        )  # fmt: skip
    for n in range(STORES):
        capacity = None if n == 5 else 40 * 1024 * GIB
        free = capacity and capacity * (n + 1) // 40
        yield Datastore(source=source, id=f"d{n}", name=f"store-{n}", kind="NFS" if n == 4 else "VMFS",
                        capacity_bytes=capacity, free_bytes=free, accessible=n != 3)  # fmt: skip
    for n in range(NETWORKS):
        vlan = str(100 + n) if n else ""
        yield Network(source=source, id=f"n{n}", name=f"VLAN-{100 + n}", kind="distributed", vlan=vlan,
                      datacenter="DC", switch="DVS0")  # fmt: skip
    yield Switch(source=source, id="s0", name="DVS0", kind="distributed", mtu=9000)
    text = f"storage policies of {count} VMs could not be read: 503"
    yield Gap(source=source, id="policies", name="policies", text=text, hint=f"mtv refresh {source}")


def estate(count: int, source: str = "vc01") -> Iterator[Change]:
    for number in range(count):
        yield Made(source, number).vm()
    yield from around(source, count)
    yield Revision("r1")


def filled(store: Store, count: int, source: str = "vc01") -> Store:
    refresh = Refresh(store, source, full=True)
    for change in estate(count, source):
        refresh.take(change)
    refresh.finish()
    return store
