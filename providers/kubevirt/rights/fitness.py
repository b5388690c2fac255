"""Nodes that run VMs, and storage that can hold one: findings over what an inventory told."""

from collections.abc import Iterator, Sequence

from mtv.model.estate import Finding, Level
from mtv.model.infrastructure import Facility, Host
from mtv.model.values import Json
from mtv.providers.kubevirt.objects.nodes import KVM

NAMED = 5
PATCH = "kubectl patch storageprofile {} --type merge -p '{}'"
SETS = '{"spec": {"claimPropertySets": [{"accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem"}]}}'


def nodes(hosts: Sequence[Host], told: Sequence[Facility]) -> Iterator[Finding]:
    usable = {one.name for one in hosts if one.state == "connected" and not one.maintenance}
    ours = [one for one in told if one.facts.get("schedulable") is True and one.name in usable]
    if not ours:
        yield Finding(
            name="nodes", ok=False,
            text=f"none of {len(hosts)} nodes takes VMs: ready, schedulable, and told so by KubeVirt",
            fix="kubectl get nodes -l kubevirt.io/schedulable=true; kubectl get pods -A -l kubevirt.io=virt-handler",
        )  # fmt: skip
        return
    yield Finding(name="nodes", ok=True, text=f"{len(ours)} of {len(hosts)} nodes take VMs")
    if not (with_kvm := [one for one in ours if _count(one.facts.get("devices"), KVM)]):
        yield Finding(
            name="KVM", ok=False, level=Level.WARNING, text="no node has KVM: VMs are emulated, many times slower",
            fix="nodes need virtualization in their firmware, or nested virtualization",
        )  # fmt: skip
    elif len(with_kvm) < len(ours):
        yield Finding(name="KVM", ok=True, text=f"{len(with_kvm)} of {len(ours)} nodes for VMs have KVM")


def _count(devices: Json, name: str) -> int:
    found = devices.get(name) if isinstance(devices, dict) else None
    return found if isinstance(found, int) else 0


def storage(classes: Sequence[Facility], has_cdi: bool) -> Iterator[Finding]:
    """Whether a claim of a class is really made can be seen only by making one, and a check makes none."""
    usable = [one for one in classes if one.facts.get("sets")]
    useless = [one for one in classes if one.facts.get("profile") and not one.facts.get("sets")]
    if not classes:
        yield Finding(name="storage", ok=False, text="there is no storage class: no disk can be made",
                      fix="install a CSI driver, and make a StorageClass for it")  # fmt: skip
        return
    if usable:
        yield Finding(name="storage", ok=True, text=f"classes for disks: {_named(usable)}")
    elif has_cdi:
        yield Finding(name="storage", ok=False, text="no storage class has a mode that CDI knows it can be used in",
                      fix=PATCH.format(classes[0].name, SETS))  # fmt: skip
    else:
        yield Finding(name="storage", ok=True, level=Level.WARNING,
                      text=f"classes, of which without CDI no more is known: {_named(classes)}")  # fmt: skip
    for one in useless:
        text = f"class '{one.name}' has no claim property sets: a DataVolume of it waits for ever"
        yield Finding(
            name=f"class {one.name}", ok=False, text=text, fix=PATCH.format(one.name, SETS), level=Level.WARNING
        )
    yield from _defaults(classes)
    if usable and not any(_moves(one) for one in usable):
        yield Finding(
            name="live migration", ok=False, level=Level.WARNING,
            text="no class gives ReadWriteMany: VMs on them cannot move between nodes while they run",
            fix="a class with ReadWriteMany and Block is best",
        )  # fmt: skip


def _defaults(classes: Sequence[Facility]) -> Iterator[Finding]:
    marks = [one for one in classes if one.facts.get("default_for_vms")]
    ours = marks or [one for one in classes if one.facts.get("default")]
    if len(ours) == 1:
        yield Finding(name="default class", ok=True, text=f"what names no class goes to '{ours[0].name}'")
    elif len(ours) > 1:
        yield Finding(name="default class", ok=False, level=Level.WARNING, fix="take the mark off all but one",
                      text=f"several classes are the default: {_named(ours)}")  # fmt: skip


def _moves(one: Facility) -> bool:
    sets = one.facts.get("sets")
    rows = [each for each in sets if isinstance(each, dict)] if isinstance(sets, list) else []
    return any("ReadWriteMany" in (access if isinstance(access := each.get("access"), list) else ()) for each in rows)


def _named(some: Sequence[Facility]) -> str:
    more = f" and {len(some) - NAMED} more" if len(some) > NAMED else ""
    return ", ".join(one.name for one in some[:NAMED]) + more
