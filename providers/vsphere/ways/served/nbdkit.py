"""An nbdkit of our own for one disk and one attempt: read-only, on a socket in the worker's scratch folder, and gone
with the worker. Where this machine's nbdkit lacks the plugin, the tools root's is run."""

import functools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mtv import process, toolsroot
from mtv.errors import Cancelled, Held, MtvError, Temporary
from mtv.process import Child

INSIDE = "/run/serve"  # where a tools root has the scratch folder
LOG = "nbdkit.log"
TAIL_BYTES = 64 << 10
START_S = 30.0
END_S = 0.2  # between a connection that breaks off and the end of whoever had it


@dataclass(frozen=True)
class Place:
    """Where nbdkit runs, and what it calls the scratch folder."""

    scratch: Path
    is_inside: bool  # in the tools root

    @property
    def folder(self) -> str:
        return INSIDE if self.is_inside else str(self.scratch)

    def command(self, argv: Sequence[str], reads: Sequence[Path]) -> list[str]:
        if not self.is_inside:
            return list(argv)
        return toolsroot.command(argv, reads=reads, places={self.scratch: INSIDE}, network=True)


@functools.cache
def has_plugin(name: str) -> bool:
    """Whether this machine's nbdkit has it."""
    try:
        return process.run(["nbdkit", name, "--dump-plugin"], timeout_s=20.0, check=False).status == 0
    except MtvError:
        return False


def place(plugin: str, scratch: Path) -> Place:
    """Raises MtvError `source.plugin`."""
    if has_plugin(plugin):
        return Place(scratch, is_inside=False)
    if not toolsroot.available():
        raise MtvError("source.plugin", f"nbdkit has no {plugin} plugin here, and there is no tools root",
                       "run scripts/tools-root, or install the plugin")  # fmt: skip
    return Place(scratch, is_inside=True)


@contextmanager
def serving(where: Place, plugin: Sequence[str], reads: Sequence[Path]) -> Iterator[str]:
    """The URI while the context lasts; `reads` are files and folders that nbdkit needs. Raises MtvError
    `process.failed` where nbdkit does not start, Temporary `process.ended`."""
    held = os.open(where.scratch, os.O_RDONLY | os.O_DIRECTORY)
    name = f"nbdkit-{os.urandom(4).hex()}"
    # A socket's path has at most 107 bytes and the folder's may be longer: this is the same folder, in few.
    short = Path(f"/proc/{os.getpid()}/fd/{held}/{name}")
    socket = f"{INSIDE}/{name}" if where.is_inside else str(short)
    argv = ["nbdkit", "--foreground", "--exit-with-parent", "--readonly", "--verbose", "--unix", socket,
            "-D", "nbdkit.backend.datapath=0", *plugin]  # fmt: skip
    try:
        log = os.open(where.scratch / LOG, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(log, "wb") as said, process.running(where.command(argv, reads), log=said) as child:
            _await(short, child, where.scratch)
            with _watched(child):
                yield f"nbd+unix:///?socket={short}"
    finally:
        (where.scratch / name).unlink(missing_ok=True)
        os.close(held)


def _await(socket: Path, child: Child, scratch: Path) -> None:
    try:
        process.wait_for_path(socket, child, START_S)
    except Temporary as error:
        if said := next((line for line in tail(scratch) if "error: " in line), ""):
            raise MtvError("process.failed", f"nbdkit did not start: {said.partition('error: ')[2][:300]}") from error
        raise


@contextmanager
def _watched(child: Child) -> Iterator[None]:
    """A read that failed because nbdkit has ended says so."""
    try:
        yield
    except Temporary as error:
        status = process.wait(child, END_S)
        if status is None:
            raise
        how = f"with status {status}" if status >= 0 else f"by signal {-status}"
        raise Temporary("process.ended", f"nbdkit ended {how} while it was read") from error


def is_explained(error: Exception, serve: bool) -> bool:
    """Whether the log may say why: that nbdkit did not start, or a read failed. What QEMU says tells us nothing."""
    if isinstance(error, Held | Cancelled):
        return False
    did_not_start = isinstance(error, MtvError) and error.fault.code == "process.failed"
    return serve or did_not_start or isinstance(error, Temporary)


def tail(scratch: Path) -> list[str]:
    """The last lines that nbdkit said."""
    try:
        with (scratch / LOG).open("rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - TAIL_BYTES))
            return log.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
