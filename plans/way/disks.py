"""The disks of a task: which of the VM's move, how each is read, and where it is written to, as the ends say now."""

from collections.abc import Sequence
from dataclasses import replace

from mtv import codec
from mtv.converters.manifests.names import claim_name, document_name
from mtv.model.estate import Disk
from mtv.model.plans import VmPlan
from mtv.model.points import Extent, Point
from mtv.model.tasks import TaskDisk
from mtv.model.volumes import Volume, VolumeSpec
from mtv.plans.deciding.fold import History
from mtv.plans.world import World

EXTENTS_LIMIT = 8192  # of a task: it has room for some 15,000


def moving(world: World) -> list[Disk]:
    """Disks that hold something; blank ones are only made."""
    return [disk for disk in world.plan.vm.disks if not disk.blank]


def specs(world: World) -> list[VolumeSpec]:
    return specs_of(world.run, world.plan)


def specs_of(run: str, plan: VmPlan) -> list[VolumeSpec]:
    """Of all disks, in the VM's order."""
    choices = {choice.disk: choice for choice in plan.disks}
    return [
        VolumeSpec(
            run=run,
            vm=plan.vm.key,
            machine=plan.machine,
            disk=disk.key,
            index=index,
            size_bytes=disk.size_bytes,
            to=choices[disk.key].to,
            access=choices[disk.key].access or ("ReadWriteMany" if disk.shared else ""),
            mode=choices[disk.key].volume or ("Block" if disk.shared else ""),
            name=claim_name(document_name(plan.machine), index),
        )
        for index, disk in enumerate(plan.vm.disks)
    ]


async def scratch(world: World) -> str:
    """The folder of journal and overlays, with room for these disks."""
    return await world.target.scratch(world.run, world.plan.machine, specs(world))


def made(history: History) -> tuple[Volume, ...]:
    """The volumes in the VM's order, as create-volumes told them."""
    told = history.of("create-volumes").get("volumes")
    return tuple(codec.load(Volume, one) for one in told) if isinstance(told, list) else ()


async def volumes(world: World) -> tuple[Volume, ...]:
    """The same as they are now; one that is gone, as it was."""
    return tuple(
        [
            await world.target.find(spec) or volume
            for spec, volume in zip(specs(world), made(world.history), strict=True)
        ]
    )


async def are_there(world: World) -> bool:
    return all([await world.target.find(spec) for spec in specs(world)])


async def sources(world: World, point: Point) -> tuple[TaskDisk, ...]:
    """Each disk of that point, and what changed where the source can tell."""
    return tuple(
        [
            TaskDisk(
                id=disk.key,
                size_bytes=disk.size_bytes,
                export=await world.source.export(point, disk),
                extents=await _changed(world, point, disk),
            )
            for disk in moving(world)
        ]
    )


async def copies(world: World, point: Point) -> tuple[TaskDisk, ...]:
    """The same, each with the volume that it is copied to."""
    wanted = {spec.disk: spec for spec in specs(world)}
    return tuple([replace(one, volume=await _volume(world, wanted[one.id])) for one in await sources(world, point)])


async def _volume(world: World, spec: VolumeSpec) -> Volume:
    """As it is now: found by its label, or made anew where it is gone. It is believed zero only if it was made just
    now, or by the first attempt that ever wrote to it."""
    found = await world.target.find(spec) or await world.target.create(spec)
    history = world.history
    first = history.attempt == 1 and not history.has("copy")
    then = {volume.disk: volume for volume in made(history)}[spec.disk]
    untouched = first and then.zeroed and then.identity == found.identity
    return replace(found, zeroed=found.zeroed or untouched)


async def targets(world: World, point: Point | None) -> tuple[TaskDisk, ...]:
    """Each disk's volume, to be read back: what was written since the point before this one, or all of it."""
    there = {volume.disk: volume for volume in await volumes(world)}
    return tuple(
        [
            TaskDisk(
                id=disk.key,
                size_bytes=disk.size_bytes,
                volume=there[disk.key],
                extents=await _changed(world, point, disk) if point else None,
            )
            for disk in moving(world)
        ]
    )


async def _changed(world: World, point: Point, disk: Disk) -> tuple[Extent, ...] | None:
    if world.tracks is None or not point.since:
        return None
    told = await world.tracks.extents(point, disk)
    return None if told is None else thinned(told, EXTENTS_LIMIT // len(moving(world)))


def thinned(extents: Sequence[Extent], most: int) -> tuple[Extent, ...]:
    """At most so many, in order: those with the smallest gaps are joined, and what lies between is copied too."""
    ordered = sorted(extents)
    gaps = sorted(range(1, len(ordered)), key=lambda at: ordered[at].offset - _end(ordered[at - 1]))
    joined = set(gaps[: max(0, len(ordered) - most)])
    found: list[Extent] = []
    for at, one in enumerate(ordered):
        if at in joined:
            found[-1] = Extent(found[-1].offset, _end(one) - found[-1].offset)
        else:
            found.append(one)
    return tuple(found)


def _end(extent: Extent) -> int:
    return extent.offset + extent.length
