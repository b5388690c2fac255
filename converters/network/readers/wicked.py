"""SUSE's /etc/sysconfig/network, as wicked (or the older ifup) reads it, and wicked's own XML."""

import posixpath
import re

from mtv.converters.guest.files import GuestFiles
from mtv.converters.network.readers import wickedxml
from mtv.converters.network.readers.parts import Draft, Reading
from mtv.converters.network.syntax import addresses, shell
from mtv.converters.network.syntax.text import Entry, Text, load, load_all
from mtv.model.guest import Interface

FOLDER = "/etc/sysconfig/network"
_SKIPPED = ("~", ".bak", ".orig", ".old", ".rpmsave", ".rpmnew", ".template", ".scpmbackup")
_BY_MAC = re.compile(r"^(?:eth-)?id-([0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5})$")


def read(files: GuestFiles) -> Reading:
    draft = Draft("wicked")
    for text in load_all(files, draft.flaws, f"{FOLDER}/ifcfg-*"):
        suffix = posixpath.basename(text.file).removeprefix("ifcfg-")
        if suffix != "lo" and not suffix.endswith(_SKIPPED):
            _file(text, suffix, draft)
    for text in load_all(files, draft.flaws, f"{FOLDER}/routes", f"{FOLDER}/ifroute-*"):
        if not text.file.endswith(_SKIPPED):
            draft.routes += _routes(text)
    common = load(files, f"{FOLDER}/config", draft.flaws)
    if common and draft.interfaces:
        # The rest of that file is none of ours, so its flaws are not told.
        table = shell.table(shell.entries(common, []))
        draft.nameservers += addresses.servers(table.get("NETCONFIG_DNS_STATIC_SERVERS", "").split())
    wickedxml.read(files, draft)
    return draft.done()


def _file(text: Text, suffix: str, draft: Draft) -> None:
    by_mac = _BY_MAC.match(suffix)
    name = "" if by_mac else addresses.checked_name(suffix, text.file, 0, draft.flaws)
    if not name and not by_mac:
        return
    entries = shell.entries(text, draft.flaws)
    table = shell.table(entries)
    kind, members = _kind(table, name)
    mac = draft.bind("mac", by_mac[1], "", text.file, 0) if by_mac else ""
    if table.get("LLADDR") and kind == "ethernet":
        line = next(one.line for one in entries if one.key == "LLADDR")
        draft.bind("clone", table["LLADDR"], name, text.file, line)
    draft.interfaces.append(
        Interface(
            name=name,
            mac=mac,
            kind=kind,
            method=_method(table),
            addresses=_addresses(text, entries, table, draft),
            members=members,
            file=text.file,
        )
    )


def _kind(table: dict[str, str], name: str) -> tuple[str, tuple[str, ...]]:
    if shell.yes(table.get("BONDING_MASTER", "")):
        return "bond", _numbered(table, r"BONDING_SLAVE_?\d+")
    if shell.yes(table.get("BRIDGE", "")):
        return "bridge", tuple(filter(addresses.is_name, table.get("BRIDGE_PORTS", "").split()))
    if any(key.startswith("TEAM_PORT_DEVICE") for key in table):
        return "bond", _numbered(table, r"TEAM_PORT_DEVICE_?\w+")
    if parent := table.get("ETHERDEVICE") or table.get("VLAN_INTERFACE"):
        return "vlan", (parent,) if addresses.is_name(parent) else ()
    tagged = re.fullmatch(r"([A-Za-z][A-Za-z0-9_-]*)\.\d{1,4}", name)
    return ("vlan", (tagged[1],)) if tagged else ("ethernet", ())


def _numbered(table: dict[str, str], pattern: str) -> tuple[str, ...]:
    return tuple(value for key, value in table.items() if re.fullmatch(pattern, key) and addresses.is_name(value))


def _method(table: dict[str, str]) -> str:
    proto = table.get("BOOTPROTO", "static").lower()
    if "dhcp" in proto or proto == "auto6":
        return "dhcp"
    written = any(key.startswith("IPADDR") and value for key, value in table.items())
    return "static" if written else "none"


def _addresses(text: Text, entries: list[Entry], table: dict[str, str], draft: Draft) -> tuple[str, ...]:
    """IPADDR, IPADDR_1, IPADDR_lan: each with its own PREFIXLEN or NETMASK of the same ending."""
    found = []
    for one in {entry.key: entry for entry in entries}.values():
        match = re.fullmatch(r"IPADDR(\w*)", one.key)
        if match and one.value:
            mask = table.get(f"PREFIXLEN{match[1]}") or table.get(f"NETMASK{match[1]}", "")
            made = addresses.address(one.value, mask)
            found += [made] if made else []
            if not made:
                draft.flaw(text.file, one.line, f"{one.value[:60]!r} is no address")
    return tuple(dict.fromkeys(found))


def _routes(text: Text) -> list[str]:
    """Columns: destination, gateway, netmask, interface; `-` where there is none."""
    found = []
    for line in text.lines:
        columns = [word if word != "-" else "" for word in line.partition("#")[0].split()] + [""] * 4
        made = addresses.route(columns[0], columns[1], columns[2], columns[3]) if columns[0] else None
        found += [made] if made else []
    return found
