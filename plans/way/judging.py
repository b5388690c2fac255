"""What a VM's documents are judged by before they are handed over: the rules of `mtv check manifest`, beside what the
target says that it has."""

import logging
from collections.abc import Sequence

from mtv.converters.manifests import rules
from mtv.errors import CheckFailed
from mtv.model.estate import Facts
from mtv.plans.world import Document, Moved, World
from mtv.providers.base import Stands

LOG = logging.getLogger(__name__)


async def foresee(world: World) -> None:
    """The same before anything is changed, of the documents as they are known by then."""
    if isinstance(world.target, Stands):
        nothing: Facts = {}
        early = Moved(
            run=world.run, plan=world.plan, volumes=(), scratch="", at="", inspected=nothing, copied=nothing,
            verified=nothing, converted=nothing,
        )  # fmt: skip
        await judge(world, world.documents(early))


async def judge(world: World, documents: Sequence[Document]) -> list[str]:
    """What the target would take and then break, told. Raises CheckFailed `manifest.refused` for what it would not
    take; a target that keeps papers only takes all."""
    if not isinstance(world.target, Stands):
        return []
    standing = await world.target.standing(documents)
    target = rules.target_of(standing, documents)
    found = rules.check(documents, target, rules.versions_of(standing))
    refused = [one for one in found if one.complaint.level is rules.Level.REFUSED]
    if refused:
        told = "; ".join(_told(one) for one in refused)
        raise CheckFailed(
            "manifest.refused", f"{world.plan.vm.name}: the cluster would refuse its manifest: {told}",
            refused[0].complaint.rule.fix,
        )  # fmt: skip
    broken = [_told(one) for one in found if one.complaint.level is rules.Level.BROKEN]
    for text in broken:
        LOG.warning("%s: the cluster would take its manifest, and then it breaks: %s", world.plan.vm.name, text)
    return broken


def _told(one: rules.Finding) -> str:
    return f"{one.complaint.text} ({one.complaint.rule.id}, {one.kind} {one.complaint.field})"
