"""The engine's Pod, as it is found from elsewhere."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mtv.errors import MtvError, Temporary
from mtv.providers.engines import Pipe
from mtv.providers.kubevirt.engine import marks
from mtv.providers.kubevirt.engine.election import Election
from mtv.providers.kubevirt.engine.pipe import PodPipe
from mtv.providers.kubevirt.fields import Object, rows, text

if TYPE_CHECKING:
    from mtv.providers.kubevirt.wire.api import Api

LABEL, CONTAINER = "app.kubernetes.io/name=mtv", "engine"  # as the chart names them


class EngineHome:
    """providers.engines.Reaches, Vouches and Elects, for the target."""

    @property
    def _api(self) -> "Api":
        raise LookupError(type(self).__name__)

    @property
    def _namespace(self) -> str:
        raise LookupError(type(self).__name__)

    def reach(self, argv: Sequence[str]) -> Pipe:
        """Raises MtvError `kubevirt.no-engine`, Temporary `kubevirt.engine-not-up`."""
        pod = engine(self._api, self._namespace)
        name = text(pod, "metadata", "name")
        return PodPipe(self._api, self._namespace, name, CONTAINER, argv)

    def mark(self, name: str) -> None:
        marks.leave(self._api, name)

    def whose(self, name: str) -> str:
        return marks.read(self._api, name)

    def seat(self, name: str) -> Election:
        """NAMESPACE/NAME, or a name in our own namespace."""
        namespace, _, own = name.rpartition("/")
        from mtv.providers.kubevirt.wire.api import Api
        from mtv.providers.kubevirt.wire.line import hasty

        renewing = Api(self._api.access, hasty(self._api.limits))
        return Election(self._api, namespace or self._namespace, own, renewing=renewing)


def engine(api: "Api", namespace: str) -> Object:
    """Its Pod that is up; of several the first that began."""
    with api.said(f"Pods of namespace {namespace}"):
        listed = rows(api.get(f"/api/v1/namespaces/{namespace}/pods", {"labelSelector": LABEL}), "items")
    found = [one for one in listed if any(text(part, "name") == CONTAINER for part in rows(one, "spec", "containers"))]
    if not found:
        raise MtvError(
            "kubevirt.no-engine", f"no engine runs in namespace {namespace} of {api.access.where}: no Pod has the "
            f"label {LABEL} and a container '{CONTAINER}'", "--via 'CONTEXT?namespace=NS' names another",
        )  # fmt: skip
    running = [one for one in found if text(one, "status", "phase") == "Running"]
    if not running:
        name, phase = text(found[0], "metadata", "name"), text(found[0], "status", "phase") or "unknown"
        raise Temporary(
            "kubevirt.engine-not-up", f"the engine's Pod {namespace}/{name} is {phase.lower()}",
            f"kubectl -n {namespace} describe pod {name}",
        )  # fmt: skip
    return min(running, key=lambda one: text(one, "status", "startTime"))
