"""The lists that causes are found in: a dozen requests for a namespace, however many VMs are asked for."""

from collections.abc import Iterator

from mtv.errors import MtvError
from mtv.providers.kubevirt.causes.scene import Near
from mtv.providers.kubevirt.fields import Object
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api
from mtv.providers.kubevirt.wire.pages import pages

LIMIT = 20_000  # objects of a kind
OWN = {
    "machines": "/apis/kubevirt.io/v1/namespaces/{}/virtualmachines",
    "instances": "/apis/kubevirt.io/v1/namespaces/{}/virtualmachineinstances",
    "pods": "/api/v1/namespaces/{}/pods",
    "jobs": "/apis/batch/v1/namespaces/{}/jobs",
    "claims": "/api/v1/namespaces/{}/persistentvolumeclaims",
    "data_volumes": "/apis/cdi.kubevirt.io/v1beta1/namespaces/{}/datavolumes",
    "events": "/api/v1/namespaces/{}/events",
    "quotas": "/api/v1/namespaces/{}/resourcequotas",
    "nodes": "/api/v1/nodes",
    "classes": "/apis/storage.k8s.io/v1/storageclasses",
    "profiles": "/apis/cdi.kubevirt.io/v1beta1/storageprofiles",
    "everywhere": "/apis/kubevirt.io/v1/virtualmachines",
}


def gather(api: Api, namespace: str) -> Near:
    found: dict[str, list[Object]] = {}
    gaps = []
    for part, path in OWN.items():
        try:
            found[part] = list(_all(api, path.format(namespace)))
        except Status as status:
            if status.code not in (403, 404):
                raise
            found[part] = []
            if status.code == 403:
                gaps.append(part.replace("_", " "))
    return Near(namespace=_namespace(api, namespace), gaps=tuple(gaps), **found)


def _all(api: Api, path: str) -> Iterator[Object]:
    count = 0
    for page in pages(api, path):
        if page.begins:
            count = 0
        for one in page.items:
            count += 1
            if count > LIMIT:
                raise MtvError("kubevirt.too-many", f"{api.server}: {path} has more than {LIMIT} objects")
            yield one


def _namespace(api: Api, namespace: str) -> Object:
    try:
        return api.get(f"/api/v1/namespaces/{namespace}")
    except Status as status:
        if status.code not in (403, 404):
            raise
        return {}
