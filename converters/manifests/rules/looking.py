"""Documents against all rules: what the cluster would refuse, or take and then break, without asking it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mtv.converters.manifests.rules import identity, structure
from mtv.converters.manifests.rules.machine import (
    cpu,
    credentials,
    devices,
    disks,
    firmware,
    memory,
    nics,
    placement,
    running,
    volumes,
)  # fmt: skip
from mtv.converters.manifests.rules.machine.instance import Instance
from mtv.converters.manifests.rules.rule import Complaint, Level
from mtv.converters.manifests.rules.storage import claims, datavolume
from mtv.converters.manifests.rules.target import Target, Versions, objects_of
from mtv.converters.manifests.rules.view import View
from mtv.model.estate import Json

MACHINE = (disks, volumes, nics, cpu, memory, firmware, devices, placement, credentials)
_REFUSED_AT_START = {"memory.none", "device.watchdog", "device.video", "hyperv.needs", "hyperv.passthrough",
                     "machine.architecture", "volume.utility"}  # fmt: skip
_NONE = Target()


@dataclass(frozen=True)
class Finding:
    """A complaint about one document of several."""

    number: int  # of the document, from 0
    kind: str
    name: str
    complaint: Complaint


def check(
    documents: Sequence[Mapping[str, Json]], target: Target = _NONE, versions: Versions | None = None
) -> list[Finding]:
    """What is wrong with each, the worst first; [] is sound. Never raises, whatever the documents hold. Instance types,
    preferences and claims among the documents count as being there."""
    known = replace(target, objects={**_helpful(documents), **target.objects})
    return [one for number, document in enumerate(documents) for one in _look(number, document, known, versions)]


def _helpful(documents: Iterable[Mapping[str, Json]]) -> dict[tuple[str, str, str], Mapping[str, Json]]:
    """A manifest's own claim beside its DataVolume is a conflict, whichever comes first."""
    found = objects_of(documents)
    kinds = ("Instancetype", "Preference", "PersistentVolumeClaim")
    return {key: document for key, document in found.items() if key[0].endswith(kinds)}


def _look(number: int, document: Mapping[str, Json], target: Target, versions: Versions | None) -> Iterator[Finding]:
    view = View(dict(document))
    asked = versions or Versions()
    found = (one for one in _complaints(view, target, asked) if one.rule.applies(asked.of(one.rule.of)))
    kind, name = view.text("kind"), view.text("metadata", "name") or view.text("metadata", "generateName")
    order = list(Level)
    for one in sorted(found, key=lambda one: order.index(one.level)):
        yield Finding(number, kind, name, one)


def _complaints(document: View, target: Target, versions: Versions) -> Iterator[Complaint]:
    yield from structure.check(document)
    if not structure.is_judged(document):
        return
    yield from identity.check(document)
    kind = document.text("kind")
    if kind == "VirtualMachine":
        yield from _machine(document, target, versions)
    elif kind == "VirtualMachineInstance":
        yield from _instance(document, target, versions)
    elif kind == "DataVolume":
        yield from datavolume.check(document, target)
    elif kind in _OTHERS:
        yield from _OTHERS[kind](document)


_OTHERS = {
    "PersistentVolumeClaim": claims.claim,
    "VirtualMachineSnapshot": claims.snapshot,
    "NetworkAttachmentDefinition": claims.attachment,
}


def _machine(document: View, target: Target, versions: Versions) -> Iterator[Complaint]:
    template = document.at("spec", "template")
    sized = document.has("spec", "instancetype")
    machine = Instance(template.at("spec"), template.at("metadata"), target, versions, sized)
    yield from running.check(document, machine)
    for part in MACHINE:
        yield from part.check(machine)


def _instance(document: View, target: Target, versions: Versions) -> Iterator[Complaint]:
    """An instance by itself is refused at once, where a VirtualMachine would be taken and its instance refused."""
    machine = Instance(document.at("spec"), document.at("metadata"), target, versions)
    for part in MACHINE:
        for one in part.check(machine):
            harder = one.rule.id in _REFUSED_AT_START
            yield replace(one, rule=replace(one.rule, level=Level.REFUSED)) if harder else one
