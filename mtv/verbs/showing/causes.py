"""The second half of `mtv why`: what the target itself says of VMs that are on their way. A target's code is read only
where there is something to ask, so that the first half starts fast."""

import asyncio
from collections.abc import Iterator, Sequence

from mtv.errors import MtvError
from mtv.model.estate import Finding
from mtv.plans.deciding.fold import UNDONE
from mtv.settings import settings
from mtv.store.records import MigrationRow
from mtv.verbs.showing.look import picked
from mtv.words import plain

OVER = ("done", "pending", "refused", *UNDONE)
ARRIVED = "probation"  # it runs, and its target is asked where it is asked for by name


def explained(run: str, vms: Sequence[str]) -> Iterator[str]:
    """Causes with their evidence and fix, for each VM that has not arrived. A target that cannot be asked is said so;
    one that explains nothing says nothing."""
    over = OVER if vms else (*OVER, ARRIVED)
    chosen = [one for one in picked(run, vms) if one.state not in over]
    if not chosen:
        return
    try:
        told = asyncio.run(_ask(run, chosen))
    except MtvError as error:
        yield f"the target cannot be asked: {error.fault.text}"
        return
    for one, findings in told:
        for found in findings:
            what, *evidence = found.text.split("\n")
            yield f"{plain(one.vm)}: {what} ({found.name})"
            yield from (f"  {plain(line)}" for line in evidence)
            yield f"  fix: {found.fix}"


async def _ask(run: str, chosen: Sequence[MigrationRow]) -> list[tuple[MigrationRow, Sequence[Finding]]]:
    from mtv.providers.base import Explains, Housed
    from mtv.store import runs as stored
    from mtv.store.store import Store
    from mtv.verbs.opening import opened, place

    with Store(settings().store) as store:
        plan = stored.plan_of(store, run)
        end = place(store, plan.target)
    machines = {part.vm.key: part.machine for part in plan.vms}
    async with opened("targets", end) as target:
        if not isinstance(target, Explains):
            return []
        if isinstance(target, Housed):
            target.house(plan.namespace, run)
        return [(one, await target.why(machines[one.vm_key], run, one.vm_key)) for one in chosen]
