"""Finished documents into the cluster: the VM halted, and what stands beside it. What is not ours is not touched."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mtv.errors import MtvError
from mtv.model.estate import Json
from mtv.model.volumes import Machine
from mtv.providers.kubevirt.fields import Object, mapping, pairs, text
from mtv.providers.kubevirt.labels import Owner, foreign
from mtv.providers.kubevirt.machines import papers
from mtv.providers.kubevirt.machines.home import Home
from mtv.providers.kubevirt.machines.kinds import INSTANCE, MACHINE, is_claim, kind_of
from mtv.providers.kubevirt.machines.states import is_made, machine_of, strategy
from mtv.providers.kubevirt.wire.answers import Status

LOG = logging.getLogger(__name__)
NAME = "app.kubernetes.io/name"
ROLE = "machine"
Document = Mapping[str, Json]


def create(home: Home, name: str, documents: Sequence[Document], extras: Mapping[str, bytes]) -> Machine:
    """The VM last: where it is, all of it is. Safe to repeat; one that does not lie halted any more stays as it is.
    Raises CheckFailed `kubevirt.foreign`."""
    found = [one for one in documents if not is_claim(one)]
    machines = [one for one in found if kind_of(one) is MACHINE]
    if [text(one, "metadata", "name") for one in machines] != [name]:
        raise MtvError("kubevirt.documents", f"{name}: its documents are not those of one VM of that name")
    owner = home.owner(machines[0])
    beside = [*(one for one in found if one is not machines[0]), *papers.documents(name, extras)]
    warnings: list[str] = []
    with home.api.said(f"making VM {home.namespace}/{name}"):
        there = [_there(home, owner, one) for one in (*beside, machines[0])]
        made: Object = {}
        for one, was in zip((*beside, machines[0]), there, strict=True):
            made = _put(home, owner, name, one, was)
            warnings += home.api.warned()
    for text_ in warnings:
        LOG.warning("%s: the cluster warns: %s", name, text_)
    return replace(machine_of(made, _instance(home, name, made)), warnings=tuple(dict.fromkeys(warnings)))


def _there(home: Home, owner: Owner, document: Document) -> Object | None:
    """What has its name; looked at before anything is made."""
    kind = kind_of(document)
    there = home.look(kind, text(document, "metadata", "name"))
    return owner.check(there, kind.name) if there is not None else None


def _put(home: Home, owner: Owner, machine: str, document: Document, there: Object | None) -> Object:
    """The object as it is then."""
    kind, name = kind_of(document), text(document, "metadata", "name")
    if there is not None and kind is MACHINE and (strategy(there) != "Halted" or is_made(there)):
        return there
    try:
        asked = _owned(home, owner, machine, document, there)
        return home.api.apply(kind.path(home.namespace, name), asked, force=there is not None)
    except Status as status:
        meanwhile = home.look(kind, name) if status.code == 409 and there is None else None
        if meanwhile is not None:
            raise foreign(meanwhile, kind.name) from status
        raise


def _owned(home: Home, owner: Owner, machine: str, document: Document, there: Object | None) -> Object:
    """With our labels; meant for the very object that was looked at, where there is one."""
    metadata = mapping(document, "metadata")
    labels = {**pairs(metadata, "labels"), **owner.labels(ROLE), NAME: machine}
    notes = {**pairs(metadata, "annotations"), **owner.annotations()}
    uid = {"uid": text(there, "metadata", "uid")} if there is not None else {}
    return {
        **document,
        "metadata": {**metadata, "namespace": home.namespace, "labels": labels, "annotations": notes, **uid},
    }


def state(home: Home, name: str) -> Machine:
    """Whoever's it is."""
    with home.api.said(f"looking at VM {home.namespace}/{name}"):
        vm = home.look(MACHINE, name)
        if vm is None:
            return Machine(name=name, state="absent")
        return machine_of(vm, _instance(home, name, vm))


def _instance(home: Home, name: str, vm: Object) -> Object | None:
    """Asked for only where there should be one."""
    return home.look(INSTANCE, name) if is_made(vm) or strategy(vm) != "Halted" else None
