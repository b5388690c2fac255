"""The SHA-1 thumbprint that VMware's library asks for, of the very certificate that we pinned by SHA-256."""

import hashlib

from mtv.providers.vsphere.wire.address import Address
from mtv.providers.vsphere.wire.link import Link, said
from mtv.providers.vsphere.wire.trust import Guard, Trust, colons
from mtv.settings import settings


def thumbprint(address: Address, fingerprint: str) -> str:
    """Raises CheckFailed `vsphere.certificate-changed` where the server shows another certificate by now."""
    wait_s = settings().connect_s
    link = Link(address, Guard(Trust(fingerprint=fingerprint), str(address)), wait_s, wait_s)
    try:
        with said(address):
            link.connect()
            shown = link.sock.getpeercert(True)
    finally:
        link.close()
    return colons(hashlib.sha1(shown or b"", usedforsecurity=False).hexdigest())
