"""Verbs about plan files: create, lint, and the reading that `run` begins with."""

import asyncio
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mtv import providers
from mtv.converters.manifests import machine_name
from mtv.errors import Refused
from mtv.model.estate import VM
from mtv.model.infrastructure import Cluster, Host, Rule, Switch
from mtv.model.plans import Plan, VmPlan
from mtv.plans.files import document, problems, resolve, write
from mtv.plans.files.document import Document
from mtv.plans.files.problems import Problem
from mtv.plans.files.schema import PlanFile
from mtv.plans.maps.near import surroundings
from mtv.providers.base import Capabilities, capabilities
from mtv.settings import settings
from mtv.store import inventory, query, reading
from mtv.store.store import Store
from mtv.verbs.ends import read_inventory
from mtv.verbs.opening import Place, lasting, place, require_points, require_reach, require_volumes
from mtv.verbs.routing import routing


@dataclass(frozen=True)
class Resolved:
    """A plan with its ends looked up."""

    plan: Plan
    source: Place
    target: Place


def create(file: Path, source: str, target: str, where: str, select: bool) -> list[VM]:
    """Write a plan for the VMs that `where` finds; gives them. Raises Refused `plan.no-vms`, `plan.unwritable`."""
    with Store(settings().store) as store:
        found = place(store, source)
        vms = chosen(store, found, where)
        can = can_do("targets", place(store, target))
    if not vms:
        raise Refused("plan.no-vms", f"'{source}' has no VM{' that fits' if where else ''}", "look: mtv get vms")
    text = write.write(_plan_name(file), source, target, vms, where if select else "", can)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        why = (error.strerror or "cannot be written").lower()
        raise Refused("plan.unwritable", f"{file}: {why}", "name another file") from error
    return vms


def twins(vms: Sequence[VM]) -> list[tuple[str, str]]:
    """Of a plan as `create` writes it: two of its VMs, and the one name that they would both have at the target."""
    return resolve.twins([(vm, machine_name(vm.name.lower())) for vm in vms])


def lint(file: Path) -> Sequence[Problem]:
    """Everything that is wrong with the file, in its order. Raises Refused where it cannot be read at all."""
    parsed = load(file)
    plan, found = problems.read(parsed)
    if plan is None:
        return found
    with Store(settings().store) as store:
        return _resolve(store, plan, parsed)[1]


def resolved(store: Store, file: Path) -> Resolved:
    """The plan with all that it names. Raises Refused `plan.invalid` with all that is wrong."""
    parsed = load(file)
    plan, found = problems.read(parsed)
    if plan is None:
        raise problems.refuse(found)
    made, wrong = _resolve(store, plan, parsed)
    if made is None:
        raise problems.refuse(wrong)
    return made


def runnable(store: Store, file: Path) -> Resolved:
    """The same, of a source whose disks can be read by who writes them, to a target that holds disks. Raises Refused
    `provider.no-points`, `provider.no-volumes`, `provider.out-of-reach`, too."""
    made = resolved(store, file)
    require_points(made.source)
    require_volumes(made.target)
    require_reach(made.source, made.target)
    return made


def load(file: Path) -> Document:
    """Raises Refused `plan.missing`, `plan.yaml`."""
    try:
        return document.parse(_text(file), str(file))
    except OSError as error:
        raise Refused("plan.missing", f"{file}: {(error.strerror or 'cannot be read').lower()}",
                      f"mtv create plan {file} --from SOURCE --to TARGET") from error  # fmt: skip
    except UnicodeDecodeError as error:
        raise Refused("plan.yaml", f"{file} is no UTF-8 text: byte {error.start}") from error


def _text(file: Path) -> str:
    """Of a file, or of a pipe that a shell has open for us; a pipe of somebody's folder may never be written to."""
    how = os.O_RDONLY | (0 if file.is_relative_to("/dev") or file.is_relative_to("/proc") else os.O_NONBLOCK)
    with open(file, "rb", opener=lambda path, _: os.open(path, how)) as stream:
        if how & os.O_NONBLOCK and not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise Refused("plan.missing", f"{file} is no file", "name a plan")
        return stream.read(document.SIZE_LIMIT_BYTES + 1).decode()


def _resolve(store: Store, file: PlanFile, parsed: Document) -> tuple[Resolved | None, list[Problem]]:
    key = "source"
    try:
        source = place(store, file.source)
        can_source, estate = can_do("sources", source), chosen(store, source, "")
        key = "target"
        target = place(store, file.target)
        around = [one for kind in (Host, Cluster, Rule) for one in inventory.parts(store, source.name, kind)]
        can = resolve.Ends(
            can_source, can_do("targets", target), machine_name, routing(store, source), surroundings(around),
            inventory.networks(store, source.name), inventory.parts(store, source.name, Switch),
        )  # fmt: skip
        key = "select"
        found = chosen(store, source, file.select) if file.select else []
    except Refused as error:
        return None, [Problem(parsed.where((key,)), error.fault.text, error.fault.hint)]
    plan, wrong = resolve.resolve(file, parsed, estate, found, can)
    if plan is None:
        return None, wrong
    vms = tuple(_with_lasting_keys(part) for part in plan.vms)
    return Resolved(replace(plan, source=source.name, target=target.name, vms=vms), source, target), []


def _with_lasting_keys(part: VmPlan) -> VmPlan:
    keys = tuple(replace(key, secret=lasting(key.secret)) for key in part.guest.keys)
    return replace(part, guest=replace(part.guest, keys=keys))


def chosen(store: Store, source: Place, where: str) -> list[VM]:
    """VMs of a source that the expression holds for; all where there is none. A source that is a URL is read now,
    one with a name as it was refreshed last."""
    known = inventory.revision(store, source.name)
    if known is None or ":" in source.name:
        asyncio.run(read_inventory(store, source, lambda number, what: None))
    vms = inventory.vms(store, source.name)
    if not where:
        return vms
    name = source.name.replace("'", "''")
    found = reading.connect(store.path)
    try:
        query.check("vms", where)
        rows = query.select(found, "vms", f"({where}\n) AND source = '{name}'", columns=("id",))
    finally:
        found.close()
    ids = {row["id"] for row in rows}
    return [vm for vm in vms if vm.id in ids]


def can_do(end: str, found: Place) -> Capabilities:
    """What the provider behind it implements; `end` is "sources" or "targets"."""
    kind = providers.load(end, found.kind)
    if getattr(kind, "logs_in", False):
        return capabilities(kind)  # what it can do does not depend on where it is; a plan is read without a login
    return capabilities(kind(found.name, found.address, {}))


def _plan_name(file: Path) -> str:
    """The file's name as a plan may be named."""
    letters = "".join(one if one.isascii() and one.isalnum() else "-" for one in file.stem.lower())
    return letters.strip("-")[:60].strip("-") or "plan"
