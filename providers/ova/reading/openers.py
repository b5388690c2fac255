"""The openers of the ova source, by Export.way."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from mtv.formats.blank import Blank
from mtv.formats.qcow2 import read_header
from mtv.formats.vmdk import read_header as read_vmdk_header
from mtv.formats.vmdk_tables import Walked, open_tables
from mtv.model.points import Export
from mtv.model.reading import Opened, Opener
from mtv.providers.ova.reading.pieces import Pieces, opened
from mtv.providers.ova.reading.readers import Flat, Sparse
from mtv.providers.ova.reading.served import cannot_serve, serve_blank, serve_image
from mtv.providers.ova.reading.spool import spooled
from mtv.providers.ova.reading.stored import Stored, stored
from mtv.providers.ova.reading.streams import GzipRaw, GzipVmdk

Way = Callable[[Pieces, Stored, Path, bool], AbstractContextManager[Opened]]


def _opener(way: Way) -> Opener:
    @contextmanager
    def open_export(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> Iterator[Opened]:
        image = stored(export)
        with opened(image.pieces, image.stamps) as pieces, way(pieces, image, scratch, serve) as reader:
            yield reader

    return open_export


@contextmanager
def _raw(pieces: Pieces, image: Stored, scratch: Path, serve: bool) -> Iterator[Opened]:
    if serve:
        with serve_image(pieces, "raw", scratch, image.what) as server:
            yield server
    else:
        with closing(Flat(pieces, image.size_bytes)) as reader:
            yield reader


@contextmanager
def _vmdk(pieces: Pieces, image: Stored, scratch: Path, serve: bool) -> Iterator[Opened]:
    """qemu's driver trusts the footer and inflates on one core; ours is for the copy."""
    if not serve:
        with closing(Sparse(pieces, image.what, image.size_bytes)) as reader:
            yield reader
        return
    disk = pieces.window(image.what, "vmdk")
    if isinstance(open_tables(disk, read_vmdk_header(disk)), Walked):
        raise cannot_serve(image.what, "a stream without its footer")
    with serve_image(pieces, "vmdk", scratch, image.what) as server:
        yield server


@contextmanager
def _qcow2(pieces: Pieces, image: Stored, scratch: Path, serve: bool) -> Iterator[Opened]:
    read_header(pieces.window(image.what, "qcow2"))  # again: of the very bytes that qemu will read
    with serve_image(pieces, "qcow2", scratch, image.what) as server:
        yield server


@contextmanager
def _gzip(pieces: Pieces, image: Stored, scratch: Path, serve: bool) -> Iterator[Opened]:
    if serve:
        raise cannot_serve(image.what, "compressed")
    with closing(GzipRaw(pieces, image) if image.image == "raw" else GzipVmdk(pieces, image)) as reader:
        yield reader


@contextmanager
def _spool(pieces: Pieces, image: Stored, scratch: Path, serve: bool) -> Iterator[Opened]:
    if serve:
        raise cannot_serve(image.what, "compressed or in several pieces")
    way = _qcow2 if image.image == "qcow2" else _vmdk
    with spooled(pieces, image, scratch) as copy, way(copy, image, scratch, False) as reader:
        yield reader


@contextmanager
def _blank(pieces: Pieces, image: Stored, scratch: Path, serve: bool) -> Iterator[Opened]:
    if serve:
        with serve_blank(image.size_bytes, scratch) as server:
            yield server
    else:
        yield Blank(image.size_bytes)


OPENERS: Mapping[str, Opener] = {
    "ova.raw": _opener(_raw),
    "ova.vmdk": _opener(_vmdk),
    "ova.qcow2": _opener(_qcow2),
    "ova.gzip": _opener(_gzip),
    "ova.spool": _opener(_spool),
    "ova.blank": _opener(_blank),
}
