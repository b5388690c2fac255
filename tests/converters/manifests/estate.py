"""VMs that differ in one thing each, and what a plan would choose for them."""

from dataclasses import replace
from typing import Any

from mtv.model.details import Device, Share
from mtv.model.estate import VM, Disk, Firmware, Nic
from mtv.model.guest import GuestFacts, Kernel
from mtv.model.plans import Bond, DiskChoice, Door, GuestChoice, Near, NicChoice, Toleration, VmPlan, Wanted
from mtv.model.volumes import Volume

GIB = 1 << 30
LINUX = GuestFacts(roots=1, family="linux", distro="debian", arch="x86_64", hostname="web01.example.org")
WINDOWS = GuestFacts(roots=1, family="windows", distro="windows", arch="x86_64", hostname="WIN2K19")

WEB = VM(
    source="lab",
    id="web",
    name="web",
    cpus=2,
    memory_bytes=2 * GIB,
    os_family="linux",
    os_name="Debian GNU/Linux 12",
    uuid="422C6A2A-5EA9-1083-39F3-3B140FFFB444",
    serial="VMware-42 2c 6a 2a 5e a9 10 83-39 f3 3b 14 0f ff b4 44",
    disks=(Disk(key="disk-1", size_bytes=2 * GIB, controller="pvscsi"),),
    nics=(Nic(key="nic-1", network="VM Network", mac="00:50:56:9a:01:02", model="vmxnet3", pci_slot=192),),
)


def plan(vm: VM, *, to: str = "pod", storage: str = "raw", **choices: Any) -> VmPlan:
    return VmPlan(
        vm=vm,
        machine=choices.pop("machine", vm.name),
        disks=tuple(DiskChoice(disk=disk.key, to=storage) for disk in vm.disks),
        nics=tuple(NicChoice(nic=nic.key, to=to, mac=nic.mac) for nic in vm.nics),
        guest=GuestChoice(**choices),
    )


def volumes(vm: VM, form: str = "raw") -> list[Volume]:
    return [
        Volume(
            id=f"{vm.name}/disk{index}.{form}",
            disk=disk.key,
            index=index,
            size_bytes=disk.size_bytes,
            format=form,
            path=f"/out/{vm.name}/disk{index}.{form}",
            identity="",
        )
        for index, disk in enumerate(vm.disks)
    ]


TWO_DISKS = replace(
    WEB,
    disks=(
        Disk(key="disk-1", size_bytes=2 * GIB, controller="lsilogic", serial="6000C29a1b2c3d4e5f601234"),
        Disk(key="disk-2", size_bytes=10 * GIB + 512, controller="lsilogic", unit=1, blank=True),
    ),
)
TWO_NICS = replace(
    WEB,
    nics=(
        Nic(key="nic-1", network="front", mac="00:50:56:9a:01:02", model="vmxnet3"),
        Nic(key="nic-2", network="back", mac="", model="e1000", connected=False),
    ),
)
MIXED = replace(plan(TWO_NICS), nics=(NicChoice(nic="nic-1", to="pod"), NicChoice(nic="nic-2", to="nad:net/vlan-120")))
CLUSTER = replace(
    plan(TWO_DISKS, to="nad:net/vlan-120"),
    disks=(
        DiskChoice(disk="disk-1", to="ceph-rbd", access="ReadWriteMany", volume="Block"),
        DiskChoice(disk="disk-2", to="ceph-fs", access="ReadWriteMany", volume="Filesystem"),
    ),
)
DISK = DiskChoice(disk="disk-1", to="ceph-rbd", access="ReadWriteMany", volume="Block")
BONDS = (
    Bond(name="web apart", kind="apart", cluster="CL-7", vms=3),
    Bond(name="web-with-db", kind="together", cluster="CL-7", mandatory=True, vms=2),
    Bond(name="licensed", kind="hosts", cluster="CL-7", mandatory=True),
    Bond(name="not old", kind="hosts-not", cluster="CL-7"),
)
NEAR = Near(core_mhz=2500, restarts=True, balances="fullyAutomated", evc="intel-cascadelake", bonds=BONDS)
OF_A_CLUSTER = replace(
    WEB,
    cpus=4,
    cores_per_socket=2,
    cpu=Share(reservation=2500, limit=6000, shares=8000, level="high"),
    memory=Share(reservation=GIB, level="normal"),
    nested=True,
    restart_priority="high",
    tags={"app": "ledger", "env": "prod,blue", "Tier 1": "gold"},
    attributes={"Owner": "Anna Kühn", "tier 1": "x"},
    notes="Runs the ledger.",
    rules=tuple(bond.name for bond in BONDS),
    devices=(Device(kind="sound", key="5000"), Device(kind="vgpu", key="13000", backing="grid_v100d-8q")),
)
PLACED = replace(
    plan(OF_A_CLUSTER, to="nad:net/vlan-120"),
    disks=(DISK,),
    near=NEAR,
    wanted=Wanted(
        add_labels={"backup.example.org/class": "gold"},
        nodes={"kubernetes.io/os": "linux"},
        tolerations=(Toleration(key="dedicated", value="vms", effect="NoSchedule"), Toleration(key="maintenance")),
        priority="vm-high",
        heartbeat="agent",
        rules={"licensed": "example.org/licence=oracle", "not old": "example.org/age=old"},
    ),
)
FAST = replace(
    plan(replace(WEB, cpus=4, latency="high"), to="sriov:net/fast"), disks=(DISK,), wanted=Wanted(hugepages="1Gi")
)
VISTA = replace(WEB, os_family="windows", os_name="Microsoft Windows Server 2022 (64-bit)", tpm=True, cpus=2)
VAULT = replace(
    plan(replace(VISTA, firmware=Firmware.EFI, secure_boot=True), to="udn"),
    wanted=Wanted(preference="auto", timezone="Europe/Vienna", heartbeat="watchdog"),
)
ASKED = replace(
    plan(replace(WEB, cpu=Share(reservation=500), devices=OF_A_CLUSTER.devices)),
    near=Near(core_mhz=2000),
    wanted=Wanted(
        instancetype="u1.medium",
        preference="own:debian",
        claims="datavolumes",
        labels="none",
        devices={"13000": "gpu:nvidia.com/V100D"},
        services=(Door(port=22), Door(port=443, name="https", route="web.example.org")),
    ),
)
OLD = replace(LINUX, kernels=(Kernel(version="2.6.32-754.el6.x86_64", default=True),))

CASES: dict[str, tuple[VmPlan, GuestFacts | None]] = {
    "bios": (plan(WEB), LINUX),
    "uefi": (plan(replace(WEB, firmware=Firmware.EFI)), LINUX),
    "secure-boot": (plan(replace(WEB, firmware=Firmware.EFI, secure_boot=True)), LINUX),
    "windows": (plan(replace(WEB, os_family="windows", cpus=4, cores_per_socket=2)), WINDOWS),
    "two-disks": (plan(TWO_DISKS), LINUX),
    "two-nics": (MIXED, LINUX),
    "no-nic": (plan(replace(WEB, nics=())), LINUX),
    "odd-name": (plan(replace(WEB, name="Büro Köln #1: on\n")), LINUX),
    "compatible": (plan(WEB, conversion="none", devices="compatible"), None),
    "cluster": (CLUSTER, LINUX),
    "placed": (PLACED, LINUX),
    "fast": (FAST, LINUX),
    "vault": (VAULT, WINDOWS),
    "asked": (ASKED, LINUX),
    "old-kernel": (plan(WEB), OLD),
}
