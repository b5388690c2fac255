"""What a VM's documents are judged by: KubeVirt's and CDI's own settings, and the instance types and preferences that
they name. What may not be read is left out: the cluster judges, too."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from mtv.model.estate import Json
from mtv.providers.kubevirt.fields import Object, rows, text
from mtv.providers.kubevirt.machines.home import Home
from mtv.providers.kubevirt.wire.answers import Status

SETTINGS = ("/apis/kubevirt.io/v1/kubevirts", "/apis/cdi.kubevirt.io/v1beta1/cdis")
KINDS = ("KubeVirt", "CDI")
SIZES = "/apis/instancetype.kubevirt.io/v1beta1"
UNKNOWN = (403, 404)
Documents = Sequence[Mapping[str, Json]]


class Standing:
    """Read once for all VMs of a run."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.known: dict[str, Documents] = {}

    def of(self, documents: Documents) -> Documents:
        with self.home.api.said("reading what the cluster judges VMs by"):
            paths = [*zip(SETTINGS, KINDS, strict=True), *(found for one in documents for found in self._named(one))]
            return [one for path, kind in paths for one in self._read(path, kind)]

    def _named(self, document: Object) -> Iterator[tuple[str, str]]:
        for part in ("instancetype", "preference"):
            if name := text(document, "spec", part, "name"):
                kind = text(document, "spec", part, "kind").lower() or f"virtualmachinecluster{part}"
                own = "cluster" not in kind
                base = f"{SIZES}/namespaces/{self.home.namespace}" if own else SIZES
                called = f"VirtualMachine{'' if own else 'Cluster'}{part.capitalize()}"
                yield f"{base}/virtualmachine{'' if own else 'cluster'}{part}s/{name}", called

    def _read(self, path: str, kind: str) -> Documents:
        """A list's objects do not say their kind."""
        if path not in self.known:
            try:
                found = self.home.api.get(path)
            except Status as status:
                if status.code not in UNKNOWN:
                    raise
                found = {"items": []}
            objects = rows(found, "items") if "items" in found else [found]
            self.known[path] = cast(Documents, [{**one, "kind": kind} for one in objects])
        return self.known[path]
