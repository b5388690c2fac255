"""`mtv check provider SOURCE --from TARGET`: a worker is started where workers run, which shows that its image can be
pulled and its Pod is let in; it asks for a connection to all that it would read from, and goes again."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mtv.errors import MtvError, Refused
from mtv.model.estate import Finding, Json
from mtv.model.tasks import Ended, Task, worker_name
from mtv.model.volumes import VolumeSpec
from mtv.providers.base import Housed, Reached
from mtv.providers.workers import Workers
from mtv.settings import settings
from mtv.store.store import Store
from mtv.verbs.opening import Place, either, opened, place

NAMED = 10
NAME = "mtv-check"
SMALL_BYTES = 1 << 20  # of a disk that is not made: its worker's scratch space is sized by it


def check_from(word: str, target_word: str) -> Sequence[Finding]:
    """Raises Refused `check.no-addresses`, `check.no-workers`."""
    with Store(settings().store) as store:
        found, target_place = place(store, word), place(store, target_word)
    addresses = asyncio.run(_addresses(found))
    ended = asyncio.run(_asked(target_place, addresses))
    return list(_findings(ended, addresses, target_place.name))


async def _addresses(found: Place) -> Sequence[str]:
    async with opened(either(found), found) as source:
        if not isinstance(source, Reached):
            text = f"'{found.name}' is not read over a network"
            raise Refused("check.no-addresses", text, "leave out --from")
        return await source.addresses()


async def _asked(found: Place, addresses: Sequence[str]) -> Ended:
    run = f"check-{os.urandom(4).hex()}"
    async with opened("targets", found) as target:
        has_workers = isinstance(target, Workers)
        if not has_workers:
            text = f"'{found.name}' has no workers of its own: they run on this machine"
            raise Refused("check.no-workers", text, "leave out --from")
        if isinstance(target, Housed):
            target.house("", run)
        spec = VolumeSpec(run=run, vm=NAME, machine=NAME, disk="none", index=0, size_bytes=SMALL_BYTES)
        try:
            return await _worked(target, run, await target.scratch(run, NAME, [spec]), list[Json](addresses))
        except MtvError as error:
            return Ended(outcome="permanent", fault=error.fault)
        finally:
            await target.tidy(run, NAME)


async def _worked(target: Any, run: str, scratch: str, addresses: list[Json]) -> Ended:
    task = Task(
        run=run, vm=NAME, name=NAME, step="reach", attempt=1, epoch=1, op="reach", disks=(),
        guest={"addresses": addresses}, scratch=scratch,
    )  # fmt: skip
    await target.start(task, {})
    worker = worker_name(run, NAME, "reach", 1)
    try:
        async for _ in target.events(worker):
            pass
    finally:
        ended: Ended = await target.stop(worker)
    return ended


def _findings(ended: Ended, addresses: Sequence[str], where: str) -> Iterator[Finding]:
    refused = ended.facts.get("refused")
    if ended.outcome != "done" or not isinstance(refused, Mapping):
        text, hint = (ended.fault.text, ended.fault.hint) if ended.fault else ("it said nothing", "")
        yield Finding(name="worker", ok=False, text=f"no worker runs in '{where}': {text}", fix=hint)
        return
    yield Finding(name="worker", ok=True, text=f"a worker ran in '{where}': its image is pulled, its Pod is let in")
    bad = [f"{address}: {why}" for address, why in refused.items()]
    if bad:
        more = f" and {len(bad) - NAMED} more" if len(bad) > NAMED else ""
        told = f"of {len(addresses)} addresses these do not answer it: {', '.join(bad[:NAMED])}{more}"
        yield Finding(
            name="network", ok=False, text=told,
            fix="let the nodes, or the network that MTV_WORKER_NETWORK names, reach them",
        )  # fmt: skip
    else:
        yield Finding(name="network", ok=True, text=f"all answer it: {', '.join(addresses[:NAMED])}")
