"""README.txt of a bundle: what a stranger who finds the folder must know."""

from collections.abc import Iterator, Mapping, Sequence

from mtv.converters.manifests.parts.placing import run_strategy
from mtv.converters.manifests.parts.processors import MEMORY_UNKNOWN_BYTES
from mtv.converters.manifests.quantities import quantity
from mtv.converters.manifests.shape import DiskShape, Shape, shape
from mtv.model.estate import Firmware
from mtv.model.guest import GuestFacts
from mtv.model.plans import VmPlan
from mtv.model.volumes import Volume


def readme(
    plan: VmPlan,
    guest: GuestFacts | None,
    volumes: Sequence[Volume],
    *,
    namespace: str = "",
    macs: Mapping[str, str] | None = None,
) -> str:
    """`macs` as `documents` has them: both must name the same cards."""
    found = shape(plan, guest, volumes, namespace, macs)
    return TEMPLATE.format(
        name=found.name,
        title=_one_line(found.vm.name),
        system=_one_line((guest.product if guest else "") or found.vm.os_name or "operating system not known"),
        disks="\n".join(f"    {_file(disk):14} {quantity(disk.size_bytes)}" for disk in found.disks) or "    (none)",
        namespace=f" -n {namespace}" if namespace else "",
        unsafe=" (without secure boot)" if found.vm.secure_boot and found.vm.firmware is Firmware.EFI else "",
        start="\n".join(f"    {line}" for line in _start(found, f" -n {namespace}" if namespace else "")),
        qemu=" \\\n        ".join(_qemu(found)),
        uploads="\n".join(_upload(found, disk) for disk in found.disks) or "    (nothing)",
    )


def _file(disk: DiskShape) -> str:
    return disk.file or f"{disk.name}.raw"


def _upload(found: Shape, disk: DiskShape) -> str:
    where = f" -n {found.namespace}" if found.namespace else ""
    kind = "dv" if found.wanted.claims == "datavolumes" else "pvc"
    return f"    virtctl image-upload {kind} {disk.claim}{where} --no-create --image-path={_file(disk)}"


def _start(found: Shape, where: str) -> Iterator[str]:
    """`virtctl start` alone would make of halted Always."""
    run = run_strategy(found)
    yield f'kubectl patch{where} vm {found.name} --type merge -p \'{{"spec": {{"runStrategy": "{run}"}}}}\''
    if run == "Manual":
        yield f"virtctl start{where} {found.name}"


def _qemu(found: Shape) -> Iterator[str]:
    """The shortest command line that boots it; `mtv boot` takes the long one."""
    bus = "ide" if found.compatible else "virtio"
    yield "qemu-system-x86_64 -machine q35,accel=kvm:tcg -cpu max -snapshot"
    yield f"-smp {max(found.vm.cpus, 1)} -m {max((found.vm.memory_bytes or MEMORY_UNKNOWN_BYTES) >> 20, 64)}"
    if found.vm.firmware is Firmware.EFI:
        yield "-bios /usr/share/ovmf/OVMF.fd"
    for disk in found.disks:
        yield f"-drive file={_file(disk)},format={_file(disk).rsplit('.', 1)[-1]},if={bus}"
    for nic in found.nics:
        yield f"-nic user,restrict=on,model={'e1000e' if found.compatible else 'virtio-net-pci'},mac={nic.mac}"
    if not found.nics:
        yield "-nic none"


def _one_line(text: str) -> str:
    """A stranger's text in ours: no line breaks, no control characters."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]


TEMPLATE = """\
{name}: a virtual machine, ready for KubeVirt (OpenShift Virtualization)
{title}
{system}

What is here

    vm.yaml        the VirtualMachine and a claim for each of its disks
{disks}
    receipt.json   signed proof of what each disk holds; receipt.hashes belongs to it
    README.txt     this

Is it whole?

    mtv verify receipt.json

  reads every disk and compares; it exits with 4 and names the disk and the offset if one bit differs. It says so too
  if a disk was changed after the move: the VM must not have run on these files. A key that is not trusted on your
  machine ends it with 4 as well: compare the fingerprint that it prints with `mtv key show` of those who moved the VM,
  and put their receipts.pub into the folder that it names.

Does it boot?

    mtv boot .

  starts it here in QEMU on a throw-away overlay, without access to any network, and says what the guest says of
  itself. The disks stay as they are. Without mtv, this starts it the same way and leaves the looking to you{unsafe}:

    {qemu}

  Where QEMU fails with KVM, accel=tcg instead does without it, slower.

Into a cluster

  vm.yaml asks for the cluster's default StorageClass: write another, with its accessModes and volumeMode, where it
  says PersistentVolumeClaim, and the networks where it says networks. Then:

    kubectl apply{namespace} -f vm.yaml
{uploads}
{start}

  The VM was made halted. Do not start it while the one that it was made from still runs: they have the same addresses.
"""
