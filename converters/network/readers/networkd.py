"""systemd-networkd: .network and .netdev files with their drop-ins."""

from mtv.converters.guest.files import GuestFiles
from mtv.converters.network.macs import normal_mac
from mtv.converters.network.readers.parts import Draft, Reading
from mtv.converters.network.syntax import addresses, ini
from mtv.converters.network.syntax.text import Entry, load_all
from mtv.model.guest import Interface

FOLDER = "/etc/systemd/network"
_KINDS = {"bond": "bond", "team": "bond", "vlan": "vlan", "bridge": "bridge"}


def read(files: GuestFiles) -> Reading:
    draft = Draft("networkd")
    devices = _devices(files, draft)
    for text in load_all(files, draft.flaws, f"{FOLDER}/*.network"):
        entries = ini.entries(text, draft.flaws, continued=True)
        for drop_in in load_all(files, draft.flaws, f"{text.file}.d/*.conf"):
            entries += ini.entries(drop_in, draft.flaws, continued=True)
        _network(text.file, entries, devices, draft)
    return draft.done()


def _devices(files: GuestFiles, draft: Draft) -> dict[str, str]:
    """What .netdev files make: name to kind."""
    found = {}
    for text in load_all(files, draft.flaws, f"{FOLDER}/*.netdev"):
        entries = ini.entries(text, draft.flaws, continued=True)
        name = ini.last(entries, "NetDev", "Name")
        if addresses.checked_name(name, text.file, 1, draft.flaws):
            found[name] = _KINDS.get(ini.last(entries, "NetDev", "Kind"), "other")
            draft.interfaces.append(Interface(name=name, kind=found[name], file=text.file))
    return found


def _network(file: str, entries: list[Entry], devices: dict[str, str], draft: Draft) -> None:
    names = _names(file, entries, draft)
    if names == ["lo"]:
        return
    mac = _bindings(file, entries, names, draft)
    for key, kind in (("VLAN", "vlan"), ("Bond", "bond"), ("Bridge", "bridge")):
        for one in ini.values(entries, "Network", key):
            masters = [word for word in one.value.split() if addresses.is_name(word)]
            members = tuple(name for name in names if addresses.is_name(name))
            draft.interfaces += [Interface(name=name, kind=kind, members=members, file=file) for name in masters]
    if not any(one.section == "Match" for one in entries):
        draft.flaw(file, 0, "has no [Match]: left out, though systemd-networkd may take it for every interface")
        return
    for name in names or [""]:
        draft.interfaces.append(_interface(file, entries, name, mac, devices.get(name, "ethernet"), draft))


def _names(file: str, entries: list[Entry], draft: Draft) -> list[str]:
    words = [(word, one.line) for one in ini.values(entries, "Match", "Name") for word in one.value.split()]
    checked = [addresses.checked_name(word, file, line, draft.flaws) for word, line in words if word[:1] != "!"]
    return [name for name in checked if name]


def _bindings(file: str, entries: list[Entry], names: list[str], draft: Draft) -> str:
    """Notes what [Match] ties to hardware; gives back the MAC where there is exactly one."""
    name = names[0] if len(names) == 1 and addresses.is_name(names[0]) else ""
    macs = []
    for key in ("MACAddress", "PermanentMACAddress"):
        for one in ini.values(entries, "Match", key):
            for word in one.value.split():
                macs.append(draft.bind("mac", word, name, file, one.line))
                if not macs[-1]:
                    draft.flaw(file, one.line, f"{word[:40]!r} is no MAC address")
    for one in ini.values(entries, "Match", "Driver"):
        draft.bind("driver", one.value, name, file, one.line)
    for one in ini.values(entries, "Match", "Path"):
        draft.bind("path", one.value, name, file, one.line)
    for one in ini.values(entries, "Link", "MACAddress"):
        if normal_mac(one.value):
            draft.bind("clone", one.value, name, file, one.line)
    return macs[0] if len(macs) == 1 else ""


def _interface(file: str, entries: list[Entry], name: str, mac: str, kind: str, draft: Draft) -> Interface:
    found: list[str] = []
    for one in (*ini.values(entries, "Network", "Address"), *ini.values(entries, "Address", "Address")):
        made = addresses.address(one.value)
        found += [made] if made else []
        if not made:
            draft.flaw(file, one.line, f"{one.value[:60]!r} is no address")
    hops = [addresses.gateway(one.value) for one in ini.values(entries, "Network", "Gateway")]
    draft.routes += [f"default via {hop}" for hop in hops if hop]
    for row in ini.rows(entries, "Route"):
        made = addresses.route(row.get("Destination", "default"), row.get("Gateway", ""), dev=name)
        draft.routes += [made] if made else []
    draft.nameservers += addresses.servers(
        word for one in ini.values(entries, "Network", "DNS") for word in one.value.split()
    )
    dynamic = ini.last(entries, "Network", "DHCP").lower() in ("yes", "true", "1", "on", "both", "ipv4", "ipv6", "v4")
    method = "dhcp" if dynamic else "static" if found else "none"
    hop = next((hop for hop in hops if ":" not in hop), "")
    return Interface(
        name=name, mac=mac, kind=kind, method=method, addresses=tuple(dict.fromkeys(found)), gateway=hop, file=file
    )
