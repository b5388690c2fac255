"""What a server says of a VM, flat: texts by their path. Nothing here raises for a value that is odd.

A property's path is "": of `<val xsi:type="X"><a><b>1</b></a><c/><c>2</c></val>` there is
`{"@": "X", "": "", "a": "", "a/b": "1", "c": "", "c#1": "2"}`.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from mtv.errors import MtvError
from mtv.providers.vsphere.objects.elements import kind, whole
from mtv.providers.vsphere.wire.answer import VIM, Element

Told = Mapping[str, str]
PATHS_LIMIT = 4_000_000  # characters of one value's paths: a snapshot below 32 others has 600
LISTS: Mapping[str, tuple[str, ...]] = {
    "config.hardware": ("device",), "guest": ("net", "ipStack", "disk"),
    "layoutEx.file": ("VirtualMachineFileLayoutExFileInfo",),
    "layoutEx.disk": ("VirtualMachineFileLayoutExDiskLayout",),
}  # fmt: skip
"""What is told of by itself within a property, since there is much of it."""
_SKIP = len(VIM)


class Value(NamedTuple):
    """A property: what it says itself, and each thing of its lists with that thing's tag."""

    own: Told
    items: Sequence[tuple[str, Told]] = ()

    def every(self, tag: str) -> list[Told]:
        return [told for one, told in self.items if one == tag]


Props = Mapping[str, Value]
NOTHING = Value({})


def value(element: Element, name: str) -> Value:
    """A property's `val`."""
    lists = LISTS.get(name, ())
    tags = [VIM + tag for tag in lists]
    items = [(str(one.tag)[_SKIP:], flat(one)) for one in element.iterchildren(*tags)] if tags else []
    return Value(flat(element, tags), items)


def flat(element: Element, without: Sequence[str] = ()) -> dict[str, str]:
    """Raises MtvError `vsphere.too-large`. `without` are children that are told by themselves."""
    told, size = {"": "" if len(element) else element.text or ""}, 0
    if sort := kind(element):
        told["@"] = sort
    for path, one in _below(element, without):
        told[path] = "" if len(one) else one.text or ""
        if sort := kind(one):
            told[f"{path}@"] = sort
        size += len(path)
        if size > PATHS_LIMIT:
            raise MtvError("vsphere.too-large", f"a value has more than {PATHS_LIMIT} characters of paths")
    return told


def _below(element: Element, without: Sequence[str]) -> Iterator[tuple[str, Element]]:
    """All that is in it with its path, in their order."""
    waiting = [_named(element, "", without)]
    while waiting:
        for path, one in waiting[-1]:
            yield path, one
            if len(one):
                waiting.append(_named(one, f"{path}/"))
                break
        else:
            waiting.pop()


def _named(element: Element, above: str, without: Sequence[str] = ()) -> Iterator[tuple[str, Element]]:
    seen: dict[str, int] = {}
    for one in element:
        if one.tag not in without:
            name = str(one.tag).rpartition("}")[2]
            number = seen[name] = seen.get(name, -1) + 1
            yield f"{above}{name}#{number}" if number else above + name, one


def each(told: Told, path: str) -> Iterator[str]:
    """Paths of all that have this one."""
    if path in told:
        yield path
        number = 1
        while (next_ := f"{path}#{number}") in told:
            yield next_
            number += 1


def texts(told: Told, path: str) -> Iterator[str]:
    return (text for one in each(told, path) if (text := told[one]))


def line(told: Told) -> str:
    """All its texts."""
    return "\x1f".join(text for path, text in told.items() if text and not path.endswith("@"))


def number(told: Told, path: str) -> int | None:
    words = told.get(path)
    return (_known(words) if len(words) < 20 else whole(words)) if words else None


_known = lru_cache(4_096)(whole)  # most are few: units, sizes of disks and of memory


def flag(told: Told, path: str) -> bool:
    return told.get(path) in ("true", "1")


def text(props: Props, name: str) -> str:
    """A plain property."""
    found = props.get(name)
    return found.own.get("", "") if found else ""


def own(props: Props, name: str) -> Told:
    return props.get(name, NOTHING).own
