"""A Pod's own ServiceAccount: what the kubelet mounts, its token rotated in place."""

import os
from pathlib import Path

from mtv.errors import Refused
from mtv.providers.kubevirt.connect import kubeconfig
from mtv.providers.kubevirt.connect.access import Access, User
from mtv.providers.kubevirt.connect.address import IN_CLUSTER, Address

FOLDER = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def find(address: Address) -> Access:
    """As kubectl would: the kubeconfig, or the Pod's account where there is none. Raises Refused `kubeconfig.*`."""
    if address.context == IN_CLUSTER and not address.file:
        return _inside(address)
    files = kubeconfig.read(address.file)
    if files is None and not address.file and not address.context and _is_inside():
        return _inside(address)
    if files is None:
        raise kubeconfig.missing(address)
    return kubeconfig.access(files, address)


def _is_inside() -> bool:
    return bool(os.environ.get("KUBERNETES_SERVICE_HOST")) and (FOLDER / "token").exists()


def _inside(address: Address) -> Access:
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST", ""), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not _is_inside():
        raise Refused(
            "kubeconfig.not-in-cluster", "this is no Pod with a ServiceAccount: there is no token to log in with",
            "name a context of the kubeconfig instead",
        )  # fmt: skip
    namespace = FOLDER / "namespace"
    own = namespace.read_text().strip() if namespace.exists() else "default"
    return Access(
        where=IN_CLUSTER, server=f"https://{f'[{host}]' if ':' in host else host}:{port}",
        user=User(name="ServiceAccount", token_file=str(FOLDER / "token")), ca_file=str(FOLDER / "ca.crt"),
        namespace=address.namespace or own, cluster=IN_CLUSTER,
    )  # fmt: skip
