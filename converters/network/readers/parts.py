"""What every reader gives: interfaces for people, bindings for whoever keeps the names, flaws for both."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from mtv.converters.guest.files import GuestFiles
from mtv.converters.network.macs import normal_mac
from mtv.converters.network.syntax.text import Flaw
from mtv.model.guest import Interface

Key = Literal["mac", "driver", "path", "clone", "lease"]


@dataclass(frozen=True, kw_only=True)
class Binding:
    """One line of a guest's file that ties configuration, or a name, to a NIC.

    mac, driver, path say which NIC is meant; clone is a MAC that the guest gives itself; lease is a MAC that only
    remembers."""

    key: Key
    value: str  # a MAC the normal way; anything else as written
    written: str = ""  # as it stands in the line
    name: str = ""  # the interface; "" where the line names none
    file: str
    line: int
    names_nic: bool = False  # this very line gives the NIC its name at boot
    alone: bool = False  # a udev rule: the line can be replaced whole


@dataclass(frozen=True, kw_only=True)
class Reading:
    system: str
    interfaces: tuple[Interface, ...] = ()
    routes: tuple[str, ...] = ()
    nameservers: tuple[str, ...] = ()
    bindings: tuple[Binding, ...] = ()
    flaws: tuple[Flaw, ...] = ()


Reader = Callable[[GuestFiles], Reading]


@dataclass
class Draft:
    """A reading while it is being made."""

    system: str
    interfaces: list[Interface] = field(default_factory=list)
    routes: list[str] = field(default_factory=list)
    nameservers: list[str] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)

    def flaw(self, file: str, line: int, text: str) -> None:
        self.flaws.append(Flaw(file, line, text))

    def bind(self, key: Key, written: str, name: str, file: str, line: int, names_nic: bool = False) -> str:
        """Notes the binding; gives the value back the normal way, "" where it is no value."""
        value = normal_mac(written) if key in ("mac", "clone", "lease") else written.strip()
        if value:
            made = Binding(key=key, value=value, written=written, name=name, file=file, line=line, names_nic=names_nic)
            self.bindings.append(made)
        return value

    def done(self) -> Reading:
        return Reading(
            system=self.system,
            interfaces=tuple(together(self.interfaces)),
            routes=tuple(dict.fromkeys(self.routes)),
            nameservers=tuple(dict.fromkeys(self.nameservers)),
            bindings=tuple(self.bindings),
            flaws=tuple(self.flaws),
        )


_METHODS = ("unknown", "none", "static", "dhcp")  # of two, the later one tells more


def together(interfaces: Iterable[Interface]) -> list[Interface]:
    """One row for each name: IPv4 and IPv6, aliases and drop-ins are written apart and mean the same interface."""
    rows: dict[str, Interface] = {}
    for one in interfaces:
        key = one.name or f"{one.file}|{one.mac}"
        rows[key] = _joined(rows[key], one) if key in rows else one
    return list(rows.values())


def _joined(first: Interface, second: Interface) -> Interface:
    return replace(
        first,
        mac=first.mac or second.mac,
        kind=second.kind if first.kind == "ethernet" else first.kind,
        method=max(first.method, second.method, key=_METHODS.index),
        addresses=tuple(dict.fromkeys(first.addresses + second.addresses)),
        gateway=first.gateway or second.gateway,
        members=tuple(dict.fromkeys(first.members + second.members)),
    )
