"""A page of VMs, cut into the pieces that repeat: what was seen before is not parsed again.

XML takes a third of a reading's time, and VMs are much alike. A piece whose tags are those of one before, but for the
texts between them, says those texts at the same paths. lxml reads the first one of each such shape, where it stands,
and what is left of the page without its objects. A page that is anything but plain goes to lxml as a whole.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from lxml import etree

from mtv.errors import MtvError
from mtv.providers.vsphere.objects.told import LISTS, Told, Value, flat, value
from mtv.providers.vsphere.wire import answer
from mtv.providers.vsphere.wire.address import Address
from mtv.providers.vsphere.wire.answer import VIM, Element
from mtv.providers.vsphere.wire.soap import Ref, raise_fault

MEMORY_CHARS = 1 << 20  # what is remembered of one place in a page, before it is forgotten and begun again
PIECES_LIMIT = 10_000  # of a kind in what they are a piece of
MACHINE_CHARS = 1 << 20  # one that says more goes to lxml, which counts what it takes
_NO_TEXT = r"<\0-\x08\x0b-\x1f\ufffe\uffff"  # of these XML has none, and turns CR into LF
_TEXT = re.compile(f">([^{_NO_TEXT}]+)<")
_PLAIN_SET = re.compile(f"(([a-zA-Z.]+)</name><val[^<>]*>)([^&{_NO_TEXT}]*)</val></propSet>")
_ENTITY = re.compile("&(?:(#x[0-9A-Fa-f]{1,6}|#[0-9]{1,7}|[a-z]{2,4});)?")
_PLAIN = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_OBJECT, _OBJECT_END, _SET, _SET_END = "<objects>", "</objects>", "<propSet><name>", "</propSet>"
_NAMED = re.compile('<obj type="VirtualMachine">([^<>&]+)</obj>')
_MARKS = {tag: f"<{tag} " if tag == "device" else f"<{tag}" for tags in LISTS.values() for tag in tags}
"""How each thing of a list begins. A controller names its devices by tags that are called device, too, without type."""
_MIXED = {name: re.compile(f"<({'|'.join(tags)})(?=[ >])") for name, tags in LISTS.items() if len(tags) > 1}
K = TypeVar("K")
T = TypeVar("T")


class Odd(Exception):
    """Not as vCenters write it: lxml reads all of it, or says what is wrong."""


@dataclass(frozen=True)
class Machine:
    """One VM's properties."""

    ref: Ref
    props: dict[str, Value]


class Memory(dict[K, T]):
    """Of so many characters; then it begins again."""

    chars = 0

    def keep(self, key: K, one: T, chars: int) -> T:
        self.chars += chars
        if self.chars > MEMORY_CHARS:
            self.clear()
            self.chars = chars
        self[key] = one
        return one


class Fragments:
    """All pieces that stand at one place: `before + piece + after` is a page that has that one alone.
    `steps` lead from its object to what the piece tells of."""

    def __init__(self, before: str, after: str, steps: Sequence[tuple[int, int]]) -> None:
        self._before, self._after, self._steps = before, after, steps
        self._known = Memory[str, Told]()
        self._shapes = Memory[tuple[str, ...], tuple[Sequence[str], Told]]()

    def read(self, piece: str) -> Told:
        """Raises Odd."""
        return self._known.get(piece) or self._known.keep(piece, self.read_new(piece), 2 * len(piece))

    def read_new(self, piece: str) -> Told:
        """One that is not worth remembering, or is remembered elsewhere. Raises Odd."""
        parts = _TEXT.split(piece)
        texts = parts[1::2] if "&" not in piece else [_unescaped(one) for one in parts[1::2]]
        shape = tuple(parts[::2])
        paths, told = self._shapes.get(shape) or self._shaped(shape, piece, texts)
        made = dict(told)
        made.update(zip(paths, texts, strict=True))
        return made

    def _shaped(self, shape: tuple[str, ...], piece: str, texts: list[str]) -> tuple[Sequence[str], Told]:
        made = self._shape(piece, texts)
        return self._shapes.keep(shape, made, len(piece) + sum(map(len, made[1])))

    def _shape(self, piece: str, texts: list[str]) -> tuple[Sequence[str], Told]:
        """Paths of its texts in their order, and what every piece of that shape says."""
        place = next(_parsed(f"{self._before}{piece}{self._after}".encode()).iter(f"{VIM}objects"))
        for number, children in self._steps:
            if len(place) != children:
                raise Odd
            place = place[number]
        told = flat(place)
        paths = [path for path, text in told.items() if text and not path.endswith("@")]
        if [told[path] for path in paths] != texts:  # texts beside elements, or a > where none should be
            raise Odd
        return paths, told


class Places:
    """Where pieces stand in a page that begins and ends like that."""

    def __init__(self, head: str, tail: str) -> None:
        self.head, self.tail = head, tail
        self._sets = Fragments(f"{head}{_OBJECT}{_SET}", f"{_OBJECT_END}{tail}", ((0, 1), (1, 2)))
        self._rests = Fragments(f"{head}{_OBJECT}", tail, ())
        self._items: dict[str, Fragments] = {}
        self._known = Memory[str, tuple[str, Value]]()
        self._plain: dict[str, str] = {}

    def machine(self, text: str) -> Machine:
        first, *sets = text.split(_SET, PIECES_LIMIT)
        if not (named := _NAMED.fullmatch(first)) or not sets or len(text) > MACHINE_CHARS:
            raise Odd
        last, end, rest = sets[-1].rpartition(_SET_END)
        sets[-1] = last + end
        self._rests.read(rest)
        known = self._known
        return Machine(Ref("VirtualMachine", named[1]), dict([known.get(one) or self._property(one) for one in sets]))

    def _property(self, piece: str) -> tuple[str, Value]:
        plain = _PLAIN_SET.fullmatch(piece)
        if plain and (sort := self._plain.get(plain[1])) is not None:
            made = plain[2], Value({"": plain[3], "@": sort})
        elif (name := _unescaped(piece.partition("<")[0])) in LISTS:
            return name, self._listed(name, piece)
        else:
            made = name, Value(self._sets.read_new(piece))
            if plain and len(self._plain) < PIECES_LIMIT:
                self._plain[plain[1]] = made[1].own.get("@", "")
        return self._known.keep(piece, made, 2 * len(piece))

    def _listed(self, name: str, piece: str) -> Value:
        own, things = _things(name, piece)
        begin = len(name) + len("</name>")
        start = own[begin : own.find(">", begin) + 1]  # its val may declare namespaces
        items = []
        for tag, item in things:
            place, close = self._items.get(start + tag) or self._place(start, tag), f"</{tag}>"
            if not item.endswith(close):
                item, end, after = item.rpartition(close)
                item, own = item + end, own + after
            items.append((tag, place.read(item)))
        return Value(self._sets.read(own), items)

    def _place(self, start: str, tag: str) -> Fragments:
        around = f"{self.head}{_OBJECT}{start}{_MARKS[tag]}", f"</val>{_OBJECT_END}{self.tail}"
        place = self._items[start + tag] = Fragments(*around, ((0, 1), (0, 1)))
        return place


def _things(name: str, piece: str) -> tuple[str, Iterable[tuple[str, str]]]:
    """What stands before the first thing of its list; those with their tags, their marks cut off."""
    if mixed := _MIXED.get(name):
        own, *parts = mixed.split(piece, PIECES_LIMIT)
        return own, zip(parts[::2], parts[1::2], strict=True)
    (tag,) = LISTS[name]
    own, *parts = piece.split(_MARKS[tag], PIECES_LIMIT)
    return own, [(tag, part) for part in parts]


class Sieve:
    """Safe to use from several threads: what they remember at the same time is the same."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._places = Places("", "")

    def page(self, data: bytes) -> tuple[str, Sequence[Machine]]:
        """The token of the next one, or "", and its VMs. Raises MtvError and SoapFault as `answer.whole` does."""
        try:
            return "", self._cut(data)
        except (Odd, UnicodeDecodeError):
            return _whole(data, self._address)

    def _cut(self, data: bytes) -> Sequence[Machine]:
        """Raises Odd."""
        if b"!" in data and b"<!" in data:
            raise Odd
        head, *objects = data.split(_OBJECT.encode(), PIECES_LIMIT)
        last, end, tail = objects[-1].rpartition(_OBJECT_END.encode()) if objects else (b"", b"", b"")
        objects[-1:] = [last + end]
        places = self._of(head.decode(), tail.decode())
        return [places.machine(one.decode()) for one in objects]

    def _of(self, head: str, tail: str) -> Places:
        places = self._places
        if (places.head, places.tail) != (head, tail):
            try:
                body = answer.whole(iter((f"{head}{tail}".encode(),)), self._address)
            except MtvError as error:
                raise Odd from error
            if len(body) != 1 or len(body[0]):  # a fault, a token, or no page of VMs
                raise Odd
            places = self._places = Places(head, tail)
        return places


def _whole(data: bytes, address: Address) -> tuple[str, Sequence[Machine]]:
    found = answer.whole(iter((data,)), address)
    raise_fault(found)
    token = next((one.text or "" for one in found.iter(f"{VIM}token")), "")
    return token, [_machine(one) for one in found.iter(f"{VIM}objects")]


def _machine(element: Element) -> Machine:
    of, props = element[0], {}
    for one in element.iterchildren(f"{VIM}propSet"):
        if len(one) > 1 and (name := one[0].text):
            props[name] = value(one[1], name)
    return Machine(Ref(of.get("type", ""), of.text or ""), props)


def _parsed(data: bytes) -> Element:
    try:
        return etree.fromstring(data, answer.parser())
    except etree.XMLSyntaxError as error:
        raise Odd from error


def _unescaped(text: str) -> str:
    """As XML has it. Raises Odd for what it has not."""
    return _ENTITY.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    name = found[1] or ""
    if name.startswith("#"):
        code = int(name[2:], 16) if name[1] == "x" else int(name[1:])
        if code in (9, 10, 13) or 31 < code < 0xD800 or 0xDFFF < code < 0xFFFE or 0xFFFF < code < 0x110000:
            return chr(code)
    elif name in _PLAIN:
        return _PLAIN[name]
    raise Odd
