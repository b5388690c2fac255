"""Lines of a guest's files that tie configuration to a card as it was: another MAC, VMware's driver, the old bus."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from mtv.converters.guest.files import READ_LIMIT_BYTES, GuestFiles
from mtv.converters.network.concerns import critical, info, warning
from mtv.converters.network.holding import rule_line
from mtv.converters.network.pairing import Pairing, is_at
from mtv.converters.network.readers.parts import Binding
from mtv.converters.network.syntax.text import load
from mtv.model.estate import Concern, Nic


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One line replaced: `old` in it, or all of it where `old` is empty, by `new`."""

    file: str
    line: int
    old: str
    new: str


@dataclass(frozen=True)
class Overlay:
    """A guest's files as they will be."""

    below: GuestFiles
    changed: Mapping[str, str]

    def exists(self, path: str) -> bool:
        return path in self.changed or self.below.exists(path)

    def read(self, path: str, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        return self.changed[path].encode() if path in self.changed else self.below.read(path, limit_bytes)

    def glob(self, pattern: str) -> list[str]:
        return self.below.glob(pattern)


def rebind(
    bindings: Sequence[Binding], pairing: Pairing, macs: Mapping[str, str], card_driver: str
) -> tuple[list[Edit], list[Concern]]:
    """What to replace so that each line means the same card at the target."""
    edits: list[Edit] = []
    concerns: list[Concern] = []
    for one in bindings:
        nic = _meant(one, pairing)
        mac = macs.get(nic.key, "") if nic else ""
        if one.key == "mac" and mac:
            _mac(one, mac, bindings, edits, concerns)
        elif one.key == "driver" and not _drives(one.value, card_driver):
            _driver(one, mac, card_driver, bindings, edits, concerns)
        elif one.key == "path":
            _path(one, mac, edits, concerns)
        elif one.key == "clone" and mac and one.value != mac:
            text = f"{one.file} gives {one.name or 'a card'} the MAC {one.value}, the VM's card has {mac}"
            concerns.append(warning("mac-cloned", text, "a network that allows only the VM's own MAC will drop it"))
    return edits, concerns


def _meant(one: Binding, pairing: Pairing) -> Nic | None:
    for pair in pairing.pairs:
        if one.name and pair.wanted.name == one.name:
            return pair.nic
    for pair in pairing.pairs:
        if one.key == "path":
            meant = is_at(pair.nic, one.value) or pair.wanted.path == one.value
        else:
            meant = one.key == "mac" and one.value in (pair.nic.mac, pair.wanted.mac)
        if meant and not (one.name and pair.wanted.name):
            return pair.nic
    return None


def _mac(one: Binding, mac: str, bindings: Sequence[Binding], edits: list[Edit], concerns: list[Concern]) -> None:
    if one.value == mac:
        return
    settled = any(other.name == one.name and other.value == mac and other.alone for other in bindings)
    if one.alone and settled:
        return  # an older card's rule beside the right one: it fits nothing and does no harm
    what = f"{one.file}:{one.line} ties {one.name or 'a connection'} to {one.value}, the card has {mac}"
    if one.line == 0:
        concerns.append(critical("mac-in-file-name", what, "rename the file in the guest, or keep the old MAC"))
        return
    styled = mac.upper() if one.written.upper() == one.written else mac
    edits.append(
        Edit(file=one.file, line=one.line, old=one.written, new=styled.replace(":", "-" if "-" in one.written else ":"))
    )
    concerns.append(warning("mac-rewritten", f"{what}: rewritten"))


def _drives(globs: str, card_driver: str) -> bool:
    words = globs.replace(";", " ").split()
    return any(fnmatchcase(card_driver, word) for word in words) or any(word[0] == "!" for word in words)


def _driver(
    one: Binding,
    mac: str,
    card_driver: str,
    bindings: Sequence[Binding],
    edits: list[Edit],
    concerns: list[Concern],
) -> None:
    what = f"{one.file}:{one.line} ties {one.name or 'a connection'} to the driver {one.value[:40]}"
    if one.alone and mac:
        edits.append(Edit(file=one.file, line=one.line, old="", new=rule_line(one.name, mac)))
    elif one.alone:
        return  # a rule for a card that the VM does not have
    elif len({other.value for other in bindings if other.key == "driver" and not other.alone}) > 1:
        concerns.append(critical("driver-ambiguous", f"{what}, another file to another: at the target all are alike"))
        return
    else:
        edits.append(Edit(file=one.file, line=one.line, old=one.written, new=card_driver))
    concerns.append(info("driver-rewritten", f"{what}: rewritten"))


SHIPPED = ("/lib/", "/usr/lib/")
"""What a distribution ships for any machine (Debian's 73-usb-net-by-mac.link fits *-usb-*) says nothing of this one."""


def _path(one: Binding, mac: str, edits: list[Edit], concerns: list[Concern]) -> None:
    what = f"{one.file}:{one.line} ties {one.name or 'a connection'} to {one.value[:60]}, a place on the old bus"
    if mac and one.alone:
        edits.append(Edit(file=one.file, line=one.line, old="", new=rule_line(one.name, mac)))
    elif mac and one.file.endswith((".link", ".network")):
        edits.append(Edit(file=one.file, line=one.line, old="", new=f"MACAddress={mac}"))
    elif mac and one.name:
        edits.append(Edit(file=one.file, line=one.line, old="", new=f"interface-name={one.name};"))
    elif not one.alone and not one.file.startswith(SHIPPED):
        concerns.append(critical("path-lost", what, "bind it to a MAC or a name in the guest before the move"))
        return
    else:
        return
    concerns.append(info("path-rewritten", f"{what}: rewritten"))


def applied(edits: Sequence[Edit], files: GuestFiles) -> dict[str, tuple[str, str]]:
    """File to its text before and after, for those that differ."""
    found = {}
    for file in dict.fromkeys(one.file for one in edits):
        text = load(files, file, [])
        if text is None:
            continue
        lines = text.whole.split("\n")
        for one in (edit for edit in edits if edit.file == file and 0 < edit.line <= len(lines)):
            row = lines[one.line - 1]
            lines[one.line - 1] = row.replace(one.old, one.new) if one.old else one.new + "\r" * row.endswith("\r")
        found[file] = (text.whole, "\n".join(lines))
    return {file: pair for file, pair in found.items() if pair[0] != pair[1]}
