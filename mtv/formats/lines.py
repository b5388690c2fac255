"""Worker protocol 1 on stdout: one JSON object a line, under 16 KiB. Data too large for a line goes ahead of it in
`part` lines. Whoever reads drops repeats, ignores what it does not know and survives any bytes."""

import json
from collections.abc import Iterator, Mapping

from mtv.model.estate import Json
from mtv.model.tasks import LINE_LIMIT_BYTES, PROTOCOL, Event

TYPES = frozenset({"hello", "progress", "root", "facts", "sealed", "finding", "log", "end"})
RESERVED = frozenset({"v", "seq", "at", "type", "parts"})
INLINE_BYTES = 2 << 10  # a value up to this size stays in its event's line
LINE_ROOM_BYTES = LINE_LIMIT_BYTES - 512  # less what frames the data
PART_BYTES = 7 << 10  # quoting may double it
PARTS_LIMIT_BYTES = 16 << 20


def _text(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"))


def encode(seq: int, at: str, kind: str, data: Mapping[str, Json]) -> list[bytes]:
    """The lines of one event; the event's own comes last. `seq` is the first line's number, they count on."""
    if clash := RESERVED & data.keys():
        raise ValueError(f"an event's data cannot name {sorted(clash)}")
    inline: dict[str, Json] = {}
    apart: dict[str, Json] = {}
    room = LINE_ROOM_BYTES
    for key, value in data.items():
        size = len(_text({key: value}))
        keeps = size <= min(INLINE_BYTES, room)
        (inline if keeps else apart)[key] = value
        room -= size if keeps else 0
    lines: list[dict[str, Json]] = []
    if apart:
        text = _text(apart)
        lines = [
            {"type": "part", "text": text[start : start + PART_BYTES]} for start in range(0, len(text), PART_BYTES)
        ]
        inline["parts"] = len(lines)
    lines.append({"type": kind, **inline})
    return [
        _text({"v": PROTOCOL, "seq": seq + place, "at": at, **line}).encode() + b"\n"
        for place, line in enumerate(lines)
    ]


class Lines:
    """Events out of a worker's lines. `refused` counts lines that were none, `missed` numbers that never came."""

    def __init__(self) -> None:
        self.refused = 0
        self.missed = 0
        self.last = -1
        self._parts: list[str] = []

    def read(self, line: bytes) -> Event | None:
        """The event that this line completes, if any."""
        found = _object(line)
        if found is None:
            self.refused += 1
            return None
        seq, kind = found["seq"], found["type"]
        assert isinstance(seq, int)
        assert isinstance(kind, str)
        if seq <= self.last:
            return None
        self.missed += seq - self.last - 1
        self.last = seq
        if kind == "part":
            self._keep(found.get("text"))
            return None
        return self._event(seq, kind, found)

    def _keep(self, text: Json) -> None:
        if isinstance(text, str) and sum(map(len, self._parts)) + len(text) <= PARTS_LIMIT_BYTES:
            self._parts.append(text)

    def _event(self, seq: int, kind: str, found: dict[str, Json]) -> Event | None:
        parts, self._parts = self._parts, []
        if kind not in TYPES:
            return None
        data = {key: value for key, value in found.items() if key not in RESERVED}
        if found.get("parts"):
            data |= _joined(parts) if len(parts) == found["parts"] else {}
        return Event(seq=seq, at=str(found["at"]), type=kind, data=data)


def number(line: bytes) -> int | None:
    """Where it stands among a worker's lines, if it is one."""
    found = _object(line)
    return found["seq"] if found and isinstance(found["seq"], int) else None


def _object(line: bytes) -> dict[str, Json] | None:
    if len(line) > LINE_LIMIT_BYTES:
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("v") != PROTOCOL or not isinstance(found.get("at"), str):
        return None
    number = found.get("seq")
    if not isinstance(number, int) or isinstance(number, bool) or number < 0 or not isinstance(found.get("type"), str):
        return None
    return found


def _joined(parts: list[str]) -> dict[str, Json]:
    try:
        found = json.loads("".join(parts))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def cut(text: str, size: int = PART_BYTES) -> Iterator[str]:
    """A long text, such as a log's end, in pieces that fit a line each."""
    for start in range(0, len(text), size):
        yield text[start : start + size]
