"""The switch: the source goes off and out of the way, and can be put back exactly."""

from mtv.errors import CheckFailed, Held, MtvError, Refused
from mtv.model.outcomes import Done, Mark, Outcome
from mtv.plans.deciding.fold import History
from mtv.plans.way.work import having, within
from mtv.plans.world import World

GONE = ("source.gone", "source.no-vm", "vsphere.no-vm")


def has_power(world: World) -> bool:
    return world.power is not None


async def power_off(world: World) -> Outcome:
    """Before: the source runs or not. After: it is off, and which it was is known: also where somebody started or
    stopped it since its check, which is written down before it goes off."""
    plan, before = world.plan, power_before(world.history)
    if before != "on" or _is_first(world):
        found = (await world.source.vm(plan.vm.id)).power
        if found != before and found in ("on", "off"):
            return Done({"power": found}, back="power-off")
    act = having(world.power, "a source with power").power(plan.vm, "off", plan.grace_s, plan.then)
    await within(plan.grace_s + world.settings.power_margin_s, f"{plan.vm.name}: powering off", act)
    return Done({"power": before})


def _is_first(world: World) -> bool:
    """No earlier attempt can have switched it off: one that is off was so before us."""
    begun = 0
    for row in world.journal.rows():
        anew = not row.step and row.facts.get("anew") is True
        begun = 0 if anew else begun + (row.step == "power-off" and row.mark is Mark.BEGIN and not row.undo)
    return begun <= 1


async def undo_power_off(world: World) -> None:
    """On again, if it was on when its cutover began."""
    if power_before(world.history) != "on":
        return
    plan = world.plan
    act = having(world.power, "a source with power").power(plan.vm, "on", plan.grace_s, plan.then)
    await within(plan.grace_s + world.settings.power_margin_s, f"{plan.vm.name}: powering on", act)


def power_before(history: History) -> str:
    """The source's power before it was switched off, or when its cutover began, or else when it was checked."""
    told = (history.of(step).get("power") for step in ("power-off", "wait-cutover", "check"))
    return str(next((power for power in told if power), "off"))


async def runs_again(world: World) -> bool:
    """Whether somebody started the source since its cutover. One that was removed since then runs nowhere."""
    if world.power is None:
        return False
    try:
        return (await world.source.vm(world.plan.vm.id)).power == "on"
    except MtvError as error:
        if error.fault.code in GONE:
            return False
        if isinstance(error, Refused | CheckFailed):  # what was copied is not given up for it
            raise Held(error.fault.code, error.fault.text, error.fault.hint) from error
        raise


async def fence(world: World) -> Outcome:
    """Before: the source is off. After: it cannot start by accident, nor be taken for the moved one."""
    await having(world.power, "a source with power").fence(world.plan.vm, world.mark)
    return Done()


async def undo_fence(world: World) -> None:
    await having(world.power, "a source with power").unfence(world.plan.vm, world.mark)
