"""All that a VM loses on its way into a manifest."""

from collections.abc import Mapping, Sequence

from mtv.converters.manifests.judging import judged
from mtv.converters.manifests.losses import devices, identity, placing, processors
from mtv.converters.manifests.losses.rule import Rule
from mtv.converters.manifests.shape import shape
from mtv.model.estate import Concern
from mtv.model.guest import GuestFacts
from mtv.model.plans import VmPlan
from mtv.model.volumes import Volume

RULES: Sequence[Rule] = (*identity.RULES, *processors.RULES, *devices.RULES, *placing.RULES)


def concerns(
    plan: VmPlan, guest: GuestFacts | None, volumes: Sequence[Volume] = (), *, macs: Mapping[str, str] | None = None
) -> list[Concern]:
    found = shape(plan, guest, volumes, macs=macs)
    return [*(concern for rule in RULES for concern in rule(found)), *judged(found)]
