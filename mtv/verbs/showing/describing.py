"""`mtv describe`: all that is known of one VM or plan, as text for people."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mtv.converters import manifests
from mtv.errors import Refused
from mtv.formats import kubeyaml
from mtv.model.estate import VM, Concern, Facts, Json, Level
from mtv.model.plans import VmPlan
from mtv.model.reading import Route
from mtv.plans.concerns import guest_of, of_plan
from mtv.settings import settings
from mtv.store import inventory, records
from mtv.store import runs as stored
from mtv.store.store import Store
from mtv.verbs.opening import place
from mtv.verbs.plans import resolved
from mtv.verbs.routing import routing
from mtv.verbs.showing import portrait
from mtv.words import count, plain, size


def vm(name: str, plan_file: str | None) -> str:
    """Raises Refused `vm.unknown`, `vm.ambiguous`."""
    with Store(settings().store) as store:
        if plan_file is None:
            one = _find(store, name)
            told = routing(store, place(store, one.source))(one, "auto")
            return "\n".join([*_vm(one, inventory.inspection(store, one)), *_routes(told)]) + "\n"
        made = resolved(store, Path(plan_file))
        plan = made.plan
        part = next((one for one in plan.vms if name in (one.vm.name, f"{one.vm.name}@{one.vm.id}")), None)
        if part is None:
            raise Refused("vm.unknown", f"plan '{plan.name}' has no VM '{name}'", f"mtv describe plan {plan_file}")
        found = inventory.inspection(store, part.vm)
        told = routing(store, made.source)(part.vm, plan.read)
    return "\n".join([*_vm(part.vm, found), *_routes(told), *_to_be(part, found)]) + "\n"


def plan(file: str, brief: bool = False) -> str:
    """What a plan would do, VM by VM; or one that was run, by its name or its run's, if there is no such file.
    `brief` counts what is only worth knowing."""
    with Store(settings().store) as store:
        run = "" if Path(file).exists() else _last_run(store, file)
        made = stored.plan_of(store, run) if run else resolved(store, Path(file)).plan
        parts = [(one, inventory.inspection(store, one.vm)) for one in made.vms]
    ends = f"{made.source} to {made.target}, {count(len(made.vms), 'VM')}, on failure {made.on_failure}"
    lines = [f"plan {made.name}{f' as {run} has it' if run else ''}: {ends}"]
    for one, found in parts:
        total = size(sum(disk.size_bytes for disk in one.vm.disks))
        disks = count(len(one.vm.disks), "disk")
        lines += ["", f"{plain(one.vm.name)} as {one.machine}: {one.journey}, {disks} of {total}"]
        lines += [f"  disk {choice.disk} to {choice.to}" for choice in one.disks]
        lines += [f"  NIC {choice.nic} to {choice.to}" for choice in one.nics]
        lines += [f"  {line}" for line in (_brief if brief else _concerns)(of_plan(one, found))]
    return "\n".join(lines) + "\n"


def _last_run(store: Store, name: str) -> str:
    """ "" where neither a plan nor a run is named so."""
    runs = store.read(records.read_runs)
    return next((one.name for one in reversed(runs) if name in (one.plan, one.name)), "")


def _find(store: Store, name: str) -> VM:
    from mtv.store import query, reading

    with_id = name.replace("'", "''")
    found = reading.connect(store.path)
    try:
        rows = query.select(
            found, "vms", f"'{with_id}' IN (name, name || '@' || id, source || '/' || id)", columns=("source", "id")
        )
    finally:
        found.close()
    if not rows:
        raise Refused("vm.unknown", f"no source has a VM '{plain(name)}'", "mtv refresh SOURCE, then: mtv get vms")
    if len(rows) > 1:
        ids = ", ".join(plain(f"{row['source']}/{row['id']}") for row in rows[:5])
        raise Refused("vm.ambiguous", f"{len(rows)} VMs are named '{plain(name)}'", f"write one of {ids}")
    return inventory.vm(store, str(rows[0]["source"]), str(rows[0]["id"]))


def _vm(one: VM, found: Facts | None) -> Iterator[str]:
    yield from portrait.lines(one)
    if one.concerns:
        yield from ("concerns:", *(f"  {line}" for line in _concerns(one.concerns)))
    yield from _guest(found)


def _guest(found: Facts | None) -> Iterator[str]:
    guest = guest_of(found)
    if guest is None or found is None:
        yield "guest: nobody has looked into it yet (mtv inspect)"
        return
    yield f"guest: {plain(guest.product or guest.family)}, host name {plain(guest.hostname or 'unknown')}"
    for interface in guest.network.interfaces:
        addresses = ", ".join(interface.addresses) or interface.method
        yield f"  {plain(interface.name)}: {plain(addresses)}"
    decided = found.get("conversion")
    if isinstance(decided, Mapping):
        yield f"conversion: {decided.get('mode')}"
        yield from (f"  {plain(str(reason))}" for reason in _list(decided.get("reasons")))
        yield from (f"  refused: {plain(str(one))}" for one in _list(decided.get("refusals")))
    network = found.get("network")
    diff = network.get("diff") if isinstance(network, Mapping) else ""
    yield "network: nothing changes" if not diff else "network, what changes:"
    yield from (f"  {plain(line)}" for line in str(diff or "").splitlines())


def _routes(told: Sequence[Route]) -> Iterator[str]:
    """In which ways its disks can be read when it is off."""
    if told:
        yield "reading its disks, once it is off:"
        yield from (f"  {one.name}: {plain(one.why)}" for one in told)


def _list(told: Json) -> list[Json]:
    return told if isinstance(told, list) else []


def _to_be(part: VmPlan, found: Facts | None) -> Iterator[str]:
    """Concerns under this plan, and the manifest as it would be made now."""
    yield from ("", "under this plan:", *_concerns(of_plan(part, found)))
    made = manifests.documents(part, guest_of(found), macs=manifests.macs_of(found))
    yield from ("", "manifest:", kubeyaml.dump(made).decode().rstrip())


def _brief(concerns: tuple[Concern, ...]) -> Iterator[str]:
    infos = sum(one.level is Level.INFO for one in concerns)
    yield from _concerns(tuple(one for one in concerns if one.level is not Level.INFO))
    if infos:
        yield f"{count(infos, 'thing')} worth knowing: mtv describe plan FILE"


def _concerns(concerns: tuple[Concern, ...]) -> Iterator[str]:
    """The worst first."""
    for one in sorted(concerns, key=lambda one: list(Level).index(one.level)):
        yield f"{one.level}: {plain(one.text)} ({one.id})" + (f"; {plain(one.hint)}" if one.hint else "")
