"""Forms that the API asks of names, labels and addresses, as the Kubernetes libraries do."""

import ipaddress
import re
from posixpath import normpath

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_WORD = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_PORT = re.compile(r"[-a-z0-9]{1,15}")
_PCI = re.compile(r"[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]")
_COLONS = re.compile(r"[0-9a-fA-F]{2}([:-])[0-9a-fA-F]{2}(\1[0-9a-fA-F]{2})*")
_DOTS = re.compile(r"[0-9a-fA-F]{4}(\.[0-9a-fA-F]{4})+")


def is_label(text: str) -> bool:
    return len(text) <= 63 and _LABEL.fullmatch(text) is not None


def is_subdomain(text: str) -> bool:
    return len(text) <= 253 and _SUBDOMAIN.fullmatch(text) is not None


def is_label_value(text: str) -> bool:
    return text == "" or len(text) <= 63 and _WORD.fullmatch(text) is not None


def is_label_key(text: str) -> bool:
    """A name, or a DNS subdomain, a slash and a name."""
    prefix, slash, name = text.rpartition("/")
    return (not slash or is_subdomain(prefix)) and len(name) <= 63 and _WORD.fullmatch(name) is not None


def is_port_name(text: str) -> bool:
    return (
        _PORT.fullmatch(text) is not None and re.search("[a-z]", text) is not None and "--" not in text
        and not text.startswith("-") and not text.endswith("-")
    )  # fmt: skip


def is_pci_address(text: str) -> bool:
    return _PCI.fullmatch(text) is not None


def is_address(text: str, family: int = 0) -> bool:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return False
    return family in (0, found.version) or family == 4 and getattr(found, "ipv4_mapped", None) is not None


def mac_bytes(text: str) -> bytes | None:
    """A MAC of any length that Go's net.ParseMAC reads: six, eight or twenty bytes; None for another text."""
    if not (_COLONS.fullmatch(text) or _DOTS.fullmatch(text)):
        return None
    found = bytes.fromhex(re.sub("[:.-]", "", text))
    return found if len(found) in (6, 8, 20) else None


def is_clean_path(text: str) -> bool:
    """Absolute, not the root, nothing relative in it; one slash at its end does no harm."""
    return text != "/" and normpath(f"/{text}").replace("//", "/") == text.removesuffix("/")
