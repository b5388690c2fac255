"""Writes initramfs archives for tests: newc cpio, packed in any way that distributions use."""

import bz2
import gzip
import lzma
import subprocess
from collections.abc import Callable, Mapping, Sequence


def cpio(names: Sequence[str], content: bytes = b"module") -> bytes:
    return b"".join(_entry(name, content) for name in names) + _entry("TRAILER!!!", b"")


def _entry(name: str, content: bytes) -> bytes:
    fields = (1, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    head += bytes(-len(head) % 4)
    return head + content + bytes(-len(content) % 4)


def _program(*argv: str) -> Callable[[bytes], bytes]:
    return lambda data: subprocess.run(argv, input=data, capture_output=True, check=True).stdout


PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32),
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "bzip2": bz2.compress,
    "zstd": _program("zstd", "-q", "-c"),
    "lz4": _program("lz4", "-l", "-c"),  # the legacy format, as the kernel wants it
}
