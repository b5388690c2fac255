"""Kinds of cells: how RVTools writes a value, and how books of any version, edited by people, are read back.

`read` raises ValueError, with what is needed, for what it cannot be.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from mtv.formats.rvtools import dates

Raw = str | int | float | bool
Written = str | int | float | datetime | None

MIB = 1 << 20
LARGEST_MIB = 1 << 33  # 8 PiB: a thousand of them still are a 64-bit number of bytes
YES = frozenset(
    ("true", "1", "yes", "y", "ja", "oui", "si", "sí", "sim", "wahr", "vrai", "verdadero", "vero", "enabled")
)
NO = frozenset(("false", "0", "no", "n", "nein", "non", "não", "falsch", "faux", "falso", "disabled"))
_GROUPED = re.compile(r"-?\d{1,3}(?:[.,]\d{3})+")
_SPACES = re.compile("[\\s'\u2019\u00a0\u202f]")


@dataclass(frozen=True)
class Cell:
    """None is never written, and never read: such a cell is empty."""

    write: Callable[[object], Written]
    read: Callable[[Raw], object]


def text(raw: Raw) -> str:
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return str(raw)


def number(raw: Raw) -> int | float:
    """12; "1,234" and "1.234" as they group thousands; "0,5"."""
    if isinstance(raw, str):
        plain = _SPACES.sub("", raw)
        if _GROUPED.fullmatch(plain):
            plain = plain.replace(",", "").replace(".", "")
        try:
            raw = float(plain.replace(",", "."))
        except ValueError:
            raise ValueError("a number is needed") from None
    if raw != raw or abs(raw) > 1 << 62:
        raise ValueError("a number is needed")
    return raw


def whole(raw: Raw) -> int:
    return round(number(raw))


def count(raw: Raw) -> int:
    found = whole(raw)
    if found < 0:
        raise ValueError("a number from 0 is needed")
    return found


def flag(raw: Raw) -> bool:
    if isinstance(raw, bool):
        return raw
    word = text(raw).strip().casefold()
    if word in YES or word in NO:
        return word in YES
    raise ValueError("True or False is needed")


def words(table: Mapping[str, str]) -> Cell:
    """Our word and RVTools'; both are read. Another word stays as it is, in both directions."""
    ours = {theirs.casefold(): word for word, theirs in table.items()}
    return Cell(lambda value: table.get(str(value), str(value)), lambda raw: ours.get(text(raw).casefold(), text(raw)))


def _listed(value: object) -> Written:
    return ", ".join(str(one) for one in value) if isinstance(value, Sequence) else str(value)


def _list(raw: Raw) -> tuple[str, ...]:
    return tuple(one for part in re.split("[,;]", text(raw)) if (one := part.strip()))


def _rounded(unit: int) -> Callable[[object], Written]:
    """Up: what is planned for is never too small."""
    return lambda value: ceil(int(str(value)) / unit)


def _limit(unit: int) -> Callable[[Raw], object]:
    """-1 says that there is none."""
    return lambda raw: None if whole(raw) < 0 else _bytes(raw) if unit == MIB else whole(raw)


def _bytes(raw: Raw) -> int:
    found = number(raw)
    if not 0 <= found < LARGEST_MIB:
        raise ValueError("a number of MiB is needed")
    return round(found * MIB)


TEXT = Cell(lambda value: str(value) or None, text)
WHOLE = Cell(lambda value: int(str(value)), count)
NUMBER = Cell(lambda value: round(float(str(value)), 2), number)
FLAG = Cell(lambda value: "True" if value else "False", flag)
SIZE = Cell(_rounded(MIB), _bytes)
ROOM = Cell(lambda value: int(str(value)) >> 20, _bytes)
DATE = Cell(lambda value: dates.written(str(value)), dates.read)
LIST = Cell(_listed, _list)
LIMIT = Cell(lambda value: int(str(value)), _limit(1))
SIZE_LIMIT = Cell(lambda value: -1 if value == -1 else ceil(int(str(value)) / MIB), _limit(MIB))
POWER = words({"on": "poweredOn", "off": "poweredOff", "suspended": "suspended"})
CONTROLLER = words({
    "pvscsi": "VMware paravirtual SCSI", "lsilogic": "LSI Logic", "lsisas": "LSI Logic SAS", "buslogic": "BusLogic",
    "scsi": "SCSI", "ide": "IDE", "ahci": "AHCI", "nvme": "NVME Controller",
})  # fmt: skip
ADAPTER = words({
    "vmxnet3": "Vmxnet3", "vmxnet2": "Vmxnet2", "vmxnet": "Vmxnet", "e1000": "E1000", "e1000e": "E1000e",
    "pcnet32": "PCNet32", "sriov": "SriovEthernetCard",
})  # fmt: skip
RAW_MODE = words({"physical": "physicalMode", "virtual": "virtualMode"})
SHARED_BUS = words({"": "noSharing", "physical": "physicalSharing", "virtual": "virtualSharing"})
SHARING = words({"": "sharingNone", "multi-writer": "sharingMultiWriter"})
