"""What the in-process workers can do, by the task's op, with guests that are made up of their VM's description."""

from collections.abc import Callable, Mapping
from pathlib import Path

from mtv import codec
from mtv.errors import CheckFailed, MtvError
from mtv.model.estate import VM, Facts, Json
from mtv.model.guest import GuestFacts, GuestNetwork, Interface
from mtv.model.plans import GuestChoice
from mtv.model.points import Extent
from mtv.model.tasks import Task, TaskDisk
from mtv.providers.memory.content import GRAIN_BYTES, Content, Run
from mtv.providers.memory.copying import Work, read_journal, tell, transfer, volume_of
from mtv.providers.memory.folder import Folder
from mtv.providers.memory.volumes import VolumeStore


def inspect(task: Task, volumes: VolumeStore) -> Work:
    """Looks at nothing but the VM's own description: a made-up guest is what its attributes say."""
    for disk in task.disks:
        if disk.export and disk.export.kind == "stream":
            raise MtvError("source.cannot-serve", f"{task.name}: disk {disk.id} can be read only as a stream")
        yield tell(disk, disk.size_bytes, disk.size_bytes, "inspect")
    facts = conclude(task)
    yield "facts", facts
    return facts


def verify(task: Task, volumes: VolumeStore) -> Work:
    """Reads back and compares with the journal."""
    facts: dict[str, Json] = {}
    for disk in task.disks:
        known = _known(task, disk)
        stored = volumes.get(volume_of(disk)).content
        for extent in (Extent(0, disk.size_bytes),) if disk.extents is None else disk.extents:
            if wrong := stored.differing(known, extent.offset, extent.length):
                raise MtvError("verify.mismatch", f"{task.name}: disk {disk.id} differs at byte {wrong[0].offset}")
        yield tell(disk, disk.size_bytes, disk.size_bytes, "verify")
        facts[disk.id] = {"data_bytes": known.data_bytes, "root": known.root()}
    return {"disks": facts}


def _known(task: Task, disk: TaskDisk) -> Content:
    journal = read_journal(task, disk)
    if journal is None or not journal.complete or journal.volume != volume_of(disk).identity:
        raise MtvError("verify.no-journal", f"{task.name}: disk {disk.id} was not copied to its end")
    return journal.content


def convert(task: Task, volumes: VolumeStore) -> Work:
    """Committing is written down before the first disk changes, so that a crash can only go on."""
    facts = dict(task.guest) if "conversion" in task.guest else conclude(task)
    changes = spots(task, facts)
    scratch = Folder(Path(task.scratch))
    scratch.put("convert", {"state": "committing"})
    yield "sealed", {"state": "committing"}
    handed: dict[str, Json] = {}
    touched: dict[str, Json] = {}
    for disk in task.disks:
        runs = changes.get(disk.id, [])
        content = volumes.write(volume_of(disk), runs).content
        touched[disk.id] = [[run.offset, run.length] for run in runs]
        handed[disk.id] = {"data_bytes": content.data_bytes, "root": content.root()}
        yield "sealed", {"state": "committed", "disk": disk.id}
    scratch.put("convert", {"state": "committed"})
    return {**{key: facts[key] for key in ("guest", "conversion")}, "touched": touched, "handed_over": handed}


def journal(task: Task, volumes: VolumeStore) -> Work:
    """Reads the journal again: of a dead worker, or to show that a worker can reach the scratch and the volumes."""
    facts: dict[str, Json] = {}
    for disk in task.disks:
        volumes.get(volume_of(disk))
        found = read_journal(task, disk)
        facts[disk.id] = {"complete": found.complete, "root": found.content.root()} if found else {"complete": False}
        yield tell(disk, 0, disk.size_bytes, "journal")
    return {"disks": facts}


def conclude(task: Task) -> dict[str, Json]:
    """Inspection's facts. Raises CheckFailed `guest.no-system` for a VM whose attributes say so."""
    vm = codec.load(VM, task.guest.get("vm"), "the task's vm")
    choice = codec.load(GuestChoice, task.guest.get("choice"), "the task's choice")
    if vm.attributes.get("guest") == "none":
        raise CheckFailed(
            "guest.no-system", f"{vm.name}: no operating system on its disks", "write `guest: {conversion: none}`"
        )
    wanted = vm.attributes.get("conversion", "full")
    mode = wanted if choice.conversion == "auto" else choice.conversion
    return {
        "guest": codec.dump(_guest(vm)),
        "conversion": {"mode": mode, "reasons": [f"{choice.conversion} was asked"], "refusals": []},
        "network": {},
        "concerns": [],
        "overlays": {},
    }


def _guest(vm: VM) -> GuestFacts:
    nics = tuple(
        Interface(name=f"eth{at}", mac=nic.mac, method="static", addresses=(f"192.0.2.{10 + at}/24",))
        for at, nic in enumerate(vm.nics)
    )
    return GuestFacts(
        roots=1,
        family=vm.os_family,
        distro="debian" if "debian" in vm.os_id else "rhel",
        product=vm.os_name,
        arch="x86_64",
        hostname=vm.name,
        root_device="/dev/sda1",
        firmware=vm.firmware,
        network=GuestNetwork(systems=("ifupdown",), interfaces=nics),
        packages=("qemu-guest-agent",),
    )


def spots(task: Task, facts: Facts) -> dict[str, list[Run]]:
    """What conversion writes on each disk: nothing, the first disk's network files, or something on every disk."""
    conversion = facts.get("conversion")
    mode = conversion.get("mode") if isinstance(conversion, dict) else "none"
    changed = {"none": 0, "network": 1}.get(str(mode), len(task.disks))
    return {
        disk.id: [Run(disk.size_bytes // 2 // GRAIN_BYTES * GRAIN_BYTES, GRAIN_BYTES, f"{mode}/{task.vm}/{disk.id}")]
        for disk in task.disks[:changed]
    }


OPERATIONS: Mapping[str, Callable[[Task, VolumeStore], Work]] = {
    "inspect": inspect,
    "transfer": transfer,
    "verify": verify,
    "convert": convert,
    "journal": journal,
}
