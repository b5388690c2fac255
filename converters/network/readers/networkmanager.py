"""NetworkManager's keyfiles, one connection each."""

import posixpath
import re

from mtv.converters.guest.files import GuestFiles
from mtv.converters.network.macs import normal_mac
from mtv.converters.network.readers.parts import Draft, Reading
from mtv.converters.network.syntax import addresses, ini
from mtv.converters.network.syntax.text import Entry, Text, load_all
from mtv.model.guest import Interface

FOLDERS = ("/usr/lib/NetworkManager/system-connections", "/etc/NetworkManager/system-connections")
_KINDS = {
    "ethernet": "ethernet",
    "802-3-ethernet": "ethernet",
    "bond": "bond",
    "team": "bond",
    "vlan": "vlan",
    "bridge": "bridge",
}
_METHODS = {
    "auto": "dhcp",
    "dhcp": "dhcp",
    "manual": "static",
    "disabled": "none",
    "ignore": "none",
    "shared": "static",
}
_SKIPPED = ("~", ".bak", ".orig", ".rpmsave", ".rpmnew", ".rpmorig", ".dpkg-old", ".dpkg-dist")


def read(files: GuestFiles) -> Reading:
    draft = Draft("networkmanager")
    texts = [text for text in load_all(files, draft.flaws, *(f"{one}/*" for one in FOLDERS)) if _is_keyfile(text.file)]
    found = [(text, ini.entries(text, draft.flaws)) for text in texts]
    names = {ini.last(entries, "connection", "uuid"): _name(entries) for _, entries in found}
    members: dict[str, list[str]] = {}
    for _, entries in found:
        master = ini.last(entries, "connection", "controller") or ini.last(entries, "connection", "master")
        if master and addresses.is_name(_name(entries)):
            members.setdefault(names.get(master, master), []).append(_name(entries))
    for text, entries in found:
        _connection(text, entries, members, names, draft)
    return draft.done()


def _is_keyfile(path: str) -> bool:
    name = posixpath.basename(path)
    return not name.startswith(".") and not name.endswith(_SKIPPED)


def _name(entries: list[Entry]) -> str:
    return ini.last(entries, "connection", "interface-name") or ini.last(entries, "vlan", "interface-name")


def _connection(
    text: Text, entries: list[Entry], members: dict[str, list[str]], names: dict[str, str], draft: Draft
) -> None:
    kind = _KINDS.get(ini.last(entries, "connection", "type"))
    if kind is None:
        return  # loopback, vpn, wifi, bluetooth: no NIC of a VM
    written = _name(entries) or ini.last(entries, "match", "interface-name").strip(";")
    line = next((one.line for one in entries if one.key == "interface-name"), 1)
    name = addresses.checked_name(written, text.file, line, draft.flaws) if written else ""
    if (written or kind != "ethernet") and not name:
        return
    mac = _bindings(text, entries, name, draft) if kind == "ethernet" else ""
    parent = ini.last(entries, "vlan", "parent")
    wanted = [names.get(parent, parent)] if kind == "vlan" else members.get(name, [])
    draft.interfaces.append(_interface(text, entries, name, mac, kind, tuple(filter(addresses.is_name, wanted)), draft))


def _bindings(text: Text, entries: list[Entry], name: str, draft: Draft) -> str:
    mac = ""
    for section in ("ethernet", "802-3-ethernet"):
        for one in ini.values(entries, section, "mac-address"):
            mac = draft.bind("mac", one.value, name, text.file, one.line)
            if not mac:
                draft.flaw(text.file, one.line, f"{one.value[:40]!r} is no MAC address")
        for one in ini.values(entries, section, "cloned-mac-address"):
            if normal_mac(one.value):  # preserve, permanent, stable, random are words
                draft.bind("clone", one.value, name, text.file, one.line)
    for one in ini.values(entries, "match", "driver"):
        draft.bind("driver", one.value.strip(";"), name, text.file, one.line)
    for one in ini.values(entries, "match", "path"):
        draft.bind("path", one.value.strip(";"), name, text.file, one.line)
    return mac


def _interface(
    text: Text, entries: list[Entry], name: str, mac: str, kind: str, members: tuple[str, ...], draft: Draft
) -> Interface:
    found: list[str] = []
    gateways = {}
    for family in ("ipv4", "ipv6"):
        rows = [one for one in entries if one.section == family]
        gateways[family] = addresses.gateway(ini.last(rows, family, "gateway"))
        for one in rows:
            if re.fullmatch(r"address(es)?\d*", one.key):
                gateways[family] = _address(text, one, found, draft) or gateways[family]
            elif re.fullmatch(r"routes?\d+", one.key):
                to, _, rest = one.value.partition(",")
                made = addresses.route(to, rest.partition(",")[0], dev=name)
                draft.routes += [made] if made else []
            elif one.key == "dns":
                draft.nameservers += addresses.servers(one.value.split(";"))
        draft.routes += [f"default via {gateways[family]}"] if gateways[family] else []
    return Interface(
        name=name,
        mac=mac,
        kind=kind,
        method=_method(entries, found),
        addresses=tuple(dict.fromkeys(found)),
        gateway=gateways["ipv4"],
        members=members,
        file=text.file,
    )


def _method(entries: list[Entry], found: list[str]) -> str:
    """IPv6 is `auto` nearly everywhere: IPv4's word counts, IPv6's only where IPv4 is off."""
    first = _METHODS.get(ini.last(entries, "ipv4", "method"), "none")
    second = _METHODS.get(ini.last(entries, "ipv6", "method"), "none")
    return first if first != "none" else "static" if found else second


def _address(text: Text, entry: Entry, found: list[str], draft: Draft) -> str:
    """`address1=192.0.2.10/24,192.0.2.1`, or the old list with semicolons; gives back the gateway."""
    hop = ""
    for part in filter(None, entry.value.split(";")):
        written, _, via = part.partition(",")
        made = addresses.address(written)
        found += [made] if made else []
        hop = addresses.gateway(via.partition(",")[0]) or hop
        if not made:
            draft.flaw(text.file, entry.line, f"{written[:60]!r} is no address")
    return hop
