"""cloud-init: whether it runs, from what datasource it lived, and the network that it was told to make."""

import re
from dataclasses import dataclass

from mtv.converters.guest.files import GuestFiles
from mtv.converters.network.macs import normal_mac
from mtv.converters.network.readers import netplan
from mtv.converters.network.readers.parts import Draft, Reading
from mtv.converters.network.syntax import addresses
from mtv.converters.network.syntax.text import load, load_all
from mtv.converters.network.syntax.yamltree import Branch, Word, at, items, merge, parse, word, words
from mtv.model.guest import Interface

CONFIG = ("/etc/cloud/cloud.cfg", "/etc/cloud/cloud.cfg.d/*.cfg")
SEEDS = ("/var/lib/cloud/seed/nocloud/network-config", "/var/lib/cloud/seed/nocloud-net/network-config")
_LOCAL = ("/var/lib/cloud/seed/", "ds_config")
_V1_KINDS = {"physical": "ethernet", "bond": "bond", "vlan": "vlan", "bridge": "bridge"}
_V1_MEMBERS = {"bond": "bond_interfaces", "vlan": "vlan_link", "bridge": "bridge_interfaces"}


@dataclass(frozen=True, kw_only=True)
class Cloud:
    installed: bool = False
    disabled: bool = False  # by its own switch; not asked about the kernel's command line
    network_disabled: bool = False
    datasource: str = ""  # as it wrote it: "DataSourceVMware [seed=guestinfo]"; "" when it never ran
    instance_id: str = ""

    @property
    def datasource_stays(self) -> bool:
        """It lies on the guest's own disk, or is none: the move takes nothing from it."""
        kind = self.datasource.partition(":")[0].strip()
        local = any(one in self.datasource for one in _LOCAL)
        return kind in ("", "DataSourceNone") or (kind.startswith("DataSourceNoCloud") and local)


def read(files: GuestFiles) -> Reading:
    draft = Draft("cloud-init")
    tree = _config(files, draft)
    network = at(tree, "network")
    for path in SEEDS if not _is_off(network) else ():
        text = load(files, path, draft.flaws)
        seeded = parse(text, draft.flaws) if text else None
        found = at(seeded, "network")
        network = found if found is not None else seeded if seeded is not None else network
    if word(network, "version") == "2":
        netplan.interpret(network, draft, names_nics=False)
    elif not _is_off(network):
        _version_1(network, draft)
    return draft.done()


def state(files: GuestFiles) -> Cloud:
    installed = any(files.exists(path) for path in ("/etc/cloud/cloud.cfg", "/usr/bin/cloud-init"))
    if not installed:
        return Cloud()
    flaws = Draft("cloud-init")
    return Cloud(
        installed=True,
        disabled=files.exists("/etc/cloud/cloud-init.disabled"),
        network_disabled=_is_off(at(_config(files, flaws), "network")),
        datasource=_first_line(files, "/var/lib/cloud/instance/datasource"),
        instance_id=_first_line(files, "/var/lib/cloud/data/instance-id"),
    )


def _first_line(files: GuestFiles, path: str) -> str:
    text = load(files, path, [])
    return text.lines[0].strip()[:256] if text else ""


def _config(files: GuestFiles, draft: Draft) -> Branch:
    """cloud.cfg, then cloud.cfg.d by name: of scalars and lists the later holds."""
    tree: Branch = {}
    for text in load_all(files, draft.flaws, *CONFIG):
        parsed = parse(text, draft.flaws)
        if isinstance(parsed, dict):
            tree = merge(tree, {key: value for key, value in parsed.items() if key == "network"})
    return tree


def _is_off(network: Branch | None) -> bool:
    return word(network, "config") == "disabled"


def _version_1(network: Branch | None, draft: Draft) -> None:
    for row in items(network, "config"):
        kind = word(row, "type")
        if kind == "nameserver":
            draft.nameservers += addresses.servers(words(row, "address"))
        elif kind == "route":
            made = addresses.route(word(row, "destination"), word(row, "gateway"), word(row, "netmask"))
            draft.routes += [made] if made else []
        elif kind in _V1_KINDS:
            _row(row, _V1_KINDS[kind], draft)


def _row(row: Branch, kind: str, draft: Draft) -> None:
    file, line = _place(row)
    name = addresses.checked_name(word(row, "name"), file, line, draft.flaws)
    mac_word = at(row, "mac_address")
    if not name:
        return
    if isinstance(mac_word, Word) and kind == "ethernet":
        draft.bind("mac", mac_word.text, name, mac_word.file, mac_word.line)
    wanted = words(row, _V1_MEMBERS[kind]) if kind in _V1_MEMBERS else []
    found, methods, hop = _subnets(row, draft, (file, line))
    draft.interfaces.append(
        Interface(
            name=name,
            mac=normal_mac(word(row, "mac_address")) if kind == "ethernet" else "",
            kind=kind,
            method="dhcp" if "dhcp" in methods else "static" if found else "none",
            addresses=tuple(dict.fromkeys(found)),
            gateway=hop,
            members=tuple(filter(addresses.is_name, wanted)),
            file=file,
        )
    )


def _place(row: Branch) -> tuple[str, int]:
    first = at(row, "name") or at(row, "type")
    return (first.file, first.line) if isinstance(first, Word) else ("", 0)


def _subnets(row: Branch, draft: Draft, place: tuple[str, int]) -> tuple[list[str], set[str], str]:
    """Addresses, the kinds of subnets, and the IPv4 gateway."""
    found, methods, first = [], set(), ""
    for one in items(row, "subnets"):
        methods.add(re.sub(r"^(ipv6_)?(dhcp|slaac).*$", "dhcp", word(one, "type")))
        if written := word(one, "address"):
            made = addresses.address(written, word(one, "netmask"))
            found += [made] if made else []
            if not made:
                draft.flaw(*place, f"{written[:60]!r} is no address")
        hop = addresses.gateway(word(one, "gateway"))
        draft.routes += [f"default via {hop}"] if hop else []
        first = first or (hop if ":" not in hop else "")
        draft.nameservers += addresses.servers(words(one, "dns_nameservers"))
        for route in items(one, "routes"):
            made = addresses.route(
                word(route, "network") or word(route, "destination"), word(route, "gateway"), word(route, "netmask")
            )
            draft.routes += [made] if made else []
    return found, methods, first
