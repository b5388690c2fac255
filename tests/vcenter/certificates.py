"""An authority and certificates of its own for each run: nothing that is kept can be stolen or run out."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOSTS = tuple(f"127.0.1.{number}" for number in range(1, 9))  # where the simulator's hosts answer
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Certificate:
    file: Path
    key: Path

    @property
    def sha256(self) -> str:
        """The fingerprint, as hexadecimal pairs with colons."""
        return self._fingerprint(hashes.SHA256())

    @property
    def sha1(self) -> str:
        """What VMware calls the thumbprint."""
        return self._fingerprint(hashes.SHA1())

    def _fingerprint(self, digest: hashes.HashAlgorithm) -> str:
        return x509.load_pem_x509_certificate(self.file.read_bytes()).fingerprint(digest).hex(":").upper()


class Authority:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests' authority")])
        self.file = folder / "ca.pem"
        builder = self._builder(self.name, self.key, days=30)
        certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).add_extension(
            x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True
        )
        self.file.write_bytes(certificate.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def issue(self, label: str, *, days: int = 30) -> Certificate:
        """For localhost by its three names, and for the hosts' addresses; with negative days it has run out."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, label)])
        addresses = [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1", *HOSTS)]
        alternatives = x509.SubjectAlternativeName([x509.DNSName("localhost"), *addresses])
        signed = (
            self._builder(name, key, days).add_extension(alternatives, critical=False).sign(self.key, hashes.SHA256())
        )
        made = Certificate(self.folder / f"{label}.pem", self.folder / f"{label}.key")
        made.file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        made.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return made

    def _builder(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        until = now + days * DAY
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(now, until) - 2 * DAY)
            .not_valid_after(until)
        )
