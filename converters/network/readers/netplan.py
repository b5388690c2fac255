"""Netplan: every YAML file of three folders, merged in the order of their names. cloud-init's version 2 is the same."""

import posixpath

from mtv.converters.guest.files import GuestFiles
from mtv.converters.network.macs import normal_mac
from mtv.converters.network.readers.parts import Draft, Reading
from mtv.converters.network.syntax import addresses
from mtv.converters.network.syntax.text import load
from mtv.converters.network.syntax.yamltree import Branch, Word, at, children, items, merge, parse, word, words
from mtv.model.guest import Interface

FOLDERS = ("/lib/netplan", "/usr/lib/netplan", "/etc/netplan", "/run/netplan")  # of equal names the later folder holds
_KINDS = {"ethernets": "ethernet", "bonds": "bond", "bridges": "bridge", "vlans": "vlan", "dummy-devices": "other"}
_MEMBERS = {"bonds": "interfaces", "bridges": "interfaces", "vlans": "link"}


def read(files: GuestFiles) -> Reading:
    draft = Draft("netplan")
    tree: Branch = {}
    for path in _paths(files):
        text = load(files, path, draft.flaws)
        parsed = parse(text, draft.flaws) if text else None
        if isinstance(parsed, dict):
            tree = merge(tree, parsed)
        elif parsed is not None:
            draft.flaw(path, 1, "is YAML, and no mapping")
    interpret(at(tree, "network"), draft)
    return draft.done()


def _paths(files: GuestFiles) -> list[str]:
    by_name = {posixpath.basename(path): path for folder in FOLDERS for path in files.glob(f"{folder}/*.yaml")}
    return [by_name[name] for name in sorted(by_name)]


def interpret(network: Branch | None, draft: Draft, names_nics: bool = True) -> None:
    """Adds what a `network:` mapping of version 2 says. `names_nics`: match and set-name do their work at each boot."""
    names = _names(network)
    for section, kind in _KINDS.items():
        for key, body in children(network, section).items():
            file, line = _place(body)
            name = names.get(key, "")
            if section == "ethernets":
                name = _ethernet(key, body, draft, names_nics)
            elif not addresses.checked_name(name, file, line, draft.flaws):
                continue
            wanted = words(body, _MEMBERS[section]) if section in _MEMBERS else []
            members = tuple(found for one in wanted if (found := names.get(one, one)) and addresses.is_name(found))
            draft.interfaces.append(_interface(name, kind, body, members, draft, file))


def _names(network: Branch | None) -> dict[str, str]:
    """Key in the file -> name of the interface: with a `match` the key is only a label."""
    found = {}
    for section in _KINDS:
        for key, body in children(network, section).items():
            matched = at(body, "match") is not None
            found[key] = word(body, "set-name") or (word(body, "match", "name") if matched else key)
    return found


def _place(body: Branch | None) -> tuple[str, int]:
    """File and line of the first word in it."""
    while body and not isinstance(body, Word):
        body = next(iter(body.values())) if isinstance(body, dict) else body[0]
    return (body.file, body.line) if isinstance(body, Word) else ("", 0)


def _ethernet(key: str, body: Branch, draft: Draft, names_nics: bool) -> str:
    """The name, "" where only a MAC or a driver says which NIC is meant; notes the bindings."""
    file, line = _place(body)
    set_name, matched = word(body, "set-name"), word(body, "match", "name")
    name = set_name or matched or ("" if at(body, "match") is not None else key)
    name = addresses.checked_name(name, file, line, draft.flaws) if name else ""
    for field in ("macaddress", "driver"):
        found = at(body, "match", field)
        for one in found if isinstance(found, list) else [found]:
            if isinstance(one, Word):
                kept = names_nics and bool(set_name)
                made = draft.bind(
                    "mac" if field == "macaddress" else "driver", one.text, name, one.file, one.line, kept
                )
                if not made:
                    draft.flaw(one.file, one.line, f"{one.text[:40]!r} is no {field}")
    own = at(body, "macaddress")
    if isinstance(own, Word):
        draft.bind("clone", own.text, name, own.file, own.line)
    return name


def _interface(name: str, kind: str, body: Branch, members: tuple[str, ...], draft: Draft, file: str) -> Interface:
    gateway = addresses.gateway(word(body, "gateway4"))
    for via in (gateway, addresses.gateway(word(body, "gateway6"))):
        draft.routes += [f"default via {via}"] if via else []
    for one in items(body, "routes"):
        made = addresses.route(word(one, "to"), word(one, "via"), dev=name)
        if made:
            draft.routes.append(made)
            gateway = gateway or (made.removeprefix("default via ") if made.startswith("default via ") else "")
    draft.nameservers += addresses.servers(words(body, "nameservers", "addresses"))
    written = _addresses(body, draft)
    dynamic = any(word(body, key).lower() in ("true", "yes", "on", "y") for key in ("dhcp4", "dhcp6"))
    method = "dhcp" if dynamic else "static" if written else "none"
    mac = normal_mac(word(body, "match", "macaddress"))
    return Interface(
        name=name, mac=mac, kind=kind, method=method, addresses=written, gateway=gateway, members=members, file=file
    )


def _addresses(body: Branch, draft: Draft) -> tuple[str, ...]:
    """Each is a word, or a mapping whose key is the address and whose value are its options."""
    found = []
    file, line = _place(at(body, "addresses"))
    for one in items(body, "addresses"):
        texts = [one.text] if isinstance(one, Word) else list(one) if isinstance(one, dict) else []
        place = (one.file, one.line) if isinstance(one, Word) else (file, line)
        for text in texts:
            made = addresses.address(text)
            found += [made] if made else []
            if not made:
                draft.flaw(*place, f"{text[:60]!r} is no address")
    return tuple(found)
