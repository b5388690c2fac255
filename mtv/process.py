"""The only place that starts a program.

Children get a process group of their own, no terminal, and a bounded environment; what they print goes to a file or
is kept up to a limit. Secrets are never arguments: pass them by file or by an inherited descriptor.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mtv.errors import MtvError, Temporary

Child = subprocess.Popen[bytes]
Stream = IO[bytes] | int | None

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_left_behind: list[Child] = []  # kept: Python warns of a living child that nobody holds
_libc = ctypes.CDLL(None, use_errno=True)
_handed_down: set[int] = set()  # descriptors that every child inherits: a worker's lock, so that orphans are seen


@dataclass(frozen=True)
class Result:
    argv: tuple[str, ...]
    status: int  # negative: ended by that signal
    out: str
    err: str


def which(program: str) -> str | None:
    return shutil.which(program)


def die_with_parent() -> None:
    """In a child, before exec: end when the parent does. Nothing that we start outlives us."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def hand_down(descriptor: int) -> None:
    """Every program started from now on inherits it: a lock is then held until the last of them has ended."""
    _handed_down.add(descriptor)


def take_back(descriptor: int) -> None:
    _handed_down.discard(descriptor)


def become_subreaper() -> None:
    """Orphans of our children (qemu-nbd of a killed virt-v2v-in-place) become ours, to be found and ended."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)


def run(
    argv: Sequence[str],
    *,
    timeout_s: float = 60.0,
    input: bytes | None = None,  # noqa: A002 - subprocess's word
    env: Mapping[str, str] | None = None,
    check: bool = True,
    cwd: Path | None = None,
) -> Result:
    """Run a short program to its end. Raises MtvError `process.failed`, Temporary `process.timeout`."""
    try:
        with _installed(argv[0]):
            done = subprocess.run(
                list(argv),
                input=input,
                capture_output=True,
                timeout=timeout_s,
                check=False,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                stdin=None if input else subprocess.DEVNULL,
                pass_fds=tuple(_handed_down),
            )
    except subprocess.TimeoutExpired as error:
        raise Temporary("process.timeout", f"{argv[0]} did not end within {timeout_s:.0f} s") from error
    out, err = (said.decode(errors="replace") for said in (done.stdout, done.stderr))
    result = Result(tuple(argv), done.returncode, out, err)
    if check and result.status != 0:
        last = (result.err.strip() or result.out.strip() or "it said nothing").splitlines()[-1][:300]
        raise MtvError("process.failed", f"{argv[0]} ended with status {result.status}: {last}")
    return result


@contextmanager
def running(
    argv: Sequence[str],
    *,
    log: Stream = None,
    out: Stream = None,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
    cwd: Path | None = None,
    stop_s: float = 5.0,
) -> Iterator[Child]:
    """A program that runs while the context lasts, in a group of its own, and is surely gone afterwards."""
    streams = (subprocess.DEVNULL, out if out is not None else log, log)
    child = _started(argv, streams, env, pass_fds, cwd)
    try:
        yield child
    finally:
        end_group(child, stop_s)


def talk_to(argv: Sequence[str], *, log: IO[bytes] | int, env: Mapping[str, str] | None = None) -> Child:
    """A program in a group of its own that we speak with by pipes and that dies with the thread that started it.
    Who starts it must reap it."""
    return _started(argv, (subprocess.PIPE, subprocess.PIPE, log), env)


def _started(
    argv: Sequence[str],
    streams: tuple[Stream, Stream, Stream],  # its input, output and errors
    env: Mapping[str, str] | None,
    pass_fds: Sequence[int] = (),
    cwd: Path | None = None,
) -> Child:
    """In a group of its own; it ends when the thread that started it does. What it is told is sent at once."""
    with _installed(argv[0]):
        return subprocess.Popen(
            list(argv), bufsize=0, stdin=streams[0], stdout=streams[1], stderr=streams[2], cwd=cwd,
            env={**os.environ, **(env or {})}, start_new_session=True, pass_fds=(*pass_fds, *_handed_down),
            preexec_fn=die_with_parent,  # noqa: PLW1509
        )  # fmt: skip


@contextmanager
def _installed(program: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise MtvError("process.missing", f"{program} is not installed", "run `mtv doctor`") from error


def part() -> int:
    """This process twice: 0 in the new one, which ends when the other does; its number in the other. Only while there
    is one thread. Who has the number must see its end."""
    parent = os.getpid()
    number = os.fork()
    if number == 0:
        die_with_parent()
        if os.getppid() != parent:
            os._exit(1)
    return number


def ended(number: int) -> int | None:
    """The status of a part, negative where a signal ended it; None while it runs."""
    found, status = os.waitpid(number, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def tell(number: int, signal_number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(number, signal_number)


def wait(child: Child, timeout_s: float) -> int | None:
    """Its status, or None if it still runs after that time."""
    try:
        return child.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return None


def descendants(root: int) -> list[int]:
    """All processes below that one, children first; those that end meanwhile may be missing."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _parent(entry)):
            parents.setdefault(parent, []).append(int(entry.name))
    found = list(parents.get(root, []))
    for process in found:  # grows while it is read
        found += parents.get(process, [])
    return found


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def tagged(variable: str, value: str) -> list[int]:
    """Processes other than this one that carry that environment variable: they inherit it however far they fork."""
    wanted = f"{variable}={value}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def kill(processes: Sequence[int]) -> None:
    """KILL to each of them; those that have ended are no error."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def reap_children() -> None:
    """Wait for every child that has ended: a subreaper's orphans are nobody else's."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def leave_behind(argv: Sequence[str], log: Path) -> Child:
    """A program that outlives us: a session of its own, no terminal, all that it says in `log` (0600)."""
    with open(os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600), "ab") as out:
        child = subprocess.Popen(list(argv), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    _left_behind.append(child)
    return child


def end_group(child: Child, stop_s: float = 5.0) -> None:
    """TERM, then KILL, to the whole group; the leader is reaped."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        try:
            child.wait(stop_s)
        except subprocess.TimeoutExpired:
            continue
        if number is signal.SIGTERM and _group_lives(child.pid):
            continue
        return


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for_path(path: Path, child: Child, timeout_s: float = 10.0) -> None:
    """Until a server takes connections on its socket: the file is there a moment before. Raises Temporary if the
    server ended or took too long."""
    deadline = time.monotonic() + timeout_s
    while not _listens(path):
        if child.poll() is not None:
            raise Temporary("process.ended", f"{Path(str(child.args[0])).name} ended at its start")  # type: ignore[index]
        if time.monotonic() > deadline:
            raise Temporary("process.timeout", f"nothing listens on {path} within {timeout_s:.0f} s")
        time.sleep(0.005)


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)  # a server that listens and whose queue is full
        try:
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError, BlockingIOError, TimeoutError):
            return False
    return True
