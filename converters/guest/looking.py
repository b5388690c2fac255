"""Looking into a guest and making its network's changes, in one session over overlays: what inspection does with the
source, and conversion with the copy where the source could not be seen."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mtv import codec
from mtv.converters import network
from mtv.converters.guest.appliance.handle import Handle
from mtv.converters.guest.appliance.session import ApplianceFiles, session
from mtv.converters.guest.appliance.writing import can_rebuild, rebuild_initramfs, write
from mtv.converters.guest.decide import Decision, decide
from mtv.converters.guest.refusals import Surroundings
from mtv.converters.guest.survey.surveying import survey
from mtv.converters.network import NetworkPlan
from mtv.converters.worker.job import Job
from mtv.errors import CheckFailed
from mtv.model.estate import VM, Facts, Json, Level
from mtv.model.guest import GuestFacts
from mtv.model.plans import GuestChoice, NicChoice
from mtv.model.tasks import GUEST_KEY_FILE
from mtv.toolsroot import virtio_win

FACTS_LIMIT_BYTES = 12 << 10  # an event has 16 KiB; the whole is in the scratch folder
DIFF_LIMIT = 5000


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a task asks for."""

    vm: VM
    choice: GuestChoice
    nics: tuple[NicChoice, ...]
    keys: Mapping[str, Path]
    accept: frozenset[str] = frozenset()  # ids of critical concerns that the plan lives with

    @property
    def blank(self) -> set[str]:
        return {disk.key for disk in self.vm.disks if disk.blank}


@dataclass(frozen=True, kw_only=True)
class Looked:
    guest: GuestFacts
    decision: Decision
    plan: NetworkPlan


def wanted(job: Job) -> Wanted:
    """Raises Refused for a task that does not say it."""
    guest = job.task.guest
    choice = codec.load(GuestChoice, guest.get("choice") or {}, "guest.choice")
    nics, accept = guest.get("nics"), guest.get("accept")
    files = {key.device: job.folder / "secrets" / GUEST_KEY_FILE.format(n) for n, key in enumerate(choice.keys)}
    return Wanted(
        vm=codec.load(VM, guest.get("vm"), "guest.vm"),
        choice=choice,
        nics=tuple(codec.load(NicChoice, nic, "guest.nics") for nic in (nics if isinstance(nics, list) else [])),
        keys={device: file for device, file in files.items() if file.is_file()},
        accept=frozenset(map(str, accept)) if isinstance(accept, list) else frozenset(),
    )


def look(overlays: Sequence[Path], what: Wanted, scratch: Path) -> Looked:
    """Facts and decision; where nothing stands against it, the network's files are in the overlays afterwards."""
    with session(overlays) as handle:
        guest = survey(handle, what.keys)
        plan = _plan(handle, guest, what)
        decision = _decide(guest, plan, what, scratch)
        if plan.changes and decision.mode != "none" and not decision.refusals:
            write(handle, plan.changes)
            if plan.rebuild_initramfs and decision.mode == "network" and can_rebuild(guest):
                rebuild_initramfs(handle)
    return Looked(guest=guest, decision=decision, plan=plan)


def refuse(looked: Looked, what: Wanted) -> None:
    """Raises CheckFailed for what stands against converting that guest: a refusal, or a critical concern that the plan
    does not accept."""
    for fault in looked.decision.refusals:
        raise CheckFailed(fault.code, fault.text, fault.hint)
    for concern in (*looked.plan.concerns, *looked.decision.concerns):
        if concern.level is Level.CRITICAL and concern.id not in what.accept:
            text = f"VM '{what.vm.name}': {concern.text} ({concern.id})"
            raise CheckFailed("check.concern", text, f"{concern.hint}, or accept {concern.id} in the plan")


def _plan(handle: Handle, guest: GuestFacts, what: Wanted) -> NetworkPlan:
    if guest.roots != 1 or guest.family != "linux":
        return NetworkPlan()
    return network.plan(guest.network, guest, what.vm, what.nics, what.choice, ApplianceFiles(handle))


def _decide(guest: GuestFacts, plan: NetworkPlan, what: Wanted, scratch: Path) -> Decision:
    around = Surroundings(
        network_changes=bool(plan.changes),
        rebuilds=not plan.rebuild_initramfs or can_rebuild(guest),
        virtio_win=virtio_win().exists(),
        scratch_free_bytes=shutil.disk_usage(scratch).free,
    )
    return decide(guest, what.vm, what.choice, around)


def told(looked: Looked) -> dict[str, Json]:
    """All of it as facts."""
    decision, plan = looked.decision, looked.plan
    # What stops a VM comes first, so that nothing cuts it off.
    concerns = sorted([*plan.concerns, *decision.concerns], key=lambda one: one.level is not Level.CRITICAL)
    return {
        "guest": codec.dump(_paired(looked.guest, plan)),
        "conversion": {
            "mode": decision.mode,
            "reasons": list(decision.reasons),
            "refusals": [f"{fault.text}: {fault.hint}" for fault in decision.refusals],
            "codes": [fault.code for fault in decision.refusals],
        },
        "network": {
            "diff": network.diff(plan)[:DIFF_LIMIT],
            "files": [change.path for change in plan.changes],
            "names": dict(plan.names),
            "macs": dict(plan.macs),
        },
        "concerns": [codec.dump(concern) for concern in concerns],
    }


def _paired(guest: GuestFacts, plan: NetworkPlan) -> GuestFacts:
    """With the MAC that each name will be found on: seldom do the guest's own files say it, and `mtv boot` asks."""
    paired = {name: plan.macs[nic] for nic, name in plan.names.items() if nic in plan.macs}
    bound = {**guest.network.bound_macs, **paired}
    return replace(guest, network=replace(guest.network, bound_macs=bound))


def fitting(looked: Looked) -> dict[str, Json]:
    """The same, cut until it fits an event: of a guest with a hundred mounts the first are told."""
    for most in (32, 16, 8, 4, 2, 1):
        told_of_it = told(replace(looked, guest=_cut(looked.guest, most)))
        facts = {key: _clipped(value, most) for key, value in told_of_it.items()}
        if len(json.dumps(facts)) <= FACTS_LIMIT_BYTES:
            break
    return facts


def _clipped(value: Json, most: int) -> Json:
    """A stranger may have written a line of a megabyte, or ten thousand addresses for one card."""
    if isinstance(value, str):
        return value[: DIFF_LIMIT if most > 2 else 400 * most]
    if isinstance(value, list):
        return [_clipped(one, most) for one in value[: 8 * most]]
    if isinstance(value, dict):
        return {key[:250]: _clipped(one, most) for key, one in list(value.items())[: 32 + most]}
    return value


def _cut(guest: GuestFacts, most: int) -> GuestFacts:
    seen = guest.network
    return replace(
        guest,
        mounts=guest.mounts[:most],
        filesystems=guest.filesystems[:most],
        kernels=tuple(replace(kernel, modules=kernel.modules[:most]) for kernel in guest.kernels[:most]),
        device_names={file: names[:most] for file, names in list(guest.device_names.items())[:most]},
        faults=tuple(fault[:200] for fault in guest.faults[:most]),
        network=replace(seen, interfaces=seen.interfaces[:most], routes=seen.routes[:most]),
    )


def save(path: Path, facts: Facts) -> None:
    """Durable when it returns."""
    new = path.with_name(f"{path.name}.new")
    with new.open("w") as file:
        json.dump(facts, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
