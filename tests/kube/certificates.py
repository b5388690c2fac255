"""The cluster's authority, and who it knows: the apiserver, the administrator, the proxy to aggregated APIs."""

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from tests.kube.inside.network import APISERVER, NODE

DAY = datetime.timedelta(days=1)
ADDRESSES = ("127.0.0.1", NODE, APISERVER)
NAMES = ("localhost", "kubernetes.default.svc", "virt-api.kubevirt.svc", "cdi-api.cdi.svc")


@dataclass(frozen=True)
class Authority:
    """Files of a folder: ca.crt, and NAME.crt with NAME.key for each that was issued."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    name: x509.Name

    @classmethod
    def make(cls, folder: Path) -> "Authority":
        folder.mkdir(parents=True)
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cluster")])
        made = cls(folder, key, name)
        authority = x509.BasicConstraints(ca=True, path_length=0)
        made._write("ca.crt", made._builder(name, key).add_extension(authority, critical=True))
        return made

    def issue(self, name: str, user: str, groups: Sequence[str] = (), days: int = 30) -> None:
        """A server for all our addresses and a client at once; with negative days it has run out."""
        key = ec.generate_private_key(ec.SECP256R1())
        parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        subject = x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, user)])
        addresses = [x509.IPAddress(ipaddress.ip_address(text)) for text in ADDRESSES]
        named = x509.SubjectAlternativeName([*(x509.DNSName(text) for text in NAMES), *addresses])
        self._write(f"{name}.crt", self._builder(subject, key, days).add_extension(named, critical=False))
        (self.folder / f"{name}.key").write_bytes(_private(key))

    def issue_pair(self, name: str) -> None:
        """Keys without a certificate: tokens of ServiceAccounts are signed with them."""
        key = rsa.generate_private_key(65537, 2048)
        (self.folder / f"{name}.key").write_bytes(_private(key))
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (self.folder / f"{name}.pub").write_bytes(public)

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int = 30) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        until = now + days * DAY
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(now, until) - DAY)
            .not_valid_after(until)
        )

    def _write(self, file: str, builder: x509.CertificateBuilder) -> None:
        signed = builder.sign(self.key, hashes.SHA256())
        (self.folder / file).write_bytes(signed.public_bytes(serialization.Encoding.PEM))


def _private(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
