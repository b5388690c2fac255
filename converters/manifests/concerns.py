"""What a VM loses on its way into a manifest: one rule each, one row each in docs/mapping.md."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from mtv.converters.manifests.machine import cpu, hostname, secure_boot, usable_uuid
from mtv.converters.manifests.quantities import aligned
from mtv.converters.manifests.shape import Shape, shape, usable_mac
from mtv.model.estate import Concern, Firmware, Level
from mtv.model.guest import GuestFacts
from mtv.model.plans import VmPlan
from mtv.model.volumes import Volume

HOTPLUG_LEAST_BYTES = 1 << 30
HOTPLUG_UNIT_BYTES = 2 << 20
Rule = Callable[[Shape], Iterator[Concern]]


def concerns(
    plan: VmPlan, guest: GuestFacts | None, volumes: Sequence[Volume] = (), *, macs: Mapping[str, str] | None = None
) -> list[Concern]:
    found = shape(plan, guest, volumes, macs=macs)
    return [concern for rule in RULES for concern in rule(found)]


def _info(what: str, text: str, hint: str = "") -> Concern:
    return Concern(id=f"manifest.{what}", level=Level.INFO, text=text, hint=hint)


def _warning(what: str, text: str, hint: str = "") -> Concern:
    return Concern(id=f"manifest.{what}", level=Level.WARNING, text=text, hint=hint)


def _critical(what: str, text: str, hint: str = "") -> Concern:
    return Concern(id=f"manifest.{what}", level=Level.CRITICAL, text=text, hint=hint)


def _name(found: Shape) -> Iterator[Concern]:
    if found.name != found.vm.name:
        yield _info("name-changed", f"'{found.vm.name}' becomes '{found.name}': a DNS label of at most 63 characters")


def _architecture(found: Shape) -> Iterator[Concern]:
    arch = found.guest.arch if found.guest else ""
    if arch and arch not in ("x86_64", "amd64", "i386", "i486", "i586", "i686"):
        yield _critical("architecture", f"the guest is made for {arch}, the manifest for amd64")


def _topology(found: Shape) -> Iterator[Concern]:
    wanted, made = found.vm.cores_per_socket, cpu(found.vm)
    if wanted != made["cores"] and found.vm.cpus > 1:
        yield _info(
            "cpu-topology",
            f"{found.vm.cpus} CPUs do not divide into sockets of {wanted} cores: each gets a socket of its own",
            "licences that count sockets see more of them",
        )


def _memory(found: Shape) -> Iterator[Concern]:
    memory = found.vm.memory_bytes
    if not memory:
        yield _warning("memory-unknown", "the source does not say how much memory the VM has: it gets 1 GiB")
    elif memory < HOTPLUG_LEAST_BYTES or memory % HOTPLUG_UNIT_BYTES:
        yield _info("memory-hotplug", "memory below 1 GiB or not in steps of 2 MiB cannot grow while the VM runs")


def _identity(found: Shape) -> Iterator[Concern]:
    if found.vm.uuid and not usable_uuid(found.vm.uuid):
        yield _warning("uuid", f"'{found.vm.uuid[:60]}' is no UUID: the VM gets a random one")
    elif not found.vm.uuid:
        yield _info("uuid", "the source does not say the VM's UUID: the target makes one when the VM is created")


def _nvram(found: Shape) -> Iterator[Concern]:
    if found.vm.firmware is Firmware.EFI:
        yield _warning(
            "nvram",
            "the firmware's variables do not move: boot entries and keys of one's own are gone",
            "the guest boots by its fallback loader, EFI/BOOT/BOOTX64.EFI",
        )


def _secure_boot(found: Shape) -> Iterator[Concern]:
    if secure_boot(found.vm):
        yield _info("secure-boot", "secure boot stays on, with Microsoft's keys: drivers signed by others do not load")
    elif found.vm.secure_boot:
        yield _warning("secure-boot", "secure boot needs EFI, and the VM has a BIOS: it is off")


def _tpm(found: Shape) -> Iterator[Concern]:
    if found.vm.tpm:
        yield _warning(
            "tpm",
            "the VM gets no TPM: its content cannot be moved, and one that lasts needs storage of the cluster",
            "have the recovery keys at hand; to add an empty one, write `tpm: {persistent: true}`",
        )


def _clock(found: Shape) -> Iterator[Concern]:
    if found.windows:
        yield _info("clock", "the clock runs in UTC; Windows expects local time and is wrong until it has asked NTP")


def _controllers(found: Shape) -> Iterator[Concern]:
    target = "ahci" if found.compatible else "virtio-blk"
    others = sorted({disk.source.controller for disk in found.disks} - {target})
    if others:
        yield _info("controller", f"disks move from {', '.join(others)} to {target}: their device names may change")


def _serials(found: Shape) -> Iterator[Concern]:
    for disk in found.disks:
        if disk.source.serial and disk.serial != disk.source.serial:
            yield _info(
                "disk-serial",
                f"{disk.name}: the serial '{disk.source.serial[:80]}' becomes '{disk.serial}'",
                "look for /dev/disk/by-id in the guest's files",
            )


def _sizes(found: Shape) -> Iterator[Concern]:
    for disk in found.disks:
        if disk.size_bytes != aligned(disk.size_bytes):
            yield _info("disk-size", f"{disk.name}: {disk.size_bytes} bytes are not whole MiB: its claim is larger")


def _shared(found: Shape) -> Iterator[Concern]:
    for disk in found.disks:
        if disk.source.shared:
            yield _warning("disk-shared", f"{disk.name} is shared: the other VMs must use the same claim")


def _storage(found: Shape) -> Iterator[Concern]:
    if any(not disk.storage_class for disk in found.disks):
        yield _info(
            "storage-class",
            "the claims name no StorageClass: the cluster's default is taken, as a file system for one node at a time",
            "write storageClassName, accessModes and volumeMode into vm.yaml before it is applied",
        )


def _models(found: Shape) -> Iterator[Concern]:
    target = "e1000e" if found.compatible else "virtio"
    others = sorted({nic.source.model or "unknown" for nic in found.nics} - {target})
    if others:
        yield _info("nic-model", f"network cards change from {', '.join(others)} to {target}")


def _macs(found: Shape) -> Iterator[Concern]:
    for nic in found.nics:
        if not nic.source.mac:
            yield _warning("mac-made", f"{nic.name}: the source tells no MAC: {nic.mac} is made from the VM's key")
        elif not usable_mac(nic.source.mac):
            yield _warning("mac-made", f"{nic.name}: {nic.source.mac[:40]} cannot be a card's MAC: it gets {nic.mac}")
        elif usable_mac(nic.source.mac) != nic.mac:
            yield _warning("mac-changed", f"{nic.name}: the plan gives it {nic.mac}, not {nic.source.mac}")


def _pod(found: Shape) -> Iterator[Concern]:
    pods = [nic for nic in found.nics if nic.pod]
    if len(pods) > 1:
        yield _critical(
            "pod-twice",
            f"{' and '.join(nic.name for nic in pods)} are on the pod network, and KubeVirt takes one",
            "map the others to `nad:NAMESPACE/NAME` or `none`",
        )
    for nic in pods:
        yield _warning(
            "pod-address",
            f"{nic.name} is behind the pod network's address translation: the guest's own address is not seen outside",
            "map its network to `nad:NAMESPACE/NAME` to keep the address",
        )


def _hostname(found: Shape) -> Iterator[Concern]:
    if found.guest and found.guest.hostname and not hostname(found):
        yield _info("hostname", f"the host name '{found.guest.hostname[:80]}' is no DNS label: DHCP offers another")


def _tags(found: Shape) -> Iterator[Concern]:
    if found.vm.tags or found.vm.attributes:
        yield _info("tags", "tags and attributes stay in the inventory: they are not labels of the VM")


RULES: Sequence[Rule] = (
    _name,
    _architecture,
    _topology,
    _memory,
    _identity,
    _nvram,
    _secure_boot,
    _tpm,
    _clock,
    _controllers,
    _serials,
    _sizes,
    _shared,
    _storage,
    _models,
    _macs,
    _pod,
    _hostname,
    _tags,
)
