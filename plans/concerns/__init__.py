"""What is wrong or lossy with one VM before it moves, and what of it the plan accepts."""

from collections.abc import Iterable, Mapping, Sequence

from mtv import codec
from mtv.converters import manifests
from mtv.errors import CheckFailed
from mtv.model.estate import Concern, Facts, Level
from mtv.model.guest import GuestFacts
from mtv.model.plans import VmPlan


def of_plan(plan: VmPlan, found: Facts | None = None) -> tuple[Concern, ...]:
    """All of one VM under one plan: its own, its choices', what inspection told, what its manifest loses."""
    told = found.get("concerns") if found else None
    seen = [codec.load(Concern, one) for one in told] if isinstance(told, list) else []
    lost = manifests.concerns(plan, guest_of(found))
    return unique([*plan.vm.concerns, *of_choices(plan), *seen, *lost])


def guest_of(found: Facts | None) -> GuestFacts | None:
    """The guest that inspection found; None where nobody looked."""
    told = found.get("guest") if found else None
    return codec.load(GuestFacts, told) if isinstance(told, Mapping) else None


def of_choices(plan: VmPlan) -> list[Concern]:
    """Concerns that follow from what the plan asks for this VM; what its manifest loses, converters.manifests says."""
    return [concern for rule in RULES for concern in rule(plan)]


def _untouched(plan: VmPlan) -> Iterable[Concern]:
    if plan.guest.conversion != "none":
        return
    compatible = plan.guest.devices == "compatible"
    yield Concern(
        id="guest.unknown", level=Level.INFO if compatible else Level.WARNING,
        text="the disks move untouched and nobody looks into them: whether the guest boots is not known",
        hint="" if compatible else "use devices: compatible where the guest may lack virtio drivers",
    )  # fmt: skip
    if plan.guest.agent == "install":
        yield Concern(
            id="guest.no-agent", level=Level.INFO,
            text="QEMU's agent is not installed in a guest that moves untouched",
            hint="install it in the guest before or after the move, or say agent: none",
        )  # fmt: skip
    if plan.nics:
        yield Concern(
            id="guest.addresses-not-kept", level=Level.WARNING,
            text="interface names may change, and with them the guest's addresses",
            hint="use conversion: auto to keep them",
        )  # fmt: skip


def _left(plan: VmPlan) -> Iterable[Concern]:
    if plan.guest.addresses == "leave" and plan.guest.conversion != "none" and plan.nics:
        yield Concern(
            id="guest.addresses-not-kept",
            level=Level.WARNING,
            text="the plan leaves the guest's addresses as they fall",
        )


def _nics(plan: VmPlan) -> Iterable[Concern]:
    for nic in plan.nics:
        if nic.to == "none":
            yield Concern(id="network.dropped", level=Level.WARNING, text=f"network card {nic.nic} does not move")


RULES = (_untouched, _left, _nics)


def refuse_critical(name: str, concerns: Sequence[Concern], accepted: Sequence[str]) -> None:
    """Raises CheckFailed `check.concern` for the first critical concern that the plan does not accept."""
    for concern in concerns:
        if concern.level is Level.CRITICAL and concern.id not in accepted:
            accept = f"or accept it in the plan: accept: [{{id: {concern.id}, reason: ..., who: ...}}]"
            raise CheckFailed("check.concern", f"VM '{name}': {concern.text} ({concern.id})",
                              f"{concern.hint}, {accept}" if concern.hint else accept)  # fmt: skip


def unique(concerns: Iterable[Concern]) -> tuple[Concern, ...]:
    """In order, each id and text once."""
    return tuple({(one.id, one.text): one for one in concerns}.values())
