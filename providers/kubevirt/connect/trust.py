"""Which certificate is the cluster's, and ours for it. Keys reach OpenSSL through a file in memory, never a disk."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from mtv.errors import Refused
from mtv.providers.kubevirt.connect.access import Access


def context(access: Access, pair: tuple[bytes, bytes] | None) -> ssl.SSLContext:
    """Raises Refused `kubeconfig.ca`, `kubeconfig.certificate`."""
    made = _trusting(access)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT  # Python 3.13's default refuses what many clusters have: no key ids
    if pair:
        try:
            with _memory(pair[0] + b"\n" + pair[1]) as path:
                made.load_cert_chain(path, password=_refuse_password)
        except (ssl.SSLError, OSError, ValueError) as error:
            raise Refused(
                "kubeconfig.certificate", f"{access.where}: client certificate and key are no pair in PEM form",
                "write a new kubeconfig with the cluster's own tool",
            ) from error  # fmt: skip
    return made


def _trusting(access: Access) -> ssl.SSLContext:
    """Without a CA of its own: the system's."""
    if access.insecure:
        made = ssl.create_default_context()
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
        return made
    try:
        if access.ca:
            return ssl.create_default_context(cadata=access.ca.decode("ascii"))
        return ssl.create_default_context(cafile=access.ca_file or None)
    except (ssl.SSLError, OSError, UnicodeDecodeError) as error:
        named = access.ca_file or "certificate-authority-data"
        raise Refused("kubeconfig.ca", f"{access.where}: {named} holds no certificate in PEM form") from error


@contextmanager
def _memory(content: bytes) -> Iterator[str]:
    descriptor = os.memfd_create("mtv-key", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _refuse_password() -> str:
    """Else OpenSSL asks for one at the terminal."""
    raise ValueError("the key has a password")
