"""Where `--via` leads: a program whose stdin and stdout are `mtv rpc`, or what a provider can reach."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mtv import process, providers
from mtv.errors import MtvError, Refused, Temporary
from mtv.providers.engines import Elects, Pipe, Reaches, Seat, Vouches
from mtv.verbs.remote.calling import Session
from mtv.verbs.remote.lines import LINE_LIMIT_BYTES

RPC = ("mtv", "rpc")
PROGRAM = "exec:"


class Program:
    """A pipe to a program of this machine: ssh, or a container's exec. It ends with us."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._name = argv[0]
        self._child = process.talk_to(argv, log=2)  # what it complains of is shown as it comes

    def send(self, line: bytes) -> None:
        assert self._child.stdin
        left = memoryview(line)  # its pipe has no buffer of Python's: it takes what it takes
        try:
            while left:
                left = left[self._child.stdin.write(left) or 0 :]
        except OSError as error:
            raise Temporary("rpc.ended", f"{self._name} ended") from error

    def lines(self) -> Iterator[bytes]:
        assert self._child.stdout
        with open(self._child.stdout.fileno(), "rb", closefd=False) as found:
            while line := found.readline(LINE_LIMIT_BYTES + 1):
                yield line

    def close(self) -> None:
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                pipe.close()
        if process.wait(self._child, 5.0) is None:
            process.end_group(self._child)


@contextmanager
def session(via: str) -> Iterator[Session]:
    """`via` is "exec:COMMAND", or the URL of a target's kind. Raises Refused `via.*`."""
    if via.startswith(PROGRAM):
        argv = shlex.split(via.removeprefix(PROGRAM))
        if not argv:
            raise Refused("via.program", "exec: names no program", "--via 'exec:ssh engine mtv rpc'")
        with Session(Program(argv)) as made:
            yield made
        return
    kind, _, address = via.partition(":")
    end = providers.load("targets", kind)("engine", address)
    if not isinstance(end, Reaches):
        raise Refused("via.kind", f"no engine is reached by kind '{kind}'")
    pipe: Pipe = end.reach(RPC)
    with Session(pipe, end if isinstance(end, Vouches) else None) as made:
        yield made


def whose(url: str) -> Vouches:
    """Who vouches for those that ask here. Raises MtvError `rpc.voucher`."""
    kind, _, address = url.partition(":")
    end = providers.load("targets", kind)("engine", address)
    if not isinstance(end, Vouches):
        raise MtvError("rpc.voucher", f"kind '{kind}' cannot say who somebody is", "MTV_VOUCHER names a cluster")
    return end


def seat_of(url: str, name: str) -> Seat:
    """The one seat of that name there. Raises Refused `serve.lease`."""
    kind, _, address = url.partition(":")
    end = providers.load("targets", kind)("engine", address)
    if not isinstance(end, Elects):
        raise Refused("serve.lease", f"kind '{kind}' has no leases", "MTV_VOUCHER names a cluster")
    return end.seat(name)
