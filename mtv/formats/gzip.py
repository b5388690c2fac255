"""A gzip stream, inflated in bounded pieces; several members in a row are one stream. Checksums are verified."""

from collections.abc import Iterator
from typing import Protocol, cast

from isal import igzip_lib, isal_zlib

from mtv.errors import MtvError

MAGIC = b"\x1f\x8b"
ISAL_ERROR = cast(type[Exception], igzip_lib.IsalError)  # its stubs call the class an instance
PIECE_BYTES = 1 << 20
GZIP = 31  # window bits that mean: a gzip header and trailer


def inflated(chunks: Iterator[bytes], what: str) -> Iterator[bytes]:
    """Pieces of at most 1 MiB. Raises MtvError `gzip.damaged`, also where the stream is cut off."""
    engine, started = isal_zlib.decompressobj(wbits=GZIP), False
    for chunk in chunks:
        data = chunk
        while data:
            if engine.eof:
                if not any(data):  # padding after the last member
                    break
                engine = isal_zlib.decompressobj(wbits=GZIP)
            started = True
            piece = _inflate(engine, data, what)
            if piece:
                yield piece
            data = engine.unused_data if engine.eof else engine.unconsumed_tail
            if not piece and not engine.eof and data:
                raise _damaged(what, "it does not go on")
        while not engine.eof and (piece := _inflate(engine, b"", what)):
            yield piece
    if not started or not engine.eof:
        raise _damaged(what, "it is cut off")


class _Engine(Protocol):
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


def _inflate(engine: _Engine, data: bytes, what: str) -> bytes:
    try:
        return engine.decompress(data, PIECE_BYTES)
    except ISAL_ERROR as error:
        raise _damaged(what, str(error)) from error


def _damaged(what: str, why: str) -> MtvError:
    return MtvError("gzip.damaged", f"{what}: the gzip stream is damaged: {why}", "fetch it again")
