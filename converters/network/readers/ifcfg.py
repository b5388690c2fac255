"""Red Hat's /etc/sysconfig/network-scripts, read by the old scripts and by NetworkManager's plugin."""

import posixpath
import re

from mtv.converters.guest.files import GuestFiles
from mtv.converters.network.readers.parts import Draft, Reading
from mtv.converters.network.syntax import addresses, shell
from mtv.converters.network.syntax.text import Entry, Text, load, load_all
from mtv.model.guest import Interface

FOLDER = "/etc/sysconfig/network-scripts"
_SKIPPED = ("~", ".bak", ".orig", ".old", ".rpmsave", ".rpmnew", ".rpmorig")
_HELPERS = ("/usr/lib/udev/rename_device", "/lib/udev/rename_device")
_METHODS = {"dhcp": "dhcp", "bootp": "dhcp", "static": "static", "none": "none", "": "none"}


def read(files: GuestFiles) -> Reading:
    draft = Draft("ifcfg")
    # With this helper udev gives a NIC the DEVICE of the file that holds its HWADDR, at each boot.
    renamed = any(files.exists(path) for path in _HELPERS)
    for text in load_all(files, draft.flaws, f"{FOLDER}/ifcfg-*"):
        suffix = posixpath.basename(text.file).removeprefix("ifcfg-")
        if suffix != "lo" and not suffix.endswith(_SKIPPED):
            _file(text, suffix, renamed, draft)
    for text in load_all(files, draft.flaws, f"{FOLDER}/route-*", f"{FOLDER}/route6-*"):
        if not text.file.endswith(_SKIPPED):
            draft.routes += _routes(text, posixpath.basename(text.file).partition("-")[2], draft)
    common = load(files, "/etc/sysconfig/network", draft.flaws)
    if common and draft.interfaces:
        hop = addresses.gateway(shell.table(shell.entries(common, draft.flaws)).get("GATEWAY", ""))
        draft.routes += [f"default via {hop}"] if hop else []
    draft.interfaces = _with_slaves(draft.interfaces)
    return draft.done()


def _file(text: Text, suffix: str, renamed: bool, draft: Draft) -> None:
    entries = shell.entries(text, draft.flaws)
    table = shell.table(entries)
    written = table.get("DEVICE", "") or ("" if table.get("HWADDR") else suffix)
    line = _line(entries, "DEVICE")
    base = written.partition(":")[0]  # eth0:1 is a further address of eth0
    name = addresses.checked_name(base, text.file, line, draft.flaws) if base else ""
    if written and not name:
        return
    kind, members = _kind(table, name)
    mac = _mac(text, entries, table, name, renamed, draft) if kind == "ethernet" else ""
    found = _addresses(text, entries, table, draft)
    hop = addresses.gateway(table.get("GATEWAY", ""))
    for via in (hop, addresses.gateway(table.get("IPV6_DEFAULTGW", ""))):
        draft.routes += [f"default via {via}"] if via else []
    dns = [value for key, value in table.items() if re.fullmatch(r"DNS\d+", key)]
    draft.nameservers += addresses.servers(dns)
    master = table.get("MASTER") or table.get("TEAM_MASTER") or table.get("BRIDGE", "")
    if addresses.is_name(master) and name:
        draft.interfaces.append(
            Interface(name=master, kind="bridge" if "BRIDGE" in table else "bond", members=(name,), file=text.file)
        )
    draft.interfaces.append(
        Interface(
            name=name,
            mac=mac,
            kind=kind,
            method=_method(table, found),
            addresses=found,
            gateway=hop,
            members=members,
            file=text.file,
        )
    )


def _line(entries: list[Entry], key: str) -> int:
    return next((one.line for one in reversed(entries) if one.key == key), 1)


def _kind(table: dict[str, str], name: str) -> tuple[str, tuple[str, ...]]:
    kind = (table.get("TYPE") or table.get("DEVICETYPE") or "").lower()
    tagged = re.fullmatch(r"([A-Za-z][A-Za-z0-9_-]*)\.\d{1,4}", name)
    if shell.yes(table.get("VLAN", "")) or kind == "vlan":
        parent = table.get("PHYSDEV") or (tagged[1] if tagged else "")
        return "vlan", (parent,) if addresses.is_name(parent) else ()
    if kind in ("bond", "team") or "BONDING_OPTS" in table or shell.yes(table.get("BONDING_MASTER", "")):
        return "bond", ()
    if kind in ("bridge", "ovsbridge"):
        return "bridge", ()
    return ("ethernet" if kind in ("", "ethernet") else "other"), ()


def _mac(text: Text, entries: list[Entry], table: dict[str, str], name: str, renamed: bool, draft: Draft) -> str:
    if table.get("MACADDR"):
        draft.bind("clone", table["MACADDR"], name, text.file, _line(entries, "MACADDR"))
    if not table.get("HWADDR"):
        return ""
    kept = renamed and bool(table.get("DEVICE"))
    mac = draft.bind("mac", table["HWADDR"], name, text.file, _line(entries, "HWADDR"), kept)
    if not mac:
        draft.flaw(text.file, _line(entries, "HWADDR"), f"{table['HWADDR'][:40]!r} is no MAC address")
    return mac


def _addresses(text: Text, entries: list[Entry], table: dict[str, str], draft: Draft) -> tuple[str, ...]:
    found = []
    for one in {entry.key: entry for entry in entries}.values():
        match = re.fullmatch(r"IPADDR(\d*)", one.key)
        if match:
            mask = table.get(f"PREFIX{match[1]}") or table.get(f"NETMASK{match[1]}", "")
            if not mask and match[1] == "0":
                mask = table.get("PREFIX") or table.get("NETMASK", "")
            made = [addresses.address(one.value, mask)] if one.value else []
        elif one.key in ("IPV6ADDR", "IPV6ADDR_SECONDARIES"):
            made = [addresses.address(word) for word in one.value.split()]
        else:
            continue
        found += [address for address in made if address]
        if None in made:
            draft.flaw(text.file, one.line, f"{one.value[:60]!r} is no address")
    return tuple(dict.fromkeys(found))


def _method(table: dict[str, str], found: tuple[str, ...]) -> str:
    named = _METHODS.get(table.get("BOOTPROTO", "").lower(), "unknown")
    if named != "dhcp" and found:
        return "static"
    return "dhcp" if named == "none" and shell.yes(table.get("DHCPV6C", "")) else named


def _routes(text: Text, dev: str, draft: Draft) -> list[str]:
    """Two forms: words of `ip route`, or numbered ADDRESS0, NETMASK0, GATEWAY0."""
    if any(line.strip().startswith("ADDRESS") for line in text.lines):
        table = shell.table(shell.entries(text, draft.flaws))
        numbers = [key.removeprefix("ADDRESS") for key in table if key.startswith("ADDRESS")]
        made = [
            addresses.route(table[f"ADDRESS{n}"], table.get(f"GATEWAY{n}", ""), table.get(f"NETMASK{n}", ""), dev)
            for n in numbers
        ]
        return [route for route in made if route]
    found = []
    for line in text.lines:
        words = line.partition("#")[0].split()
        pairs = dict(zip(words[1::2], words[2::2], strict=False))
        made_one = addresses.route(words[0], pairs.get("via", ""), dev=pairs.get("dev", dev)) if words else None
        found += [made_one] if made_one else []
    return found


def _with_slaves(interfaces: list[Interface]) -> list[Interface]:
    """Rows that files of their own describe come first: a master named by its slave only adds members."""
    return sorted(interfaces, key=lambda one: posixpath.basename(one.file) != f"ifcfg-{one.name}" and bool(one.members))
