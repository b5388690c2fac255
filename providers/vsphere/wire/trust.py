"""Which certificate is the right one: asked at every connection, before a byte of ours is sent.

A context of `ssl` alone cannot say it: pyVmomi turns a shared one off after the first certificate that fails, and never
looks at a pin again. Here the pin is compared by us, each time.
"""

import hashlib
import logging
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from mtv.errors import CheckFailed, Refused

SHA1_DIGITS = 40
EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED


@dataclass(frozen=True, kw_only=True)
class Trust:
    """A CA file, or a pin, or both; the system's CAs where there is neither. `insecure` takes any certificate, the
    same one all the time."""

    ca: str = ""
    fingerprint: str = ""  # SHA-256, lower case, without colons; SHA-1 where a vCenter says no more of its host
    insecure: bool = False


def trust(ca: str = "", fingerprint: str = "", insecure: bool = False) -> Trust:
    """Raises Refused `vsphere.fingerprint`, `vsphere.trust`, `vsphere.ca`."""
    plain = fingerprint.replace(":", "").strip().lower()
    if plain and (len(plain) != 64 or set(plain) - set("0123456789abcdef")):
        raise Refused(
            "vsphere.fingerprint", f"'{fingerprint}' is no SHA-256 fingerprint: 64 hexadecimal digits are needed",
            "openssl s_client -connect HOST:443 < /dev/null | openssl x509 -noout -fingerprint -sha256",
        )  # fmt: skip
    if insecure and (ca or plain):
        raise Refused("vsphere.trust", "--insecure and --ca or --fingerprint contradict each other", "leave one out")
    if ca and not Path(ca).is_file():
        raise Refused("vsphere.ca", f"CA file {ca} is not there")
    return Trust(ca=ca, fingerprint=plain, insecure=insecure)


class Guard:
    """One for all connections of a session. `seen` is the fingerprint that the last one had."""

    def __init__(self, trust: Trust, where: str) -> None:
        self.trust, self.where, self.seen = trust, where, ""
        self._context = _context(trust)
        if trust.insecure:
            logging.getLogger(__name__).warning(
                "INSECURE: the certificate of %s is not checked; who sits between can read the password", where
            )

    def wrap(self, sock: socket.socket, host: str) -> ssl.SSLSocket:
        """TLS over that socket. Raises CheckFailed `vsphere.certificate*`, or ssl.SSLError."""
        try:
            wrapped = self._context.wrap_socket(sock, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            raise _unverified(self.where, error) from error
        try:
            how = "sha1" if len(self.trust.fingerprint) == SHA1_DIGITS else "sha256"
            self._compare(hashlib.new(how, wrapped.getpeercert(True) or b"").hexdigest())
        except CheckFailed:
            wrapped.close()
            raise
        return wrapped

    def _compare(self, found: str) -> None:
        pinned = self.trust.fingerprint or (self.seen if self.trust.insecure else "")
        if pinned and found != pinned:
            before = "changed while we worked" if self.seen else "is not the pinned one"
            raise CheckFailed(
                "vsphere.certificate-changed",
                f"the certificate of {self.where} {before}: found {colons(found)}, needed {colons(pinned)}",
                "if it was renewed, compare the new one at the server itself and add the provider again",
            )
        self.seen = found


def colons(fingerprint: str) -> str:
    return ":".join(fingerprint[at : at + 2] for at in range(0, len(fingerprint), 2)).upper()


def _context(trust: Trust) -> ssl.SSLContext:
    if trust.ca:
        context = _with_file(trust.ca)
    elif trust.fingerprint or trust.insecure:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the pin is compared above
    else:
        context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _with_file(ca: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except (ssl.SSLError, OSError) as error:
        raise Refused("vsphere.ca", f"CA file {ca} holds no certificate in PEM form") from error


def _unverified(where: str, error: ssl.SSLCertVerificationError) -> CheckFailed:
    why = error.verify_message.lower()
    if error.verify_code == EXPIRED:
        return CheckFailed(
            "vsphere.certificate-expired", f"the certificate of {where} has expired",
            "renew it; until then --fingerprint SHA256 trusts this very certificate",
        )  # fmt: skip
    return CheckFailed(
        "vsphere.certificate", f"the certificate of {where} is not trusted: {why}",
        "give its CA with --ca FILE (vCenter: https://HOST/certs/download.zip) or pin it with --fingerprint SHA256",
    )  # fmt: skip
