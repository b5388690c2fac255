"""Before any byte moves: everything that can fail is tried while the guest runs."""

from dataclasses import replace

from mtv import codec
from mtv.errors import CheckFailed
from mtv.model.estate import VM, Facts, Json
from mtv.model.outcomes import Done, Outcome, Stop
from mtv.model.points import Point
from mtv.plans.concerns import of_plan, refuse_critical
from mtv.plans.way import judging, keeping
from mtv.plans.way.disks import moving, sources, specs, targets
from mtv.plans.way.same import difference
from mtv.plans.way.work import employ, end_earlier, having, within
from mtv.plans.world import World
from mtv.providers.base import Foresees, Readies

CANNOT_SERVE = "source.cannot-serve"


def inspects(world: World) -> bool:
    """An explicit `conversion: none` moves disks untouched: nothing looks into them."""
    return world.plan.guest.conversion != "none" and bool(moving(world))


def tracks(world: World) -> bool:
    return world.tracks is not None


async def check(world: World) -> Outcome:
    """Before: nothing is ours anywhere. After: source and target are as the plan takes them to be."""
    vm, plan = await world.source.vm(world.plan.vm.id), world.plan
    _refuse_changed(plan.vm, vm)
    refuse_critical(vm.name, of_plan(replace(plan, vm=vm)), plan.accept)
    if (await world.target.machine(plan.machine)).state != "absent":
        raise CheckFailed(
            "check.target-exists",
            f"{vm.name}: the target holds {plan.machine} already",
            "move it away, or give the plan another target",
        )
    if isinstance(world.target, Readies):
        need_bytes = sum(disk.size_bytes if disk.allocated_bytes is None else disk.allocated_bytes for disk in vm.disks)
        await world.target.ready(specs(world), need_bytes)
    await keeping.foresee(world, vm)
    await judging.foresee(world)
    way = await world.source.foresee(vm, moving(world)) if isinstance(world.source, Foresees) else ""
    return Done({"power": vm.power, "name": vm.name, "revision": vm.revision, **({"way": way} if way else {})})


def _refuse_changed(planned: VM, found: VM) -> None:
    if what := difference(planned, found):
        raise CheckFailed(
            "check.changed", f"{planned.name}: {what}", f"`mtv refresh {planned.source}`, then make the plan again"
        )
    if found.power == "suspended":
        raise CheckFailed("check.suspended", f"{found.name} is suspended", "start it or shut it down")


async def inspect(world: World) -> Outcome:
    """Before: nothing is changed. After: what the guest is, and what conversion will do, or why that is not known
    before its first copy; our point is gone again."""
    vm = world.plan.vm
    outcome = await _inspected(world)
    if isinstance(outcome, Stop) and outcome.fault.code == CANNOT_SERVE:
        outcome = Done({"unknown": outcome.fault.text, "attempt": world.history.attempt})
    if isinstance(outcome, Done):
        refuse(vm, outcome.facts)
        refuse_critical(vm.name, of_plan(world.plan, outcome.facts), world.plan.accept)
        await drop(world, _inspection(world))
    return outcome


async def _inspected(world: World) -> Outcome:
    """A source may know before anything is changed that its disks cannot be read while the VM runs."""
    try:
        point = await world.source.freeze(world.plan.vm, moving(world), _inspection(world), None, True)
        disks = await sources(world, point)
    except CheckFailed as error:
        if error.fault.code != CANNOT_SERVE:
            raise
        return Stop(error.fault)
    return await employ(world, "inspect", disks, guest_of(world))


def guest_of(world: World) -> dict[str, Json]:
    """What inspection and conversion are told of the VM and of what is wanted."""
    plan = world.plan
    return {
        "vm": codec.dump(plan.vm),
        "choice": codec.dump(plan.guest),
        "nics": [codec.dump(nic) for nic in plan.nics],
        "accept": list(plan.accept),
    }


def refuse(vm: VM, facts: Facts) -> None:
    """Raises CheckFailed for what inspection refuses, with its own code and text."""
    conversion = facts.get("conversion")
    told = conversion if isinstance(conversion, dict) else {}
    refusals, codes = told.get("refusals"), told.get("codes")
    if isinstance(refusals, list) and refusals:
        code = str(codes[0]) if isinstance(codes, list) and codes else "guest.refused"
        raise CheckFailed(code, str(refusals[0]), f"`mtv describe vm {vm.name}` says what was found")


async def undo_inspect(world: World) -> None:
    await end_earlier(world)
    await drop(world, _inspection(world))
    await world.target.tidy(world.run, world.plan.machine)


def _inspection(world: World) -> str:
    return f"{world.mark}-inspect"


async def drop(world: World, name: str) -> None:
    """Release the point of that name; it being gone is no error."""
    point = Point(id=name, vm=world.plan.vm.id, identity="")
    await within(world.settings.release_s, f"{world.plan.vm.name}: releasing {name}", world.source.release(point))


async def track(world: World) -> Outcome:
    """Before: the source tracks changes or not. After: it does, and what it did before is known."""
    source = having(world.tracks, "a source that tells what changed")
    return Done({"previous": await source.track(world.plan.vm, True)})


async def undo_track(world: World) -> None:
    """Tracking is as it was: asked again, the source still knows."""
    source = having(world.tracks, "a source that tells what changed")
    previous = await source.track(world.plan.vm, True)
    await source.track(world.plan.vm, previous)


async def create_volumes(world: World) -> Outcome:
    """Before: the target has none of our volumes. After: one for each disk, empty."""
    return Done({"volumes": [codec.dump(await world.target.create(spec)) for spec in specs(world)]})


async def undo_create_volumes(world: World) -> None:
    """None of our volumes is left, unless their VM has run: then they hold work, and wait for `mtv purge`."""
    if not (await world.target.machine(world.plan.machine)).started_at:
        await remove_volumes(world)
    await world.target.tidy(world.run, world.plan.machine)


async def remove_volumes(world: World) -> None:
    for spec in specs(world):
        if volume := await world.target.find(spec):
            await world.target.remove(volume)


async def worker_ready(world: World) -> Outcome:
    """Before: no worker was at these volumes. After: one was, and read its scratch: it can be started, and reaches
    them."""
    return await employ(world, "journal", await targets(world, None))
