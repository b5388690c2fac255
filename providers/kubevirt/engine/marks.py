"""Who somebody is, by the cluster's own word: in a certificate signing request the API server writes who made it. None
is ever signed: docs/decisions/0060 says why it is these."""

import base64
from contextlib import suppress
from typing import TYPE_CHECKING

from mtv.errors import CheckFailed
from mtv.providers.kubevirt.fields import text
from mtv.providers.kubevirt.wire.answers import Status

if TYPE_CHECKING:
    from mtv.providers.kubevirt.wire.api import Api

REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
SIGNER = "mtv.invalid/nobody"  # no such signer is there: it stays a question, and the cluster drops it after a day


def leave(api: "Api", name: str) -> None:
    body = {
        "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "mtv"}},
        "spec": {"request": base64.b64encode(_request()).decode(), "signerName": SIGNER, "usages": ["client auth"]},
    }  # fmt: skip
    with api.said("the mark that says who asks"):
        api.create(REQUESTS, body)


def read(api: "Api", name: str) -> str:
    """Raises CheckFailed `kubevirt.no-mark`."""
    try:
        found = api.get(f"{REQUESTS}/{name}")
    except Status as status:
        if status.code != 404:
            with api.said("the mark that says who asks"):
                raise
        raise CheckFailed("kubevirt.no-mark", "who asks has left no mark: nobody knows who it is") from status
    who = text(found, "spec", "username")
    if not who or text(found, "spec", "signerName") != SIGNER:
        raise CheckFailed("kubevirt.no-mark", "the mark of who asks says nothing")
    with suppress(Status):  # without the right to, it goes after a day
        api.delete(f"{REQUESTS}/{name}")
    return who


def _request() -> bytes:
    """Of a key that is thrown away."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mtv")])
    key = ec.generate_private_key(ec.SECP256R1())
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)
