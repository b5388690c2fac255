"""Debian's ifupdown: /etc/network/interfaces and what it sources."""

import posixpath
import re
from dataclasses import dataclass, field

from mtv.converters.guest.files import GuestFiles
from mtv.converters.network.readers.parts import Draft, Reading
from mtv.converters.network.syntax import addresses
from mtv.converters.network.syntax.text import LIMIT_FILES, find, load
from mtv.model.guest import Interface

MAIN = "/etc/network/interfaces"
_KEYWORDS = ("auto", "no-auto-down", "no-scripts", "rename", "allow-auto")
_METHODS = {
    "static": "static",
    "dhcp": "dhcp",
    "auto": "dhcp",
    "manual": "none",
    "v4tunnel": "static",
    "6to4": "static",
}
_TAGGED = re.compile(r"^(?P<parent>[A-Za-z][A-Za-z0-9_-]*)\.(?P<tag>\d{1,4})$")


@dataclass
class _Stanza:
    name: str
    family: str
    method: str
    file: str
    line: int
    options: list[tuple[str, str, int]] = field(default_factory=list)

    def get(self, *keys: str) -> str:
        return next((value for key, value, _ in self.options if key in keys), "")


def read(files: GuestFiles) -> Reading:
    draft = Draft("ifupdown")
    stanzas = [one for one in _stanzas(files, draft) if one.name != "lo"]
    slaves = _slaves(stanzas)
    draft.interfaces += [_interface(one, slaves, draft) for one in stanzas]
    return draft.done()


def _stanzas(files: GuestFiles, draft: Draft) -> list[_Stanza]:
    """Depth first, as ifupdown reads: a sourced file stands where its line stands."""
    found: list[_Stanza] = []
    seen: set[str] = set()

    def visit(path: str) -> None:
        if path in seen or len(seen) >= LIMIT_FILES:
            return
        seen.add(path)
        text = load(files, path, draft.flaws)
        current: _Stanza | None = None
        for number, line in _logical(text.lines if text else []):
            word, _, rest = line.partition(" ")
            if word in ("source", "source-directory"):
                current = None
                for one in _sourced(files, draft, word, rest.strip()):
                    visit(one)
            elif word == "iface":
                current = _opened(rest.split(), path, number, draft)
                found.extend([current] if current else [])
            elif word in _KEYWORDS or word.startswith("allow-"):
                current = None
            elif word in ("mapping", "template"):
                current = None
                draft.flaw(path, number, f"{word} stanzas are not followed")
            elif current:
                current.options.append((word.replace("_", "-"), rest.strip(), number))

    visit(MAIN)
    return found


def _logical(lines: list[str]) -> list[tuple[int, str]]:
    """Lines without comments, joined where a backslash ends them, words separated by one blank."""
    joined: list[tuple[int, str]] = []
    held, start = "", 0
    for number, line in enumerate(lines, 1):
        start = start or number
        if line.endswith("\\"):
            held += line[:-1] + " "
            continue
        whole = " ".join((held + line).split())
        if whole and not whole.startswith("#"):
            joined.append((start, whole))
        held, start = "", 0
    return joined


def _sourced(files: GuestFiles, draft: Draft, word: str, pattern: str) -> list[str]:
    path = posixpath.normpath(posixpath.join(posixpath.dirname(MAIN), pattern))
    if word == "source":
        return find(files, draft.flaws, path)
    listed = find(files, draft.flaws, path + "/*")
    return [one for one in listed if re.fullmatch(r"[A-Za-z0-9_-]+", posixpath.basename(one))]


def _opened(words: list[str], file: str, line: int, draft: Draft) -> _Stanza | None:
    if len(words) < 3:
        draft.flaw(file, line, "iface needs a name, a family and a method")
        return None
    name = words[0].partition(":")[0]  # ens192:1 is a further address of ens192
    if not addresses.checked_name(name, file, line, draft.flaws):
        return None
    return _Stanza(name, words[1], words[2], file, line)


def _slaves(stanzas: list[_Stanza]) -> dict[str, list[str]]:
    """Members of a bond that name their master instead of being named by it."""
    found: dict[str, list[str]] = {}
    for one in stanzas:
        if master := one.get("bond-master"):
            found.setdefault(master, []).append(one.name)
    return found


def _interface(one: _Stanza, slaves: dict[str, list[str]], draft: Draft) -> Interface:
    kind, members = _kind(one, slaves)
    if written := one.get("hwaddress").removeprefix("ether").strip():
        draft.bind("clone", written, one.name, one.file, _line(one, "hwaddress"))
    draft.nameservers += addresses.servers(one.get("dns-nameservers", "dns-nameserver").split())
    draft.routes += _routes(one)
    gateway = addresses.gateway(one.get("gateway"))
    if gateway:
        draft.routes.append(f"default via {gateway}")
    return Interface(
        name=one.name,
        kind=kind,
        method=_METHODS.get(one.method, "unknown"),
        addresses=_addresses(one, draft),
        gateway="" if one.family == "inet6" else gateway,
        members=members,
        file=one.file,
    )


def _line(one: _Stanza, key: str) -> int:
    return next((line for name, _, line in one.options if name == key), one.line)


def _addresses(one: _Stanza, draft: Draft) -> tuple[str, ...]:
    written = one.get("address")
    if not written:
        return ()
    made = addresses.address(written, one.get("netmask"))
    if made is None:
        draft.flaw(one.file, _line(one, "address"), f"{written[:60]!r} is no address")
    return (made,) if made else ()


def _kind(one: _Stanza, slaves: dict[str, list[str]]) -> tuple[str, tuple[str, ...]]:
    """What the stanza makes, and of which interfaces."""
    if bonded := one.get("bond-slaves", "slaves"):
        return "bond", tuple(name for name in bonded.split() if addresses.is_name(name) and name != "none") or tuple(
            slaves.get(one.name, ())
        )
    if one.name in slaves or one.get("bond-mode"):
        return "bond", tuple(slaves.get(one.name, ()))
    if ports := one.get("bridge-ports"):
        wanted = [name for name in ports.split() if addresses.is_name(name) and name not in ("none", "all", "regex")]
        return "bridge", tuple(wanted)
    tagged = _TAGGED.match(one.name)
    if parent := one.get("vlan-raw-device") or (tagged["parent"] if tagged else ""):
        return "vlan", (parent,) if addresses.is_name(parent) else ()
    return "ethernet", ()


def _routes(one: _Stanza) -> list[str]:
    """Routes that `up` lines set with ip or route: the two spellings that people use."""
    found = []
    for key, value, _ in one.options:
        if key not in ("up", "post-up", "pre-up"):
            continue
        words = [word for word in value.split() if word not in ("||", "true", "-net", "-host", "-6", "-4")]
        if words[:3] == ["ip", "route", "add"] or words[:2] == ["route", "add"]:
            rest = words[3:] if words[0] == "ip" else words[2:]
            pairs = dict(zip(rest[1::2], rest[2::2], strict=False))
            via, dev = pairs.get("via") or pairs.get("gw", ""), pairs.get("dev", "")
            if made := addresses.route(rest[0] if rest else "", via, pairs.get("netmask", ""), dev):
                found.append(made)
    return found
