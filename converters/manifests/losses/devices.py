"""Disks, cards, and odd devices."""

from collections.abc import Iterator, Sequence

from mtv.converters.manifests.losses.rule import Rule, critical, info, listed, warning
from mtv.converters.manifests.parts.devices import given
from mtv.converters.manifests.quantities import aligned
from mtv.converters.manifests.shape import Shape, usable_mac
from mtv.model.estate import VOLATILE, Concern

HOSTS = ("pci", "vgpu", "scsi-device", "usb")
LEFT = ("serial", "parallel", "other")
MEDIA = ("cdrom", "floppy")


def _controllers(found: Shape) -> Iterator[Concern]:
    target = "ahci" if found.compatible else "virtio-blk"
    others = sorted({disk.source.controller for disk in found.disks} - {target})
    if others:
        yield info("controller", f"disks move from {', '.join(others)} to {target}: their device names may change")


def _serials(found: Shape) -> Iterator[Concern]:
    for disk in found.disks:
        if disk.source.serial and disk.serial != disk.source.serial:
            yield info(
                "disk-serial",
                f"{disk.name}: the serial '{disk.source.serial[:80]}' becomes '{disk.serial}'",
                "look for /dev/disk/by-id in the guest's files",
            )


def _sizes(found: Shape) -> Iterator[Concern]:
    for disk in found.disks:
        if disk.size_bytes != aligned(disk.size_bytes):
            yield info("disk-size", f"{disk.name}: {disk.size_bytes} bytes are not whole MiB: its claim is larger")


def _shared(found: Shape) -> Iterator[Concern]:
    for disk in found.disks:
        if disk.source.shared:
            yield warning("disk-shared", f"{disk.name} is shared: the other VMs must use the same claim")
        if disk.source.shared and (disk.access, disk.mode) != ("ReadWriteMany", "Block"):
            yield warning(
                "disk-shared-class",
                f"{disk.name} is shared, and its claim is {disk.access} and {disk.mode}: two nodes cannot write it",
                "write `access: ReadWriteMany, volume: Block` into its row of `storage`",
            )
        if disk.source.bus_sharing:
            yield warning(
                "disk-reservation",
                f"{disk.name}: a cluster in its guests may hold it by SCSI reservations, which virtio disks have not",
                "give such a cluster a LUN: `lun: {bus: scsi, reservation: true}`",
            )


def _modes(found: Shape) -> Iterator[Concern]:
    if odd := [f"{disk.name} ({disk.source.mode})" for disk in found.disks if disk.source.mode in VOLATILE]:
        yield warning("disk-mode", f"these forgot at power off what was written, and now keep it: {listed(odd)}")


def _encrypted(found: Shape) -> Iterator[Concern]:
    if found.vm.encrypted or any(disk.source.encrypted for disk in found.disks):
        yield warning("disk-encryption", "its source encrypts it; its claims are encrypted only if their class does so")


def _storage(found: Shape) -> Iterator[Concern]:
    if any(not disk.storage_class for disk in found.disks):
        yield info(
            "storage-class",
            "the claims name no StorageClass: the cluster's default is taken, as a file system for one node at a time",
            "write storageClassName, accessModes and volumeMode into vm.yaml before it is applied",
        )


def _policies(found: Shape) -> Iterator[Concern]:
    if policies := sorted({disk.source.policy for disk in found.disks if disk.source.policy}):
        yield info("storage-policy", f"storage policies stay behind: {listed(policies)}; the StorageClass decides")


def _datavolumes(found: Shape) -> Iterator[Concern]:
    if found.wanted.claims == "datavolumes" and found.disks:
        yield warning(
            "datavolumes",
            "the VM owns its disks by DataVolumes, as the plan says: whoever deletes the VM deletes them at once",
            "`machine: {claims: plain}` keeps them apart",
        )


def _models(found: Shape) -> Iterator[Concern]:
    target = "e1000e" if found.compatible else "virtio"
    others = sorted({nic.source.model or "unknown" for nic in found.nics if nic.binding != "sriov"} - {target})
    if others:
        yield info("nic-model", f"network cards change from {', '.join(others)} to {target}")


def _passing(found: Shape) -> Iterator[Concern]:
    for nic in found.nics:
        by = nic.source.kind == "sriov" or nic.source.model == "sriov"
        if by and nic.binding != "sriov":
            yield warning("sriov", f"{nic.name} passed the switch by (SR-IOV) and becomes a card of a switch",
                          "map its network to `sriov:NAMESPACE/NAME` to keep that")  # fmt: skip
        elif nic.binding == "sriov" and not by:
            yield info("sriov", f"{nic.name} becomes a function of a node's card: the guest needs that card's driver")
        if nic.binding == "sriov" and not nic.source.connected:
            yield warning("nic-down", f"{nic.name} was not connected; a function of a node's card always is")


def _macs(found: Shape) -> Iterator[Concern]:
    for nic in found.nics:
        if not nic.source.mac:
            yield warning("mac-made", f"{nic.name}: the source tells no MAC: {nic.mac} is made from the VM's key")
        elif not usable_mac(nic.source.mac):
            yield warning("mac-made", f"{nic.name}: {nic.source.mac[:40]} cannot be a card's MAC: it gets {nic.mac}")
        elif usable_mac(nic.source.mac) != nic.mac:
            yield warning("mac-changed", f"{nic.name}: the plan gives it {nic.mac}, not {nic.source.mac}")


def _pod(found: Shape) -> Iterator[Concern]:
    pods = [nic for nic in found.nics if nic.pod]
    if len(pods) > 1:
        yield critical(
            "pod-twice",
            f"{' and '.join(nic.name for nic in pods)} are on the pod network, and KubeVirt takes one",
            "map the others to `nad:NAMESPACE/NAME` or `none`",
        )
    for nic in pods:
        if nic.binding == "l2bridge":
            yield info(
                "udn-address",
                f"{nic.name} is on the namespace's own network: its subnets must have the guest's address, and the"
                " guest must ask for it by DHCP",
                "make the namespace with the label k8s.ovn.org/primary-user-defined-network: later it has no effect",
            )
        else:
            yield warning(
                "pod-address",
                f"{nic.name} is behind the pod network's address translation: the guest's own address is not seen"
                " outside",
                "map its network to `nad:NAMESPACE/NAME` to keep the address",
            )


def _devices(found: Shape) -> Iterator[Concern]:
    for device in found.vm.devices:
        to, name = given(found, device), f"'{(device.label or device.backing or device.kind)[:60]}'"
        if device.kind in HOSTS and (to == "none" or not to):
            yield warning("device", f"{name} ({device.kind}) is a host's and stays behind",
                          "" if to else "map it: `machine: {devices: [{from: ..., to: gpu:NAME}]}`")  # fmt: skip
        elif to.startswith("host:"):
            yield warning("host-device", f"{name} becomes {to[5:]}: KubeVirt's feature gate HostDevices must be on,"
                          " and the VM stays on its node")  # fmt: skip
        elif to.startswith("gpu:"):
            yield info("gpu", f"{name} becomes {to[4:]}: nodes must offer it, and the VM stays on its node")


def _left(found: Shape) -> Iterator[Concern]:
    told = [one for one in found.vm.devices if one.kind in LEFT or one.kind in MEDIA and one.connected]
    if told:
        yield info("devices-left", f"these stay behind: {listed(one.label or one.kind for one in told)}")


RULES: Sequence[Rule] = (
    _controllers, _serials, _sizes, _shared, _modes, _encrypted, _storage, _policies, _datavolumes, _models, _passing,
    _macs, _pod, _devices, _left,
)  # fmt: skip
