"""The store's file and what lies beside it: modes, file systems that cannot lock, the engine's lock, logs."""

import ctypes
import fcntl
import hashlib
import json
import os
import re
import socket
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mtv.errors import Refused
from mtv.times import now

NETWORK_FILE_SYSTEMS = {
    0x6969: "NFS",
    0x517B: "SMB",
    0xFF534D42: "CIFS",
    0xFE534D42: "SMB2",
    0x01021997: "9P",
    0x00C36400: "CephFS",
    0x0BD00BD0: "Lustre",
    0x5346414F: "AFS",
    0x6B414653: "AFS",
    0x73757245: "Coda",
    0x01161970: "GFS2",
    0x7461636F: "OCFS2",
    0x47504653: "GPFS",
    0x19830326: "BeeGFS",
    0x013111A8: "IBRIX",
    0x20030528: "OrangeFS",
}  # linux/magic.h, and the file systems' own headers
SECOND = ("engine.second", "engine.serves")  # how a lock is refused that somebody has
SIGNED_BYTES = 4096
_NAME_LIMIT = 80
_libc = ctypes.CDLL(None, use_errno=True)


def file_system(folder: Path) -> int:
    """statfs(2)'s f_type, the magic number of the file system that `folder` lies on."""
    found = (ctypes.c_long * 32)()  # struct statfs is 120 bytes, its first word is f_type
    if _libc.statfs(os.fsencode(folder), found):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(folder))
    return found[0] & 0xFFFFFFFF


def refuse_network(path: Path, magic: int) -> None:
    """Raises Refused `store.network`: WAL needs shared memory, and network locks lie (sqlite.org/wal.html)."""
    if name := NETWORK_FILE_SYSTEMS.get(magic):
        text = f"store {path} would lie on {name}, a network file system, where its locks cannot be trusted"
        raise Refused("store.network", text, "name a store on a local disk with --store or $MTV_STORE")


def prepare(path: Path) -> None:
    """Folder and empty file, only ours to read; refuses what cannot hold a store."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_network(path, file_system(path.parent))
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise Refused("store.no-file", f"store {path} is no file", "name another with --store")
        if found.st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise Refused("store.no-access", f"store {path}: {error.strerror}", "name another with --store") from error


@contextmanager
def engine_lock(store: Path, serves: bool = False) -> Iterator[None]:
    """Held while the context lasts. Raises Refused, saying who holds it and since when: `engine.second`, or
    `engine.serves` where that one drives every run."""
    handle = os.open(_lock_path(store), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _second(store, handle) from None
        _sign(handle, serves)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


@contextmanager
def making(store: Path) -> Iterator[bool]:
    """While a run is made: the engine's lock; where an engine serves, one that only who makes runs has, and True.
    Raises Refused `engine.second`."""
    with ExitStack() as stack:
        try:
            stack.enter_context(engine_lock(store))
        except Refused as refusal:
            if refusal.fault.code != "engine.serves":
                raise
            handle = os.open(store.with_name(store.name + ".making"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            stack.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield True
        else:
            yield False


def serving(store: Path) -> int:
    """The process that signed as the one that drives every run, 0 where none did. Whether it lives is to be asked of
    its heartbeat: the lock is not touched."""
    try:
        told = json.loads(_lock_path(store).read_bytes()[:SIGNED_BYTES])
        return int(told["pid"]) if told.get("serves") else 0
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0


def _sign(handle: int, serves: bool) -> None:
    signed = {"pid": os.getpid(), "host": socket.gethostname(), "since": now(), "serves": serves}
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps(signed).encode(), 0)


def _second(store: Path, handle: int) -> Refused:
    serves = False
    try:
        told = json.loads(os.pread(handle, SIGNED_BYTES, 0))
        who = f"process {int(told['pid'])} on {told['host']}, since {told['since']}"
        serves = told.get("serves") is True
    except (ValueError, KeyError, TypeError):
        who = "another process"
    hint = "`mtv status` shows what it does; steering verbs reach it"
    return Refused("engine.serves" if serves else "engine.second", f"store {store} is driven by {who}", hint)


def _lock_path(store: Path) -> Path:
    return store.with_name(store.name + ".lock")


def log_path(store: Path, run: str, vm_key: str, step: str, attempt: int) -> Path:
    """Where the tools of that attempt write: STORE.d/RUN/VM/STEP-N.log. Its folder is made."""
    path = log_of(store, run, vm_key, step, attempt)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def log_of(store: Path, run: str, vm_key: str, step: str, attempt: int) -> Path:
    """The same, for who reads it: it need not be there."""
    folder = store.with_name(store.name + ".d") / safe_name(run) / safe_name(vm_key)
    return folder / f"{safe_name(step)}-{attempt}.log"


def logs(store: Path, run: str, vm_key: str) -> list[Path]:
    """All logs of a migration, the oldest first."""
    folder = store.with_name(store.name + ".d") / safe_name(run) / safe_name(vm_key)
    return sorted(folder.glob("*.log"), key=lambda path: (path.stat().st_mtime_ns, path.name))


def safe_name(name: str) -> str:
    """A file name that is the name where it can be, and else begins like it: no two names give the same."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".")[:_NAME_LIMIT]
    if plain and plain == name:
        return name
    return f"{plain or '_'}~{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:10]}"
