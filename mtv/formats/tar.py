"""Where a tar's members lie, without unpacking: ustar, pax and GNU. What an OVA never needs is refused by name."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from mtv.formats.window import Window

BLOCK_BYTES = 512
EXTENSION_LIMIT_BYTES = 1 << 20  # a pax or GNU name record; real ones are under 1 KiB
NAME_LIMIT_BYTES = 255
REGULAR = (b"\0", b"0", b"7")
DIRECTORY, PAX, PAX_GLOBAL, GNU_NAME, GNU_LINK, VOLUME = b"5", b"x", b"g", b"L", b"K", b"V"
KINDS = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a character device",
    b"4": "a block device",
    b"6": "a pipe",
    b"S": "a GNU sparse file",
    b"M": "a part of another volume",
}


@dataclass(frozen=True)
class Member:
    """A regular file: its bytes lie at `offset` of the archive."""

    name: str
    offset: int
    size: int


@dataclass
class _Next:
    """What extension records say of the member that follows."""

    name: bytes | None = None
    size: int | None = None

    def clear(self) -> None:
        self.name = self.size = None


def index(tar: Window, limit: int) -> tuple[Member, ...]:
    """Regular members in archive order. Raises Refused `tar.*`; more than `limit` headers are refused, too."""
    found: dict[str, Member] = {}
    for member in _members(tar, limit):
        if member.name in found:
            raise tar.refuse("duplicate", f"the member '{member.name}' is there twice")
        found[member.name] = member
    return tuple(found.values())


def _members(tar: Window, limit: int) -> Iterator[Member]:
    coming, offset, headers = _Next(), 0, 0
    while offset + BLOCK_BYTES <= tar.size:
        block = tar.take(offset, BLOCK_BYTES, "header")
        if not any(block):
            return
        headers += 1
        if headers > limit:
            raise tar.refuse("too-many", f"it has more than {limit} members", "an OVA holds a dozen; look what it is")
        _check_sum(tar, block, offset)
        kind, data = block[156:157], offset + BLOCK_BYTES
        size = _number(tar, block[124:136], offset)
        if kind in (PAX, PAX_GLOBAL, GNU_NAME, GNU_LINK):
            _extend(tar, kind, tar.take(data, _bounded(tar, size, offset), "extended header"), coming)
        else:
            size = size if coming.size is None else coming.size
            name = coming.name if coming.name is not None else _header_name(block)
            if kind != VOLUME:
                yield from _member(tar, kind, name, data, size)
            coming.clear()
            size = 0 if kind in (DIRECTORY, VOLUME) else size
        offset = data + -(-size // BLOCK_BYTES) * BLOCK_BYTES
    if offset == 0:
        raise tar.refuse("header", f"it has {tar.size} bytes and is no tar archive")


def _member(tar: Window, kind: bytes, raw: bytes, data: int, size: int) -> Iterator[Member]:
    name = _checked_name(tar, raw)
    if kind == DIRECTORY:
        return
    if kind not in REGULAR:
        what = KINDS.get(kind, f"of unknown type {kind!r}")
        raise tar.refuse("member-type", f"the member '{name}' is {what}", "an OVA holds plain files only")
    if data + size > tar.size:
        there = tar.size - data
        raise tar.refuse("truncated", f"the member '{name}' has {size} bytes, {there} are there", "fetch it again")
    yield Member(name, data, size)


def _checked_name(tar: Window, raw: bytes) -> str:
    """The name without a leading "./". Raises Refused for what could reach outside or confuse a reader."""
    if not raw or len(raw) > NAME_LIMIT_BYTES:
        raise tar.refuse("name", f"a member's name has {len(raw)} bytes, 1 to {NAME_LIMIT_BYTES} are allowed")
    try:
        name = raw.decode()
    except UnicodeDecodeError as error:
        raise tar.refuse("name", f"the member name {raw[:80]!r} is not UTF-8") from error
    if any(unicodedata.category(letter).startswith("C") for letter in name):
        raise tar.refuse("name", f"the member name {name[:80]!r} has control characters")
    if name.startswith("/") or ".." in name.split("/"):
        raise tar.refuse("path", f"the member '{name}' lies outside of the archive", "repack it with relative names")
    while name.startswith("./"):
        name = name[2:]
    return name


def _header_name(block: bytes) -> bytes:
    name = block[:100].split(b"\0", 1)[0]
    prefix = block[345:500].split(b"\0", 1)[0] if block[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _check_sum(tar: Window, block: bytes, offset: int) -> None:
    """Some old writers added signed bytes."""
    given = _number(tar, block[148:156], offset)
    rest = block[:148] + b" " * 8 + block[156:]
    if not given or given not in (sum(rest), sum(byte - 256 if byte > 127 else byte for byte in rest)):
        what = "it is no tar archive" if offset == 0 else f"the header at byte {offset} has a wrong checksum"
        raise tar.refuse("header", what, "fetch it again; a compressed archive must be unpacked first")


def _number(tar: Window, raw: bytes, offset: int) -> int:
    """Octal text, or GNU's base-256 where the top bit is set."""
    if raw[0] & 0x80:
        value = int.from_bytes(bytes([raw[0] & 0x7F]) + raw[1:], "big")
        if raw[0] & 0x40 or value >= 1 << 63:
            raise tar.refuse("header", f"the header at byte {offset} has a negative or absurd number")
        return value
    text = raw.strip(b" \0")
    if text and not all(byte in b"01234567" for byte in text):
        what = "it is no tar archive" if offset == 0 else f"the header at byte {offset} has the number {raw!r}"
        raise tar.refuse("header", what)
    return int(text or b"0", 8)


def _bounded(tar: Window, size: int, offset: int) -> int:
    if size > EXTENSION_LIMIT_BYTES:
        raise tar.refuse(
            "header", f"the extended header at byte {offset} has {size} bytes, over {EXTENSION_LIMIT_BYTES}"
        )
    return size


def _extend(tar: Window, kind: bytes, data: bytes, coming: _Next) -> None:
    if kind == GNU_NAME:
        coming.name = data.split(b"\0", 1)[0]
    elif kind in (PAX, PAX_GLOBAL):
        records = dict(_pax(tar, data))
        if any(key.startswith((b"GNU.sparse", b"SCHILY.realsize", b"SUN.holes")) for key in records):
            raise tar.refuse("sparse", "it has a sparse member", "repack it without --sparse")
        if kind == PAX and b"path" in records:
            coming.name = records[b"path"]
        if kind == PAX and b"size" in records:
            coming.size = _decimal(tar, records[b"size"])


def _pax(tar: Window, data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Records are `LENGTH KEY=VALUE\\n`, the length counting all of itself."""
    at = 0
    while at < len(data):
        head, space, _ = data[at : at + 21].partition(b" ")
        length = _decimal(tar, head)
        record = data[at + len(head) + 1 : at + length]
        key, equals, value = record.partition(b"=")
        if not space or not equals or at + length > len(data) or not value.endswith(b"\n"):
            raise tar.refuse("header", "an extended header is malformed")
        yield key, value[:-1]
        at += length


def _decimal(tar: Window, text: bytes) -> int:
    if not text.isdigit() or len(text) > 19:
        raise tar.refuse("header", f"an extended header has the number {text[:40]!r}")
    return int(text)
