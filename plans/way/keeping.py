"""The way back at the target: a snapshot of the VM once it ran, where the plan asks for one."""

import logging

from mtv.converters import manifests
from mtv.errors import CheckFailed, Held
from mtv.model.estate import VM
from mtv.model.outcomes import Done, Outcome
from mtv.plans.way.disks import specs
from mtv.plans.way.work import having
from mtv.plans.world import World

ACCEPTED = "manifest.snapshot"  # a plan that accepts this goes on without one
NEEDS = "a target that takes snapshots"
LOG = logging.getLogger(__name__)


def asked(world: World) -> bool:
    return world.snapshots is not None and world.plan.wanted.snapshot != "none"


async def foresee(world: World, vm: VM) -> None:
    """Raises CheckFailed for disks that a snapshot would not have."""
    starts = world.plan.start == "always" or (world.plan.start == "as_source" and vm.power == "on")
    if not asked(world) or not starts:
        return
    try:
        await having(world.snapshots, NEEDS).can_snapshot(specs(world))
    except CheckFailed as error:
        if ACCEPTED not in world.plan.accept:
            raise
        LOG.warning("%s: %s", vm.name, error.fault.text)


async def snapshot(world: World) -> Outcome:
    """Before: the machine runs, and its guest was asked. After: the target keeps what its disks held then; or could
    not, and the plan accepts that."""
    document = manifests.snapshot(world.plan, world.settings.snapshot_s)
    try:
        return Done(await having(world.snapshots, NEEDS).take_snapshot(document))
    except Held as error:
        if ACCEPTED not in world.plan.accept:
            raise
        LOG.warning("%s: %s", world.plan.vm.name, error.fault.text)
        return Done({"failed": error.fault.text})


async def undo_snapshot(world: World) -> None:
    """It holds nothing that the VM's own disks do not."""
    name = manifests.snapshot_name(world.plan)
    await having(world.snapshots, NEEDS).remove_snapshot(world.plan.machine, name)
