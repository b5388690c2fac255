"""Where a vCenter or ESXi is: `vc01`, `vc01:8443`, `https://vc01/sdk`, `[2001:db8::1]`."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from mtv.errors import Refused


@dataclass(frozen=True)
class Address:
    host: str  # a name, or an IPv4 or IPv6 address without brackets
    port: int = 443

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 443 else f"{host}:{self.port}"


def read_address(text: str) -> Address:
    """Raises Refused `vsphere.address`. An account in the URL is refused: it would end up in the store."""
    if text.count(":") > 1 and "[" not in text and "//" not in text:
        text = f"[{text}]"
    try:
        url = urlsplit(text if "//" in text else f"//{text}")
        host, port = url.hostname, url.port
    except ValueError as error:
        raise _refused(text, "it is no host or URL") from error
    if url.username or url.password:
        raise Refused("vsphere.address", "the address has an account in it", "give --user and --secret instead")
    if url.scheme not in ("", "https"):
        raise _refused(text, f"'{url.scheme}:' is not TLS")
    if not host or url.query or url.path.rstrip("/") not in ("", "/sdk", "/ui"):
        raise _refused(text, "it names more or less than a host")
    return Address(host, port or 443)


def _refused(text: str, why: str) -> Refused:
    return Refused("vsphere.address", f"address '{text}': {why}", "write vc01.example.com or https://vc01.example.com")
