"""Objects as a cluster has them in trouble, with the words that were seen: what a small cluster cannot be made to do in
seconds."""

from typing import Any

from mtv.providers.kubevirt.causes.scene import Near, Scene
from tests.kube.api import Object
from tests.kube.fakes.kubevirt import vms

HASH = "0123456789"
MINE = {"mtv/vm": HASH}


def meta(name: str, **more: object) -> Object:
    return {"name": name, "namespace": "finance", "uid": f"uid-{name}", **more}


def event(kind: str, name: str, reason: str, text: str) -> Object:
    return {"involvedObject": {"kind": kind, "name": name}, "type": "Warning", "reason": reason, "message": text}


def pod(name: str = "worker", phase: str = "Pending", **status: object) -> Object:
    return {"metadata": meta(name, labels=MINE), "spec": {"nodeName": "n1"}, "status": {"phase": phase, **status}}


def container(**state: object) -> Object:
    return {"containerStatuses": [{"name": "main", "state": state}]}


def on_pod(reason: str, text: str) -> Object:
    """A Near's parts: a Pod that waits, and what is said of it."""
    return {"pods": [pod()], "events": [event("Pod", "worker", reason, text)]}


def claim(name: str, phase: str = "Pending", **spec: object) -> Object:
    return {"metadata": meta(name, labels=MINE), "spec": spec, "status": {"phase": phase}}


def running(*conditions: Object, **status: object) -> Object:
    return {
        "metadata": meta("db01"),
        "spec": {},
        "status": {"phase": "Running", "conditions": list(conditions), **status},
    }


def machine(claim_: str = "", status: str = "Stopped", **more: object) -> Object:
    made = vms.vm("db01", claim=claim_ or None)
    return {**made, "metadata": meta("db01"), "status": {"printableStatus": status, **more}}


def node(name: str = "n1", ready: str = "True", **labels: str) -> Object:
    condition = {"type": "Ready", "status": ready, "message": "Kubelet stopped posting node status."}
    return {"metadata": {"name": name, "labels": labels}, "status": {"conditions": [condition]}}


def scene(**parts: Any) -> Scene:
    return Scene(Near(**parts), "db01", HASH)
