"""Names of interfaces, addresses and routes, checked and written one way."""

import ipaddress
import re
from collections.abc import Iterable

from mtv.converters.network.syntax.text import Flaw

# The kernel takes nearly any byte. These become part of a path and of udev's rules, so only what is harmless there.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}")
_PATTERN = re.compile(r"[]A-Za-z0-9_.@*?[!-]{1,64}")
_DEFAULTS = ("default", "0.0.0.0/0", "::/0", "0.0.0.0", "::", "0/0")


def is_name(text: str) -> bool:
    return bool(_NAME.fullmatch(text)) and text not in (".", "..")


def is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[") and bool(_PATTERN.fullmatch(text))


def checked_name(text: str, file: str, line: int, flaws: list[Flaw]) -> str:
    """The name as it stands, or "" and a flaw."""
    if is_name(text) or is_pattern(text):
        return text
    flaws.append(Flaw(file, line, f"{text[:40]!r} cannot be an interface's name"))
    return ""


def address(text: str, mask: str = "") -> str | None:
    """192.0.2.10/24 from an address with its mask or length; None for what is no address."""
    plain, _, length = text.strip().partition("/")
    try:
        ip = ipaddress.ip_address(plain.partition("%")[0])
        return f"{ip}/{ipaddress.ip_interface(f'{ip}/{length or mask.strip() or _usual(ip)}').network.prefixlen}"
    except ValueError:
        return None


def _usual(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
    """Where no mask is written: the class that the old tools assume, 64 for IPv6."""
    if ip.version == 6:
        return 64
    first = ip.packed[0]
    return 8 if first < 128 else 16 if first < 192 else 24


def gateway(text: str) -> str:
    """An address without length; "" for what is none, or is zero (which is how `no gateway` is written)."""
    try:
        ip = ipaddress.ip_address(text.strip().partition("%")[0].partition("/")[0])
    except ValueError:
        return ""
    return "" if ip.is_unspecified else str(ip)


def route(to: str, via: str = "", mask: str = "", dev: str = "") -> str | None:
    """`10.0.0.0/8 via 192.0.2.254`; None where the destination is none."""
    if to.strip() in _DEFAULTS:
        where = "default"
    else:
        plain, _, length = to.strip().partition("/")
        try:
            ip = ipaddress.ip_address(plain)
            net = ipaddress.ip_network(f"{plain}/{length or mask or ip.max_prefixlen}", strict=False)
        except ValueError:
            return None
        where = str(net)
    hop = gateway(via)
    if not hop and not is_name(dev):
        return None
    return where + (f" via {hop}" if hop else "") + (f" dev {dev}" if is_name(dev) and not hop else "")


def servers(words: Iterable[str]) -> tuple[str, ...]:
    """The addresses among the words, in order, each once."""
    return tuple(dict.fromkeys(found for word in words if (found := gateway(word))))
