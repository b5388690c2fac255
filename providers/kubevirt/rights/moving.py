"""What moves VMs into a namespace, as a Role of it, a row for each part of a move; the chart grants the same. The tests
take away each right that a move asks for; those of other ways (imports, networks, starts) stand beside them there."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Need:
    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    why: str


_KEPT = ("get", "list", "create", "patch", "delete")
NAMESPACED = (
    Need("", ("persistentvolumeclaims",), _KEPT, "disks, scratch space, and claims that are adopted"),
    Need("", ("pods",), ("list", "watch"), "workers, and what uses a claim"),
    Need("", ("pods/log",), ("get",), "what workers say"),
    Need("", ("events",), ("list",), "why something does not start"),
    Need("", ("resourcequotas", "limitranges"), ("list",), "what a namespace lets be claimed"),
    Need("batch", ("jobs",), ("get", "list", "create", "delete"), "workers"),
    Need("coordination.k8s.io", ("leases",), ("get", "create", "update", "patch"), "who may write a VM's disks"),
    Need("", ("serviceaccounts",), ("get", "create"), "each VM's workers have an account of their own"),
    Need("rbac.authorization.k8s.io", ("roles", "rolebindings"), ("get", "create"),
         "which may renew that one Lease and nothing else"),
    Need("", ("secrets", "configmaps", "services"), _KEPT, "tasks of workers, and what stands beside a VM"),
    Need("kubevirt.io", ("virtualmachines",), _KEPT, "VMs"),
    Need("snapshot.kubevirt.io", ("virtualmachinesnapshots",), ("get", "list", "watch", "create", "patch", "delete"),
         "snapshots that a plan asks for"),
    Need("kubevirt.io", ("virtualmachineinstances",), ("get", "list"), "whether they run"),
    Need("subresources.kubevirt.io", ("virtualmachines/start", "virtualmachines/stop"), ("update",), "start and stop"),
    Need("subresources.kubevirt.io", ("virtualmachineinstances/guestosinfo", "virtualmachineinstances/filesystemlist"),
         ("get",), "what a guest says of itself"),
    Need("k8s.cni.cncf.io", ("network-attachment-definitions",), _KEPT, "networks that a plan makes"),
    Need("route.openshift.io", ("routes",), _KEPT, "on OpenShift: ports that are seen from outside"),
    Need("cdi.kubevirt.io", ("datavolumes",), ("get", "list", "create", "delete"), "uploads, and disks as DataVolumes"),
    Need("upload.cdi.kubevirt.io", ("uploadtokenrequests",), ("create",), "uploads"),
)  # fmt: skip
