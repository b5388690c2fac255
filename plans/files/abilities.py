"""What a plan asks of its two ends that they cannot do: refused with its place, never ignored. Defaults ask nothing."""

from collections.abc import Iterator

from mtv.plans.files.document import Path
from mtv.plans.files.machine import MachinePart
from mtv.plans.files.schema import PlanFile
from mtv.providers.base import Capabilities

Unfit = tuple[Path, str, str]  # where, what is wrong, what to write


def unfit(file: PlanFile, source: Capabilities, target: Capabilities) -> Iterator[Unfit]:
    yield from _of_source(file, source)
    yield from _of_target(file, target)
    if not target.starts:
        yield from _of_starting(file, source)
    if target.storage:
        yield from _of_files(file, target)
    yield from _of_snapshots(file, target)


def _of_source(file: PlanFile, source: Capabilities) -> Iterator[Unfit]:
    asked = file.model_fields_set
    if file.journey == "warm" and not source.tracks and not source.power:
        text = f"'{file.source}' cannot be moved warm: nothing runs there"
        yield ("journey",), text, "journey: cold"
    elif file.journey == "warm" and source.cold_only:
        text = f"'{file.source}' cannot be moved warm yet: what changes while a VM runs there is not followed"
        yield ("journey",), text, "journey: cold"
    if "precopy" in asked and file.journey == "cold":
        yield ("precopy",), "a cold journey copies once: 'precopy' is for 'journey: warm'", "remove 'precopy'"
    if file.read not in ("auto", *source.ways):
        ways = f"write auto, {', '.join(source.ways)}" if source.ways else "remove 'read'"
        yield ("read",), f"'{file.source}' has no way to read disks that is called '{file.read}'", ways
    if "power_off" in asked and not source.power:
        yield ("power_off",), f"'{file.source}' has nothing to power off", "remove 'power_off'"


def _of_target(file: PlanFile, target: Capabilities) -> Iterator[Unfit]:
    if file.worker == "local" and target.workers:
        text = f"'{file.target}' has workers of its own, and no other reaches its disks"
        yield ("worker",), text, "write 'worker: auto', or remove it"
    if file.worker == "job" and not target.workers:
        yield ("worker",), f"'{file.target}' has no Jobs: processes of this machine do its work", "remove 'worker'"
    if file.namespace and not target.namespaced:
        yield ("namespace",), f"'{file.target}' has no namespaces", "remove 'namespace'"
    for place, row in enumerate(file.networks):
        if target.plain and row.make:
            yield ("networks", place, "make"), f"'{file.target}' makes no networks", "remove 'make'"
    if target.plain and file.machine != MachinePart():
        yield ("machine",), f"'{file.target}' keeps VMs without manifests: it cannot do 'machine'", "remove 'machine'"
    for place, over in enumerate(file.overrides):
        if target.plain and over.machine != MachinePart():
            path = ("overrides", place, "machine")
            yield path, f"'{file.target}' keeps VMs without manifests: it cannot do 'machine'", "remove 'machine'"


def _of_starting(file: PlanFile, source: Capabilities) -> Iterator[Unfit]:
    """A target that keeps VMs and runs none."""
    keeps = f"'{file.target}' keeps VMs and starts none"
    as_source = "start" in file.model_fields_set and file.start == "as_source" and source.power
    if file.start == "always" or as_source:
        yield ("start",), f"{keeps}: it cannot do 'start: {file.start}'", "write 'start: never', or remove it"
    if "probation_h" in file.model_fields_set and file.probation_h:
        yield ("probation_h",), f"{keeps}: there is no probation", "remove 'probation_h'"


def _of_files(file: PlanFile, target: Capabilities) -> Iterator[Unfit]:
    """A target whose storage is a format of files."""
    for place, network in enumerate(file.networks):
        if network.make:
            text = f"'{file.target}' holds files: it makes no networks"
            yield ("networks", place, "make"), text, "remove 'make'"
    for place, row in enumerate(file.storage):
        for key, value in (("access", row.access), ("volume", row.volume)):
            if value:
                text = f"'{file.target}' holds files: it cannot do '{key}: {value}'"
                yield ("storage", place, key), text, f"remove '{key}'"


def _of_snapshots(file: PlanFile, target: Capabilities) -> Iterator[Unfit]:
    """Asked of a target that takes none, or of VMs that the plan never starts."""
    asked: list[tuple[Path, MachinePart]] = [(("machine",), file.machine)]
    asked += [(("overrides", place, "machine"), over.machine) for place, over in enumerate(file.overrides)]
    for path, part in asked:
        if part.snapshot == "none" or target.plain:
            continue
        if not target.snapshots:
            text = f"'{file.target}' takes no snapshots of VMs: it cannot do 'snapshot: {part.snapshot}'"
            yield (*path, "snapshot"), text, "remove 'snapshot'"
        elif file.start == "never":
            text = "with 'start: never' no VM boots: there is no first boot that 'snapshot' could wait for"
            yield (*path, "snapshot"), text, "remove 'snapshot', or write 'start: as_source'"
