"""Which of a guest's interfaces is which of the VM's NICs, and how surely that is known."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from mtv.converters.network import slots
from mtv.converters.network.readers.parts import Binding
from mtv.converters.network.syntax import addresses
from mtv.model.estate import Nic
from mtv.model.guest import GuestNetwork

By = Literal["mac", "slot", "order", "only", "guess"]
# Interfaces of these names are made by software, whatever file configures them.
_SOFTWARE = re.compile(r"^(docker|veth|virbr|vnet|tun|tap|wg|dummy|br-|lxc|lxd|cni|flannel|cali|wl|ww|ib|ppp|sit|lo$)")
_ETH = re.compile(r"eth(\d+)")
_PREDICTABLE = re.compile(r"^en[opsx]")


@dataclass(frozen=True)
class Wanted:
    """One network card that the guest's files expect: by name, by MAC, by its place on the bus, or by all of them."""

    name: str
    mac: str = ""
    path: str = ""

    def __str__(self) -> str:
        return self.name or self.mac or self.path


@dataclass(frozen=True, kw_only=True)
class Pair:
    wanted: Wanted
    nic: Nic
    by: By


@dataclass(frozen=True, kw_only=True)
class Pairing:
    pairs: tuple[Pair, ...] = ()
    unfit: tuple[Wanted, ...] = ()  # no NIC fits, and some NIC is unsure: somebody must look
    stale: tuple[Wanted, ...] = ()  # configuration of cards that the VM does not have
    spare: tuple[Nic, ...] = ()  # NICs that nothing in the guest asks for


@dataclass
class _Table:
    """The work in progress."""

    wanted: list[Wanted]
    nics: list[Nic]
    pairs: list[Pair] = field(default_factory=list)

    def pair(self, wanted: Wanted, nic: Nic, by: By) -> None:
        self.pairs.append(Pair(wanted=wanted, nic=nic, by=by))
        self.wanted.remove(wanted)
        self.nics.remove(nic)


def pair(
    network: GuestNetwork,
    bindings: Sequence[Binding],
    nics: Sequence[Nic],
    kernel_named: bool,
    later: Mapping[str, str] | None = None,
) -> Pairing:
    """By MAC, by PCI slot, by order for ethN, the only pair left, then by number. `kernel_named`: net.ifnames=0, or no
    udev that would give other names. `later`: NIC key to MAC at the target, which the files hold after a first plan."""
    table = _Table(wanted(network, bindings), list(nics))
    rivals = _by_mac(table, {nic.key: nic.mac for nic in nics}) + _by_mac(table, later or {})
    stale = rivals + _other_scheme(table, kernel_named)
    _by_slot(table, nics)
    _by_order(table, slots.pci_order(nics))
    sure = not table.nics
    if len(table.wanted) == len(table.nics) == 1:
        table.pair(table.wanted[0], table.nics[0], "only")
    _by_number(table)
    left = tuple(table.wanted)
    return Pairing(
        pairs=tuple(table.pairs),
        unfit=() if sure else left,
        stale=(*stale, *(left if sure else ())),
        spare=tuple(table.nics),
    )


def wanted(network: GuestNetwork, bindings: Sequence[Binding]) -> list[Wanted]:
    """Every card that is named: in a row of its own, as a member, or by a MAC or a place alone."""
    virtual = {one.name for one in network.interfaces if one.kind != "ethernet"}
    own = [one for one in network.interfaces if one.kind == "ethernet"]
    members = [name for one in network.interfaces if one.kind != "ethernet" for name in one.members]
    paths = {one.name: one.value for one in bindings if one.key == "path"}
    named = [name for name in (*(one.name for one in own), *members) if addresses.is_name(name)]
    cards = [
        Wanted(name, network.bound_macs.get(name, ""), paths.get(name, ""))
        for name in dict.fromkeys(named)
        if name not in virtual and not _SOFTWARE.match(name)
    ]
    taken = {one.mac for one in cards if one.mac}
    nameless = [Wanted("", one.mac) for one in own if not one.name and one.mac and one.mac not in taken]
    placed = [Wanted("", "", one.value) for one in bindings if one.key == "path" and not one.name]
    return cards + list(dict.fromkeys(nameless + placed))


def _by_mac(table: _Table, macs: Mapping[str, str]) -> list[Wanted]:
    """Pairs by MAC; gives back, taken off the table, names that claim a MAC which another holds with more right."""
    rivals: list[Wanted] = []
    for nic in list(table.nics):
        mac = macs.get(nic.key, "")
        claims = [one for one in table.wanted if mac and one.mac == mac]
        fitting = slots.names(nic.pci_slot) if nic.pci_slot is not None else ()
        best = sorted(claims, key=lambda one: one.name not in fitting)
        if best and list(macs.values()).count(mac) == 1:
            table.pair(best[0], nic, "mac")
            rivals += best[1:]
            table.wanted = [one for one in table.wanted if one not in best[1:]]
    return rivals


def _other_scheme(table: _Table, kernel_named: bool) -> list[Wanted]:
    """Takes off the table what is left from another way of naming: ifcfg-eth0 of the template beside ifcfg-ens192."""
    eth = [one for one in table.wanted if _ETH.fullmatch(one.name)]
    predictable = [one for one in table.wanted if _PREDICTABLE.match(one.name)]
    paired = [one.wanted.name for one in table.pairs]
    if kernel_named:
        left = predictable if eth or any(map(_ETH.fullmatch, paired)) else []
    else:
        left = eth if predictable or any(map(_PREDICTABLE.match, paired)) else []
    table.wanted = [one for one in table.wanted if one not in left]
    return left


def _by_slot(table: _Table, nics: Sequence[Nic]) -> None:
    for nic in [one for one in table.nics if one.pci_slot is not None]:
        fitting = slots.names(nic.pci_slot or 0)
        for one in table.wanted:
            if one.name in fitting or is_at(nic, one.path):
                table.pair(one, nic, "slot")
                break
    # A place alone, of a card that has its pair already: a second file for the same card.
    table.wanted = [one for one in table.wanted if one.name or one.mac or not any(is_at(nic, one.path) for nic in nics)]


def is_at(nic: Nic, path: str) -> bool:
    """Whether a path as udev or systemd write it, pci-0000:0b:00.0 or a longer one, leads to this NIC."""
    place = slots.path(nic.pci_slot) if nic.pci_slot is not None else ""
    return bool(place) and place in path


def _by_order(table: _Table, ordered: Sequence[Nic]) -> None:
    for one in list(table.wanted):
        match = _ETH.fullmatch(one.name)
        number = int(match[1]) if match and len(match[1]) < 4 else len(ordered)
        if number < len(ordered) and ordered[number] in table.nics:
            table.pair(one, ordered[number], "order")


def _by_number(table: _Table) -> None:
    """A guess, so only where the counts allow one: at least as many NICs as names, and every name has a number."""
    if len(table.wanted) > len(table.nics) or not all(any(map(str.isdigit, one.name)) for one in table.wanted):
        return
    for one in sorted(table.wanted, key=lambda one: _natural(one.name)):
        table.pair(one, slots.pci_order(table.nics)[0], "guess")


def _natural(text: str) -> list[tuple[int, str]]:
    """ens9 before ens10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


def with_names(found: Pairing, named: Iterable[tuple[Nic, str]]) -> Pairing:
    """The same with spare NICs that got a name after all."""
    extra = tuple(Pair(wanted=Wanted(name), nic=nic, by="slot") for nic, name in named)
    taken = [one.nic for one in extra]
    return replace(found, pairs=found.pairs + extra, spare=tuple(nic for nic in found.spare if nic not in taken))
