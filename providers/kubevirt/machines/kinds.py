"""The kinds that stand for one VM: where their API is, and which of them are made, found and removed with it."""

from collections.abc import Mapping
from dataclasses import dataclass

from mtv.errors import MtvError
from mtv.providers.kubevirt.fields import text


@dataclass(frozen=True)
class Kind:
    api: str  # as apiVersion says it
    name: str
    plural: str

    def path(self, namespace: str, name: str = "") -> str:
        """Of one object, or of their list."""
        base = f"/apis/{self.api}" if "/" in self.api else f"/api/{self.api}"
        return f"{base}/namespaces/{namespace}/{self.plural}" + (f"/{name}" if name else "")


MACHINE = Kind("kubevirt.io/v1", "VirtualMachine", "virtualmachines")
INSTANCE = Kind("kubevirt.io/v1", "VirtualMachineInstance", "virtualmachineinstances")
SNAPSHOT = Kind("snapshot.kubevirt.io/v1beta1", "VirtualMachineSnapshot", "virtualmachinesnapshots")
CLAIM = Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims")
DATA_VOLUME = Kind("cdi.kubevirt.io/v1beta1", "DataVolume", "datavolumes")
PAPERS = Kind("v1", "ConfigMap", "configmaps")
BESIDE = (
    Kind("v1", "Service", "services"),
    Kind("v1", "Secret", "secrets"),
    PAPERS,
    Kind("route.openshift.io/v1", "Route", "routes"),
    Kind("k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition", "network-attachment-definitions"),
)
"""What may stand beside a VM and goes with it."""
SUBRESOURCES = "/apis/subresources.kubevirt.io/v1/namespaces/{}/{}/{}/{}"
_MADE = {(one.api, one.name): one for one in (MACHINE, *BESIDE)}


def kind_of(document: Mapping[str, object]) -> Kind:
    """Raises MtvError `kubevirt.kind`."""
    asked = text(document, "apiVersion"), text(document, "kind")
    if asked not in _MADE:
        raise MtvError(
            "kubevirt.kind", f"{asked[1] or 'a document'} of {asked[0] or 'no API'} is nothing a VM is made of"
        )
    return _MADE[asked]


def is_claim(document: Mapping[str, object]) -> bool:
    """Claims are made, filled and removed as volumes."""
    return (text(document, "apiVersion"), text(document, "kind")) == (CLAIM.api, CLAIM.name)
