"""An image behind qemu-nbd, read-only: for qcow2, and for whatever QEMU itself has to read (inspection).

qemu gets the file as an inherited descriptor, so that it reads what was checked even if the path changes meanwhile.
"""

import json
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from mtv.errors import CheckFailed, MtvError, Temporary
from mtv.model.estate import Json
from mtv.model.reading import NbdServer
from mtv.process import running
from mtv.providers.ova.reading.pieces import Pieces

START_LIMIT_S = 30.0
CONNECTIONS = 4
GREETING = b"NBDMAGIC"


@contextmanager
def serve_image(pieces: Pieces, driver: str, scratch: Path, what: str) -> Iterator[NbdServer]:
    """Until the context ends. Raises MtvError `source.image` where qemu cannot open it, with what qemu said."""
    descriptor, spec = _node(pieces, what)
    options: dict[str, Json] = spec if driver == "raw" else {"driver": driver, "read-only": True, "file": spec}
    if driver == "qcow2":
        options["backing"] = None  # never, whatever the header says by now
    with _served(options, (descriptor,), scratch, what) as server:
        yield server


@contextmanager
def serve_blank(size_bytes: int, scratch: Path) -> Iterator[NbdServer]:
    options: dict[str, Json] = {"driver": "null-co", "size": size_bytes, "read-zeroes": True, "read-only": True}
    with _served(options, (), scratch, "a blank disk") as server:
        yield server


def cannot_serve(what: str, why: str) -> CheckFailed:
    return CheckFailed(
        "source.cannot-serve", f"{what}: it is {why}, so it cannot be looked into where it lies", "it is, once copied"
    )


def _node(pieces: Pieces, what: str) -> tuple[int, dict[str, Json]]:
    """The part of the file as a block node of qemu's, and the descriptor that it reads."""
    piece = pieces.single
    if piece is None:
        raise cannot_serve(what, "in several pieces")
    descriptor = pieces.descriptor(piece.path)
    file: dict[str, Json] = {"driver": "file", "filename": f"/proc/self/fd/{descriptor}", "read-only": True}
    whole = piece.offset == 0 and piece.length == os.fstat(descriptor).st_size
    if not whole and piece.length % 512:
        raise cannot_serve(what, f"{piece.length} bytes long, which is no whole number of sectors")
    part: dict[str, Json] = {} if whole else {"offset": piece.offset, "size": piece.length}
    return descriptor, {"driver": "raw", "read-only": True, **part, "file": file}


@contextmanager
def _served(options: Mapping[str, Json], inherit: tuple[int, ...], scratch: Path, what: str) -> Iterator[NbdServer]:
    scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="nbd-", dir=scratch))
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # A socket's path has at most 107 bytes and the folder's may be longer: this is the same folder, in few.
        path, log = Path(f"/proc/{os.getpid()}/fd/{held}/nbd.sock"), folder / "qemu-nbd.log"
        argv = ["qemu-nbd", "--read-only", "--persistent", f"--shared={2 * CONNECTIONS}", f"--socket={path}"]
        with (
            log.open("wb") as said,
            running([*argv, "json:" + json.dumps(options)], log=said, pass_fds=inherit) as child,
        ):
            _wait(path, log, child.poll, what)
            yield NbdServer(f"nbd+unix:///?socket={path}", CONNECTIONS)
    finally:
        os.close(held)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(path: Path, log: Path, ended: Callable[[], int | None], what: str) -> None:
    """Until it takes connections."""
    deadline = time.monotonic() + START_LIMIT_S
    while not _answers(path):
        if ended() is not None:
            last = (log.read_text(errors="replace").strip().splitlines() or ["it said nothing"])[-1][:300]
            raise MtvError("source.image", f"{what}: qemu-nbd cannot read it: {last}", "look at it with qemu-img info")
        if time.monotonic() > deadline:
            raise Temporary("process.timeout", f"{what}: qemu-nbd gave no socket within {START_LIMIT_S:.0f} s")
        time.sleep(0.005)


def _answers(path: Path) -> bool:
    """The socket is there before the image is open; qemu greets once it is."""
    with closing(socket.socket(socket.AF_UNIX)) as probe:
        probe.settimeout(START_LIMIT_S)
        try:
            probe.connect(str(path))
            return probe.recv(len(GREETING)) == GREETING
        except OSError:
            return False
