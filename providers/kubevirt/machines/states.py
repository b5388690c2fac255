"""What a VirtualMachine and its instance say of themselves, as a target's machine. Phases are absent at first, come and
go, and Ready says little: an empty disk is Ready, too."""

from mtv.model.volumes import Machine
from mtv.providers.kubevirt.fields import Object, flag, mapping, pairs, rows, text

STARTED = "mtv/started-at"  # an annotation: an instance's own times go with it
STRATEGY = "mtv/run-strategy"
UP = ("Running", "Paused", "Migrating")
DOWN = ("", "Stopped")
RAN = ("Running", "Succeeded", "Failed")  # phases of an instance


def machine_of(vm: Object, instance: Object | None = None) -> Machine:
    meta = mapping(vm, "metadata")
    name = text(meta, "name")
    return Machine(
        name=name, state=state_of(vm, instance), path=f"{text(meta, 'namespace')}/{name}",
        started_at=started_at(vm, instance),
    )  # fmt: skip


def state_of(vm: Object, instance: Object | None = None) -> str:
    """Halted running unknown: the last while it comes or goes, or cannot."""
    printed = text(vm, "status", "printableStatus")
    if printed in UP or text(instance, "status", "phase") == "Running":
        return "running"
    return "halted" if printed in DOWN and not is_made(vm) and instance is None else "unknown"


def is_made(vm: Object) -> bool:
    """There is an instance of it, whatever it does."""
    return flag(vm, "status", "created")


def started_at(vm: Object, instance: Object | None = None) -> str:
    """When it first ran; "" where it never has."""
    if noted := pairs(vm, "metadata", "annotations").get(STARTED):
        return noted
    times = {text(one, "phase"): text(one, "phaseTransitionTimestamp")
             for one in rows(instance, "status", "phaseTransitionTimestamps")}  # fmt: skip
    ran = text(instance, "status", "phase") in RAN or "Running" in times
    return (times.get("Running") or text(instance, "metadata", "creationTimestamp")) if ran else ""


def condition(of: Object | None, kind: str) -> Object:
    """That condition; empty where it does not say."""
    return next((one for one in rows(of, "status", "conditions") if text(one, "type") == kind), {})


def holds(of: Object | None, kind: str) -> bool:
    return text(condition(of, kind), "status") == "True"


def strategy(vm: Object) -> str:
    """Whether it shall run."""
    return text(vm, "spec", "runStrategy") or ("Always" if flag(vm, "spec", "running") else "Halted")


def wanted(vm: Object) -> str:
    """The strategy that it has once it ran. One that says Halted means: a person starts it."""
    noted = pairs(vm, "metadata", "annotations").get(STRATEGY, "")
    return noted if noted in ("Always", "RerunOnFailure", "Manual") else strategy(vm)
