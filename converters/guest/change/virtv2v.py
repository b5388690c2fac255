"""Running virt-v2v-in-place: its messages become progress, its end is awaited with all that it started."""

import functools
import json
import os
import re
import select
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtv import process
from mtv.converters.guest.appliance.session import environment
from mtv.errors import Cancelled, MtvError, Temporary
from mtv.settings import settings

PROGRAM = "virt-v2v-in-place"
CUSTOMIZES = (2, 6)  # takes virt-customize's options from then on
POLL_S = 0.5
ENDING_S = 0.3
LINE_LIMIT_BYTES = 64 << 10
MESSAGES_LIMIT = 200
# Run at first boot, they install an agent from the network.
AGENT_SCRIPTS = "/usr/lib/virt-sysprep/scripts/5000-*"
# What it says when its QEMU or a qemu-nbd was ended under it; the last one, when that came between two calls.
_LOST = re.compile(
    r"killed by signal|closed the connection|Input/output error|Connection (reset|refused)|guestfs_launch failed"
    r"|call launch before using this function"
)
_HAS_VIRTIO = "has virtio drivers installed"


@dataclass(frozen=True)
class Message:
    kind: str  # message info warning error
    text: str


@dataclass(frozen=True)
class Options:
    domain: Path
    log: Path
    root: str = ""  # "" where there is but one
    keys: tuple[tuple[str, Path], ...] = ()  # LUKS device, file of its key
    agent: bool = True


@functools.cache
def version() -> str:
    """As it says it: 2.6.0."""
    found = re.search(r"\d+\.\d+\.\d+", process.run([PROGRAM, "--version"]).out)
    return found[0] if found else "unknown"


def customizes() -> bool:
    return tuple(int(part) for part in re.findall(r"\d+", version())[:2]) >= CUSTOMIZES


def convert(options: Options, heard: Callable[[Message], None], stopping: Callable[[], bool]) -> list[Message]:
    """Converts the guest of that domain in its disks. Raises MtvError `convert.failed`, Temporary `convert.slow`."""
    reading, writing = os.pipe()
    servers = _Servers()
    argv = [*_contained(), PROGRAM, f"--machine-readable=fd:{writing}", *_arguments(options)]
    messages: list[Message] = []
    try:
        with (
            options.log.open("wb") as log,
            process.running(argv, log=log, env=environment(), pass_fds=(writing,), stop_s=1.0) as child,
        ):
            os.close(writing)
            writing = -1
            for message in _messages(reading, stopping, settings().tool_timeout_s, servers.look):
                messages = [*messages, message][-MESSAGES_LIMIT:]
                heard(message)
            status = child.wait(timeout=settings().worker_stop_s)
    finally:
        for descriptor in (reading, writing):
            if descriptor >= 0:
                os.close(descriptor)
    if status:
        raise _failure(status, messages, options.log, servers.lost)
    return messages


def has_virtio(messages: Sequence[Message]) -> bool:
    return any(_HAS_VIRTIO in message.text for message in messages)


@functools.cache
def _contained() -> tuple[str, ...]:
    """Process numbers of its own, where we may: then its qemu-nbd children, which it leaves behind with the disks
    locked when it is killed, end with it."""
    words = ("unshare", "--pid", "--fork", "--kill-child=KILL", "sh", "-c", '"$@"; exit $?', "sh")
    try:
        return words if process.run([*words, "true"], check=False).status == 0 else ()
    except MtvError:
        return ()


def _arguments(options: Options) -> Iterator[str]:
    if options.root:
        yield from ("--root", options.root)
    for device, file in options.keys:
        yield from ("--key", f"{device.removeprefix('UUID=')}:file:{file}")  # it takes a device or a bare UUID
    if not options.agent and customizes():
        yield from ("--delete", AGENT_SCRIPTS)
    yield from ("-i", "libvirtxml", str(options.domain))


class _Servers:
    """The qemu-nbd processes that serve its disks, as long as it lives. When one is killed it may say anything, that
    there is no operating system among it."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._since: float | None = None  # when one was missed

    def look(self) -> None:
        living = {pid for pid in process.descendants(os.getpid()) if _program(pid) == "qemu-nbd"}
        if self._since is None and not self._seen <= living:
            self._since = time.monotonic()
        self._seen |= living

    @property
    def lost(self) -> bool:
        """It lived on without one; at its own end it ends them all."""
        return self._since is not None and time.monotonic() - self._since > ENDING_S


def _program(pid: int) -> str:
    """Empty for one that has ended."""
    try:
        return os.path.basename(Path(f"/proc/{pid}/cmdline").read_bytes().partition(b"\0")[0].decode(errors="replace"))
    except OSError:
        return ""


def _messages(
    descriptor: int, stopping: Callable[[], bool], limit_s: float, look: Callable[[], None]
) -> Iterator[Message]:
    """Until it closes its end; looks about meanwhile. Raises Cancelled, Temporary."""
    pending, waited_s = b"", 0.0
    while True:
        look()
        if stopping():
            raise Cancelled("convert.stopped", "the conversion was stopped; nothing of it has reached the disks")
        if not select.select([descriptor], [], [], POLL_S)[0]:
            waited_s += POLL_S
            if waited_s > limit_s:
                raise Temporary("convert.slow", f"{PROGRAM} said nothing for {limit_s:.0f} s")
            continue
        waited_s = 0.0
        data = os.read(descriptor, LINE_LIMIT_BYTES)
        if not data:
            return
        *lines, pending = (pending + data).split(b"\n")
        pending = pending[:LINE_LIMIT_BYTES]
        yield from (message for line in lines if (message := _message(line)))


def _message(line: bytes) -> Message | None:
    try:
        told = json.loads(line)
        return Message(str(told["type"]), str(told["message"])[:500])
    except (ValueError, KeyError, TypeError):
        return None  # 2.2 says some things in plain text there


def _failure(status: int, messages: Sequence[Message], log: Path, lost: bool) -> MtvError:
    errors = [message.text for message in messages if message.kind == "error"]
    last = errors[-1].strip() if errors else _last_line(log)
    if killed := _signal(status):
        return Temporary("convert.killed", f"{PROGRAM} was killed by signal {killed}; it is begun again")
    text, hint = f"{PROGRAM} ended with status {status}: {last.splitlines()[0]}", "`mtv logs` has all it said"
    if lost or _LOST.search(last):
        return Temporary("convert.lost", f"{text}: its appliance or the server of its disks has died", hint)
    return MtvError("convert.failed", text, hint)


def _signal(status: int) -> int:
    """KILL or TERM, by which somebody ended it, as itself or as the shell around it tells that; 0 for any other end."""
    number = -status if status < 0 else status - 128
    return number if number in (signal.SIGKILL, signal.SIGTERM) else 0


def _last_line(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"
