"""What a namespace holds when a test of it failed: its Pods with their last words, events, and the node."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.kube.api import Answer, Object

if TYPE_CHECKING:
    from tests.kube.cluster import Namespace

LINES, EVENTS = 40, 60


def told(kube: "Namespace") -> str:
    """One part that cannot be had does not hide the others."""
    lines = []
    for part in (_pods, _events, _nodes):
        try:
            lines += list(part(kube))
        except (OSError, Answer) as error:
            lines.append(f"{part.__name__.strip('_')}: {error}")
    return "\n".join(lines)


def _pods(kube: "Namespace") -> Iterator[str]:
    for pod in kube.api.items("pods", kube.name):
        name, status = pod["metadata"]["name"], pod.get("status", {})
        gone = pod["metadata"].get("deletionTimestamp", "")
        yield f"pod {name}: {status.get('phase')} {status.get('reason', '')} {gone and f'deleted at {gone}'}".rstrip()
        for container in status.get("containerStatuses") or []:
            yield f"  {container['name']}: {container['state']}"
        where = f"/api/v1/namespaces/{kube.name}/pods/{name}/log"
        said = kube.api.ask("GET", where, tailLines=LINES, timestamps="true").body
        yield from (f"  | {line}" for line in said.decode(errors="replace").splitlines())


def _events(kube: "Namespace") -> Iterator[str]:
    for event in sorted(kube.api.items("events", kube.name), key=_when)[-EVENTS:]:
        about = event["involvedObject"]
        yield f"{_when(event)} {about['kind']} {about['name']}: {event['reason']}: {event['message'][:300]}"


def _when(event: Object) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"])


def _nodes(kube: "Namespace") -> Iterator[str]:
    for node in kube.api.items("nodes"):
        yield f"node {node['metadata']['name']}: taints {node['spec'].get('taints', [])}"
        for one in node["status"]["conditions"]:
            yield f"  {one['type']}={one['status']} since {one['lastTransitionTime']}"
