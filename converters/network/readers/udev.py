"""What gives a NIC its name at boot: udev's persistent rules and systemd's .link files."""

import posixpath
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from mtv.converters.guest.files import GuestFiles
from mtv.converters.network.macs import normal_mac
from mtv.converters.network.readers.parts import Binding, Draft, Key, Reading
from mtv.converters.network.syntax import addresses, ini
from mtv.converters.network.syntax.text import Entry, load_all

RULES = "/etc/udev/rules.d"
LINK_FOLDERS = ("/lib/systemd/network", "/usr/lib/systemd/network", "/etc/systemd/network")  # later ones replace
_TOKEN = re.compile(r'\s*([A-Z]+(?:\{[^}]{1,64}\})?)\s*(==|!=|:=|\+=|-=|=)\s*e?"([^"]*)"\s*,?')
_MAC_KEYS = ("ATTR{address}", "ATTRS{address}", "SYSFS{address}", "ATTR{macaddress}")
_PATH_KEYS = ("KERNELS", "ENV{ID_PATH}", "DEVPATH", "ID", "ENV{ID_NET_NAME_PATH}", "ENV{ID_NET_NAME_SLOT}")
_DRIVER_KEYS = ("DRIVERS", "DRIVER", "ENV{ID_NET_DRIVER}")


@dataclass(frozen=True, kw_only=True)
class Link:
    """One .link file: whom it matches, and the name it gives; "" where it gives none."""

    file: str
    match: tuple[tuple[str, str], ...]
    name: str = ""

    def takes(self, mac: str, driver: str, kernel_name: str) -> bool:
        """Whether it matches this NIC. What cannot be known here (Path, Host, Virtualization...) counts as no."""
        known = {"Driver": (driver,), "Type": ("ether",), "OriginalName": (kernel_name,)}
        for key, value in self.match:
            if key in ("MACAddress", "PermanentMACAddress"):
                if mac not in [normal_mac(word) for word in value.split()]:
                    return False
            elif not any(fnmatchcase(own, word) for own in known.get(key, ()) for word in value.split()):
                return False
        return bool(self.match)


def read(files: GuestFiles) -> Reading:
    draft = Draft("udev")
    for text in load_all(files, draft.flaws, f"{RULES}/*.rules"):
        for number, line in enumerate(text.lines, 1):
            if "NAME" in line and not line.lstrip().startswith("#"):
                _rule(text.file, number, line, draft)
    for path, entries in _link_entries(files, draft):
        _link_bindings(path, entries, draft)
    return draft.done()


def links(files: GuestFiles) -> list[Link]:
    """In the order in which udev tries them; the first that matches decides."""
    draft = Draft("udev")
    return [
        Link(
            file=path,
            match=tuple((one.key, one.value) for one in entries if one.section == "Match"),
            name=ini.last(entries, "Link", "Name"),
        )
        for path, entries in _link_entries(files, draft)
    ]


def _link_entries(files: GuestFiles, draft: Draft) -> list[tuple[str, list[Entry]]]:
    found = load_all(files, draft.flaws, *(f"{folder}/*.link" for folder in LINK_FOLDERS))
    by_name = {posixpath.basename(text.file): text for text in found}
    return [(by_name[name].file, ini.entries(by_name[name], draft.flaws, continued=True)) for name in sorted(by_name)]


def _rule(file: str, number: int, line: str, draft: Draft) -> None:
    tokens = [(match[1], match[2], match[3]) for match in _TOKEN.finditer(line)]
    name = next((value for key, sign, value in tokens if key == "NAME" and sign in ("=", ":=")), "")
    tests = [(key, value) for key, sign, value in tokens if sign == "=="]
    if not name or "$" in name or "%" in name or not any(value == "net" for _, value in tests):
        return
    if not addresses.checked_name(name, file, number, draft.flaws):
        return
    key, written = _tie(tests)
    value = normal_mac(written) if key == "mac" else written
    if key and value:
        draft.bindings.append(
            Binding(
                key=key, value=value, written=written, name=name, file=file, line=number, names_nic=True, alone=True
            )
        )


def _tie(tests: list[tuple[str, str]]) -> tuple[Key | None, str]:
    """What of a rule will fit no NIC after the move comes first: one such test spoils the rule."""
    kinds: tuple[tuple[Key, tuple[str, ...]], ...] = (
        ("driver", _DRIVER_KEYS),
        ("path", _PATH_KEYS),
        ("mac", _MAC_KEYS),
    )
    for kind, keys in kinds:
        for key, value in tests:
            if key in keys and value not in ("?*", "*"):
                return kind, value
    return None, ""


def _link_bindings(file: str, entries: list[Entry], draft: Draft) -> None:
    name = ini.last(entries, "Link", "Name")
    if name and not addresses.checked_name(name, file, 1, draft.flaws):
        return
    for one in entries:
        if one.section != "Match":
            continue
        if one.key in ("MACAddress", "PermanentMACAddress"):
            for word in one.value.split():
                if not draft.bind("mac", word, name, file, one.line, names_nic=bool(name)):
                    draft.flaw(file, one.line, f"{word[:40]!r} is no MAC address")
        elif one.key == "Driver" and name:
            draft.bind("driver", one.value, name, file, one.line)
        elif one.key == "Path":
            draft.bind("path", one.value, name, file, one.line)
