"""What a VM's workers may in the cluster: read and write the one Lease, and nothing else. The Lease owns what grants
it, and takes it along. Pure."""

from collections.abc import Iterator

from mtv.providers.kubevirt.fields import Object, text
from mtv.providers.kubevirt.jobs.places import path
from mtv.providers.kubevirt.labels import Owner

RBAC = "rbac.authorization.k8s.io"


def account(namespace: str, owner: Owner, lease: Object) -> Iterator[tuple[str, Object]]:
    """Objects to create, each with the path of its list."""
    name = text(lease, "metadata", "name")
    meta = {
        "name": name, "namespace": namespace, "labels": owner.labels("lease"), "annotations": owner.annotations(),
        "ownerReferences": [belongs("coordination.k8s.io/v1", "Lease", lease)],
    }  # fmt: skip
    rule = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": [name],
            "verbs": ["get", "update"]}  # fmt: skip
    yield (
        path(namespace, "serviceaccounts"),
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta, "automountServiceAccountToken": False},
    )
    yield (
        path(namespace, "roles", group=f"{RBAC}/v1"),
        {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": meta, "rules": [rule]},
    )
    yield (
        path(namespace, "rolebindings", group=f"{RBAC}/v1"),
        {
            "apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": meta,
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
        },
    )  # fmt: skip


def belongs(version: str, kind: str, to: Object) -> Object:
    """A reference to an owner: what has it goes with it."""
    uid = text(to, "metadata", "uid")
    return {"apiVersion": version, "kind": kind, "name": text(to, "metadata", "name"), "uid": uid}
