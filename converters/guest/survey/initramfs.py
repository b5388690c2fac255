"""What an initramfs holds: the names in its cpio archives, whatever they are packed with. Bounded: a guest may give us
anything.

An initramfs is any number of newc archives, plain (microcode, and since 2024 kernel modules) or compressed, with zero
bytes between them: https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
"""

import bz2
import gzip
import io
import lzma
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from mtv import process

ENTRIES_LIMIT = 200_000
NAME_LIMIT_BYTES = 4096
UNPACKED_LIMIT_BYTES = 2 << 30
_HEADER_BYTES = 110
_MAGICS = (b"070701", b"070702")
_PROGRAMS = {  # magic -> a program that unpacks a file to its output; Python 3.11 has neither
    b"\x28\xb5\x2f\xfd": ("zstd", "-dcq", "--"),
    b"\x02\x21\x4c\x18": ("lz4", "-dcq", "--"),
    b"\x04\x22\x4d\x18": ("lz4", "-dcq", "--"),
    b"\x89LZO": ("lzop", "-dcq", "--"),
}


class Unreadable(ValueError):
    """Not an initramfs that we can read; the text says why."""


def names(data: bytes) -> Iterator[str]:
    """Paths of all entries, as they stand in it. Raises Unreadable, also after some names."""
    offset = 0
    while (offset := _skip_zeroes(data, offset)) < len(data):
        if data[offset : offset + 6] in _MAGICS:
            archive = io.BytesIO(data)
            archive.seek(offset)
            yield from _archive(archive)
            offset = archive.tell()
            continue
        with _unpacked(data[offset:]) as unpacked:
            yield from _archives(unpacked)
        return


def _skip_zeroes(data: bytes, offset: int) -> int:
    while data[offset : offset + 4096].strip(b"\0") == b"" and offset < len(data):
        offset += 4096
    rest = data[offset : offset + 4096]
    return min(offset + len(rest) - len(rest.lstrip(b"\0")), len(data))


def _archives(file: IO[bytes]) -> Iterator[str]:
    """Archives one after the other in a stream that cannot seek."""
    stream = _Forward(file)
    while stream.find_magic():
        yield from _archive(stream)
    if not stream.tell():
        raise Unreadable("it does not unpack: nothing comes out of it")


class _Forward:
    """Reads forward within a limit; what was looked at is given again."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._seen = b""
        self._at = 0

    def tell(self) -> int:
        return self._at

    def read(self, length: int) -> bytes:
        data, self._seen = self._seen[:length], self._seen[length:]
        if len(data) < length:
            data += self._fetch(length - len(data))
        self._at += len(data)
        return data

    def _fetch(self, length: int) -> bytes:
        if self._at + length > UNPACKED_LIMIT_BYTES:
            raise Unreadable(f"it unpacks to more than {UNPACKED_LIMIT_BYTES} bytes")
        try:
            return self._file.read(length)
        except (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError) as error:
            raise Unreadable(f"it does not unpack: {error}") from error

    def find_magic(self) -> bool:
        """At the next archive, or at the end."""
        while True:
            head = self.read(4)  # archives begin at multiples of four
            if len(head) < 4:
                return False
            if head.strip(b"\0"):
                self._seen = head + self._seen
                self._at -= len(head)
                return True


def _archive(file: "io.BytesIO | _Forward") -> Iterator[str]:
    start = file.tell()
    for _ in range(ENTRIES_LIMIT):
        header = file.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES or header[:6] not in _MAGICS:
            raise Unreadable(f"no archive entry at byte {file.tell() - len(header)}")
        size, name_bytes = _field(header, 6), _field(header, 11)
        if name_bytes > NAME_LIMIT_BYTES or size > UNPACKED_LIMIT_BYTES:
            raise Unreadable(f"an entry of {size} bytes with a name of {name_bytes}")
        name = file.read(name_bytes).rstrip(b"\0").decode(errors="replace")
        _skip(file, -(file.tell() - start) % 4)
        _skip(file, size + -size % 4)
        if name == "TRAILER!!!":
            return
        yield name
    raise Unreadable(f"it has more than {ENTRIES_LIMIT} entries")


def _field(header: bytes, index: int) -> int:
    try:
        return int(header[6 + 8 * index : 14 + 8 * index], 16)
    except ValueError as error:
        raise Unreadable("an entry's header is no hexadecimal") from error


def _skip(file: "io.BytesIO | _Forward", length: int) -> None:
    while length > 0:
        length -= len(file.read(min(length, 1 << 20))) or length  # a short one: the next header says so


@contextmanager
def _unpacked(data: bytes) -> Iterator[IO[bytes]]:
    if data[:2] == b"\x1f\x8b":
        with gzip.open(io.BytesIO(data)) as unpacked:
            yield cast(IO[bytes], unpacked)
    elif data[:6] == b"\xfd7zXZ\0" or data[:3] == b"\x5d\0\0":
        with lzma.open(io.BytesIO(data)) as unpacked:
            yield cast(IO[bytes], unpacked)
    elif data[:3] == b"BZh":
        with bz2.open(io.BytesIO(data)) as unpacked:
            yield cast(IO[bytes], unpacked)
    elif data[:4] in _PROGRAMS:
        with _by_program(_PROGRAMS[data[:4]], data) as unpacked:
            yield unpacked
    else:
        raise Unreadable(f"it is packed in a way that is not known: it begins with {data[:6].hex()}")


@contextmanager
def _by_program(argv: tuple[str, ...], data: bytes) -> Iterator[IO[bytes]]:
    if process.which(argv[0]) is None:
        raise Unreadable(f"{argv[0]} is not installed")
    with tempfile.TemporaryDirectory(prefix="mtv-initramfs-") as folder:
        packed = Path(folder) / "packed"
        packed.write_bytes(data)
        reading, writing = os.pipe()
        log = os.open(os.devnull, os.O_WRONLY)
        with os.fdopen(reading, "rb") as unpacked, process.running([*argv, str(packed)], out=writing, log=log):
            os.close(writing)
            os.close(log)
            yield unpacked
