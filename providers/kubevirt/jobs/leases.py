"""A VM's lease: who may write its disks. The engine gives it to one worker after the other, which renews it; what the
engine wants of the worker stands in its annotations. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mtv.model.estate import Json
from mtv.providers.kubevirt.fields import Object, mapping, pairs, text, whole
from mtv.providers.kubevirt.jobs.places import CONTROL, EPOCH, POD

Change = Callable[[Object], Object]
DURATION_S = 30
CONTROL_LIMIT_BYTES = 64 << 10
KILL_S = 3.0  # before the end of its time a worker ends all that writes: a kill takes its time, and so does the disk


@dataclass(frozen=True, kw_only=True)
class Lease:
    """As it is in the cluster by now. `holder` "" is nobody."""

    holder: str = ""
    epoch: int = 0
    pod: str = ""
    duration_s: int = DURATION_S
    renewed: str = ""
    control: Mapping[str, Json] = field(default_factory=dict)


def read(found: Object) -> Lease:
    notes = pairs(found, "metadata", "annotations")
    epoch = notes.get(EPOCH, "")
    return Lease(
        holder=text(found, "spec", "holderIdentity"),
        epoch=int(epoch) if epoch.isdecimal() and len(epoch) < 19 else 0,
        pod=notes.get(POD, ""),
        duration_s=whole(found, "spec", "leaseDurationSeconds") or DURATION_S,
        renewed=text(found, "spec", "renewTime"),
        control=_control(notes.get(CONTROL, "")),
    )


def _control(said: str) -> Mapping[str, Json]:
    if len(said) > CONTROL_LIMIT_BYTES:
        return {}
    try:
        found = json.loads(said or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def moment() -> str:
    """Kubernetes' MicroTime."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def made(name: str, labels: Mapping[str, str], notes: Mapping[str, str], given: Lease) -> Object:
    """A VM's first: the object to create."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "labels": dict(labels), "annotations": {**notes, **_notes(given)}},
        "spec": {
            "holderIdentity": given.holder, "leaseDurationSeconds": given.duration_s, "acquireTime": moment(),
            "leaseTransitions": 0,
        },
    }  # fmt: skip


def handed(found: Object, to: Lease) -> Object:
    """The same object for the next worker: whoever had it loses it by this."""
    metadata, spec = mapping(found, "metadata"), mapping(found, "spec")
    turns = (whole(spec, "leaseTransitions") or 0) + 1
    kept = {key: one for key, one in spec.items() if key != "renewTime"}
    notes = {**pairs(metadata, "annotations"), **_notes(to)}
    return {
        **found,
        "metadata": {**metadata, "annotations": notes},
        "spec": {
            **kept, "holderIdentity": to.holder, "leaseDurationSeconds": to.duration_s, "acquireTime": moment(),
            "leaseTransitions": turns,
        },
    }  # fmt: skip


def _notes(given: Lease) -> dict[str, str]:
    return {EPOCH: str(given.epoch), POD: "", CONTROL: json.dumps(dict(given.control))}


def wanting(control: Mapping[str, Json]) -> Object:
    """A merge patch: what the engine wants by now, replaced whole."""
    return {"metadata": {"annotations": {CONTROL: json.dumps(dict(control))}}}


def renewed(found: Object, pod: str) -> Object:
    """The worker's own: it lives."""
    metadata = mapping(found, "metadata")
    notes = {**pairs(metadata, "annotations"), POD: pod}
    spec = {**mapping(found, "spec"), "renewTime": moment()}
    return {**found, "metadata": {**metadata, "annotations": notes}, "spec": spec}


def released(found: Object) -> Object:
    """Nobody's: nothing of the worker can write any more."""
    return {**found, "spec": {**mapping(found, "spec"), "holderIdentity": ""}}
