"""The snapshot of a VM that ran for the first time: the way back to what was moved, before anybody worked with it. It
is none of the VM's documents, for who applies those has not started the VM yet."""

from mtv.converters.manifests.claims import metadata
from mtv.converters.manifests.names import document_name, snapshot_name
from mtv.converters.manifests.shape import shape
from mtv.model.estate import Json
from mtv.model.plans import VmPlan


def snapshot(plan: VmPlan, deadline_s: float, *, namespace: str = "") -> dict[str, Json]:
    """KubeVirt gives up once `deadline_s` is over; where it is removed, so is what it holds."""
    found = shape(plan, None, namespace=namespace)
    return {
        "apiVersion": "snapshot.kubevirt.io/v1beta1",
        "kind": "VirtualMachineSnapshot",
        "metadata": metadata(found, snapshot_name(found.name), {"mtv/name": plan.vm.name, "mtv/vm": plan.vm.key}),
        "spec": {
            "deletionPolicy": "Delete",
            "failureDeadline": f"{deadline_s:.0f}s",
            "source": {"apiGroup": "kubevirt.io", "kind": "VirtualMachine", "name": found.name},
        },
    }


def name_of(plan: VmPlan) -> str:
    return snapshot_name(document_name(plan.machine))
