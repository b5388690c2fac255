"""Which column of a tab is which: by today's name, older and translated ones, with MB for MiB, any punctuation."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtv.formats.rvtools.tab import Column, Tab

_UNITS = ((re.compile(r"\bm(i?)b\b"), "mib"), (re.compile(r"\bk(i?)b\b"), "kib"))


@dataclass(frozen=True)
class Heads:
    """Places of the columns that are read, by their fields; `custom` are those of attributes; `missing` are names."""

    places: Mapping[str, int]
    columns: Mapping[str, Column[Any]]
    custom: Mapping[int, str]
    missing: Sequence[str]


def fold(name: str) -> str:
    """A name without case, accents and punctuation; MB and MiB are the same: values were always binary."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(one))
    for unit, word in _UNITS:
        plain = unit.sub(word, plain)
    return re.sub("[^a-z0-9#%]", "", plain)


def match(tab: Tab[Any], names: Mapping[int, str]) -> Heads:
    """`names` are the texts of the tab's first row, by place."""
    folded = {place: _stripped(fold(name), fold(tab.name)) for place, name in names.items()}
    inside = _between(tab, folded)
    taken = dict(_exact(tab, folded, inside))
    places = {taken[column.name]: column for column in tab.columns if column.name in taken}
    read = {column.field: place for place, column in places.items() if column.field}
    after = next((place for place, word in folded.items() if word == fold(tab.custom)), -1)
    custom = (
        {place: name for place, name in names.items() if place not in places and place > after} if tab.custom else {}
    )
    return Heads(
        places=read,
        columns={column.field: column for column in places.values() if column.field},
        custom=custom,
        missing=[column.name for column in tab.columns if column.field and column.name not in taken],
    )


def _between(tab: Tab[Any], folded: Mapping[int, str]) -> set[int]:
    """Places of custom columns, which may be named as any other."""
    starts = [place for place, word in folded.items() if tab.custom and word == fold(tab.custom)]
    ends = [place for place, word in folded.items() if word == "datacenter"]
    return set(range(starts[0] + 1, ends[-1])) if starts and ends else set()


def _exact(tab: Tab[Any], folded: Mapping[int, str], inside: set[int]) -> Iterator[tuple[str, int]]:
    """Each column with its place: its own name first, then what it was called, then without its unit; and only what
    stands nowhere else is looked for among custom columns."""
    free = dict(sorted(folded.items(), key=lambda pair: (pair[0] in inside, pair[0])))
    left = list(tab.columns)
    for words in (_own, _older, _unitless):
        still = []
        for column in left:
            wanted = words(column)
            place = next((place for place, word in free.items() if word in wanted), None)
            if place is None:
                still.append(column)
            else:
                del free[place]
                yield column.name, place
        left = still


def _own(column: Column[Any]) -> tuple[str, ...]:
    return (fold(column.name),)


def _older(column: Column[Any]) -> tuple[str, ...]:
    return tuple(fold(one) for one in column.was)


def _unitless(column: Column[Any]) -> tuple[str, ...]:
    return tuple(word.removesuffix("mib") for word in (*_own(column), *_older(column)) if word.endswith("mib"))


def _stripped(word: str, tab: str) -> str:
    """vInfoPowerstate in tab vInfo is Powerstate."""
    return word[len(tab) :] if word.startswith(tab) and len(word) > len(tab) else word
