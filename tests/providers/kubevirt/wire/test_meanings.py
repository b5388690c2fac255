"""What servers say, word for word, and what it is called here."""

import pytest

from mtv.errors import CheckFailed, Held, MtvError, Temporary
from mtv.providers.kubevirt.connect.access import Access, User
from mtv.providers.kubevirt.wire.answers import Asked, Status
from mtv.providers.kubevirt.wire.meanings import meaning
from mtv.providers.kubevirt.wire.server import read_server

ASKED = Asked(read_server(Access(where="lab", server="https://api:6443", user=User())), "claim shop/web-disk-0")
SAID = [
    (403, 'persistentvolumeclaims "web-disk-0" is forbidden: exceeded quota: small, requested: requests.storage=10Gi,'
          " used: requests.storage=4Gi, limited: requests.storage=8Gi", "kubevirt.quota", Held, "'small'"),
    (403, 'pods "mtv-1" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
     "kubevirt.pod-security", CheckFailed, "restricted:latest"),
    (403, 'pods "mtv-1" is forbidden: unable to validate against any security context constraint: [...]',
     "kubevirt.scc", CheckFailed, "107"),
    (403, 'persistentvolumeclaims "x" is forbidden: unable to create new content in namespace shop because it is being'
          " terminated", "kubevirt.namespace-terminating", CheckFailed, "anew"),
    (403, 'persistentvolumeclaims "x" is forbidden: maximum storage usage per PersistentVolumeClaim is 1Gi, but request'
          " is 2Gi", "kubevirt.limit-range", CheckFailed, "LimitRange"),
    (404, 'namespaces "shop" not found', "kubevirt.no-namespace", CheckFailed, "kubectl create namespace shop"),
    (400, 'PersistentVolumeClaim in version "v1" cannot be handled as a PersistentVolumeClaim: strict decoding error:'
          ' unknown field "spec.sise"', "kubevirt.unknown-field", MtvError, "mtv check manifest"),
    (500, 'Internal error occurred: failed calling webhook "validate.kubevirt.io": failed to call webhook: Post'
          ' "https://virt-api.kubevirt.svc:443/": context deadline exceeded', "kubevirt.webhook", Temporary,
     "validate.kubevirt.io"),
    (422, 'admission webhook "virtualmachine-validator.kubevirt.io" denied the request: spec.x is wrong',
     "kubevirt.denied", CheckFailed, "virtualmachine-validator.kubevirt.io"),
    (409, 'Apply failed with 1 conflict: conflict with "argocd" using v1: .spec.resources', "kubevirt.field-owner",
     CheckFailed, "manager"),
    (409, 'persistentvolumeclaims "x" already exists', "kubevirt.exists", CheckFailed, "another name"),
    (409, 'Operation cannot be fulfilled on leases "x": the object has been modified', "kubevirt.conflict", Temporary,
     "meanwhile"),
    (403, 'pods is forbidden: User "jane" cannot list resource "pods"', "kubevirt.forbidden", CheckFailed,
     "mtv check provider"),
    (413, "Request entity too large: limit is 3145728", "kubevirt.object-too-large", MtvError, "etcd"),
    (422, 'PersistentVolumeClaim "x" is invalid: spec.accessModes: Required value', "kubevirt.invalid", MtvError, ""),
    (429, "too many requests", "kubevirt.busy", Temporary, ""),
    (503, "the server is currently unable to handle the request", "kubevirt.server", Temporary, ""),
    (418, "a teapot", "kubevirt.answer", MtvError, ""),
]  # fmt: skip


@pytest.mark.parametrize(("number", "message", "code", "kind", "hint"), SAID, ids=[row[2] for row in SAID])
def test_each_refusal_has_a_name(number: int, message: str, code: str, kind: type[MtvError], hint: str) -> None:
    made = meaning(Status(number, "Reason", message), ASKED)
    assert (made.fault.code, type(made)) == (code, kind)
    assert message in made.fault.text
    assert "claim shop/web-disk-0" in made.fault.text
    assert hint in made.fault.hint


def test_braces_and_length_of_a_strangers_words_do_no_harm() -> None:
    made = meaning(Status(403, "Forbidden", "exceeded quota: {what}{0}" + "x" * 500), ASKED)
    assert made.fault.code == "kubevirt.quota"
    assert len(made.fault.hint) < 200
