"""The way of one VM, stated once: the table first, its steps in plans/way/ in the same order.

COLD and WARM share their rows. CLI progress, UI rows, stored rows and docs derive from here. A step's name never
changes its meaning: rows of old runs carry it. What an end cannot do is skipped (`when`); undoing goes backwards.
"""

from mtv.model.plans import VmPlan
from mtv.plans.steps import Journey, Step
from mtv.plans.way import after, before, copying, cutover, keeping
from mtv.plans.world import World
from mtv.providers.base import Capabilities

_CHECK: tuple[Step[World], ...] = (
    Step("check", "check source and target", before.check),
    Step(
        "inspect", "look into the guest", before.inspect, before.undo_inspect, before.inspects, copying.slots,
        by_hand="remove our point from the source VM",
    ),
)  # fmt: skip
_TRACK: tuple[Step[World], ...] = (
    Step(
        "track", "track changes", before.track, before.undo_track, before.tracks,
        by_hand="turn the source VM's change tracking off",
    ),
)  # fmt: skip
_MAKE: tuple[Step[World], ...] = (
    Step(
        "create-volumes", "create volumes", before.create_volumes, before.undo_create_volumes,
        by_hand="remove the volumes at the target",
    ),
    Step("worker-ready", "make sure of a worker", before.worker_ready, copying.undo_work),
)  # fmt: skip
_ROUNDS: tuple[Step[World], ...] = (
    Step(
        "freeze", "freeze a point", copying.freeze, copying.undo_freeze,
        by_hand="remove our point from the source VM",
    ),
    Step("copy", "copy what changed", copying.copy, copying.undo_work, slots=copying.slots),
    Step("verify-pass", "read back the round", copying.verify_pass, copying.undo_work),
    Step("release", "release the point", copying.release),
    Step("pause", "wait for the next round", copying.pause),
    Step("wait-cutover", "wait for the cutover", copying.wait_cutover),
)  # fmt: skip
_SWITCH: tuple[Step[World], ...] = (
    Step(
        "power-off", "power off the source", cutover.power_off, cutover.undo_power_off, cutover.has_power,
        gives_back=True, by_hand="start the source VM",
    ),
    Step(
        "fence", "fence the source", cutover.fence, cutover.undo_fence, cutover.has_power,
        gives_back=True, by_hand="rename the source VM back and connect its NICs",
    ),
)  # fmt: skip
_LAST_DELTA: tuple[Step[World], ...] = (
    Step(
        "last-delta", "copy the last changes", copying.last_delta, copying.undo_transfer, slots=copying.slots,
        by_hand="remove our point from the source VM",
    ),
)  # fmt: skip
_TRANSFER: tuple[Step[World], ...] = (
    Step(
        "transfer", "copy the disks", copying.transfer, copying.undo_transfer, slots=copying.slots,
        by_hand="remove our point from the source VM",
    ),
)  # fmt: skip
_FINISH: tuple[Step[World], ...] = (
    Step("verify", "read back the disks", copying.verify, copying.undo_work),
    Step("convert", "convert the guest", after.convert, copying.undo_work, before.inspects),
    Step(
        "create-vm", "create the VM", after.create_vm, after.undo_create_vm,
        by_hand="remove the VM at the target",
    ),
    Step(
        "start", "start the VM", after.start, after.undo_start, after.starts, no_return=True,
        gives_back=True, by_hand="stop the VM at the target",
    ),
    Step("verify-guest", "ask the guest", after.verify_guest, when=after.starts),
    Step(
        "snapshot", "take a snapshot", keeping.snapshot, keeping.undo_snapshot, after.snapshots,
        by_hand="remove the VM's snapshot at the target",
    ),
    Step("accept", "drop points and scratch", after.accept, on="commit"),
    Step("purge", "remove what is left at the target", after.purge, on="purge"),
)  # fmt: skip

COLD: Journey[World] = (*_CHECK, *_MAKE, *_SWITCH, *_TRANSFER, *_FINISH)
WARM: Journey[World] = (*_CHECK, *_TRACK, *_MAKE, *_ROUNDS, *_SWITCH, *_LAST_DELTA, *_FINISH)


def by_word(word: str) -> Journey[World]:
    """The plan's `journey`: warm or cold."""
    return WARM if word == "warm" else COLD


def possible(plan: VmPlan, source: Capabilities, target: Capabilities) -> list[Step[World]]:
    """The steps of a VM's way that these ends can do at all; of the others no run has a row."""
    absent = {
        *(() if source.tracks else ("track",)),
        *(() if source.power else ("power-off", "fence")),
        *(() if target.starts and plan.start != "never" else ("start", "verify-guest")),
        *(() if target.snapshots and plan.start != "never" and plan.wanted.snapshot != "none" else ("snapshot",)),
        *(() if plan.guest.conversion != "none" else ("inspect", "convert")),
    }
    return [step for step in by_word(plan.journey) if step.on == "run" and step.name not in absent]


def journey(world: World) -> Journey[World]:
    """The plan's."""
    return by_word(world.plan.journey)
