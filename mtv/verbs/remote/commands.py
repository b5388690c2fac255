"""One command line for somebody far away: a process of its own, its files in a folder of its own, what it prints as it
comes."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from mtv import process
from mtv.errors import Refused
from mtv.settings import settings
from mtv.verbs.remote.lines import FILES, FILES_LIMIT_BYTES

PREFIX = "rpc-"
LEFT_S = 7 * 86400.0
LOOK_S = 0.05
PIECE_BYTES = 1 << 20  # of a line without an end
Say = Callable[[str, str], None]  # "out" or "err", and the text
Gone = Callable[[], bool]  # nobody listens any more


def run(
    argv: Sequence[str], words: Sequence[str], files: Mapping[str, bytes], say: Say, gone: Gone
) -> tuple[int, dict[str, bytes]]:  # fmt: skip
    """Its exit code, and the files that it wrote or changed. Where nobody listens any more it is told to end."""
    base = settings().store.absolute().parent
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sweep(base)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=base) as folder:
        place = Path(folder)
        _put(place, files, words)
        there = [*argv, *(word.replace(FILES, f"{folder}/") for word in words)]
        code = _run(there, base, lambda stream, text: say(stream, text.replace(f"{folder}/", FILES)), gone)
        return code, _changed(place, files)


def _sweep(base: Path) -> None:
    """What one left that was killed: nothing takes a command's files for so long but a run that is followed."""
    for left in base.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_S:
                shutil.rmtree(left)


def _put(place: Path, files: Mapping[str, bytes], words: Sequence[str]) -> None:
    for name in [*files, *(word.partition(FILES)[2] for word in words if FILES in word)]:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (place / name).write_bytes(data)


def _run(argv: Sequence[str], folder: Path, say: Say, gone: Gone) -> int:
    pipes = {"out": os.pipe(), "err": os.pipe()}
    readers = [
        threading.Thread(target=_read, args=(ends[0], stream, say), daemon=True) for stream, ends in pipes.items()
    ]
    try:
        with process.running(argv, out=pipes["out"][1], log=pipes["err"][1], cwd=folder, stop_s=20.0) as child:
            for _, write in pipes.values():
                os.close(write)
            for reader in readers:
                reader.start()
            while (status := process.wait(child, LOOK_S)) is None and not gone():
                continue
            for reader in readers:
                reader.join(LOOK_S if status is None else None)
    finally:
        for reader in readers:
            if reader.ident:
                reader.join()
    return 130 if status is None else status


def _read(end: int, stream: str, say: Say) -> None:
    with open(end, "rb") as lines:
        while line := lines.readline(PIECE_BYTES):
            say(stream, line.decode(errors="replace"))


def _changed(place: Path, before: Mapping[str, bytes]) -> dict[str, bytes]:
    """Raises Refused `rpc.files` for more than may travel."""
    found, size = {}, 0
    for path in sorted(one for one in place.rglob("*") if one.is_file() and not one.is_symlink()):
        size += path.stat().st_size
        if size > FILES_LIMIT_BYTES:
            raise Refused("rpc.files", f"what it wrote is more than {FILES_LIMIT_BYTES >> 20} MiB")
        data = path.read_bytes()
        if before.get(name := str(path.relative_to(place))) != data:
            found[name] = data
    return found
