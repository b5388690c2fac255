"""A server on this machine: read one block at a time, watched, and left to the others where it is slow."""

import random
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from subprocess import Popen

import pytest

from mtv.converters.transfer.extents import Block
from mtv.converters.transfer.readers import nbd
from mtv.converters.transfer.readers.feed import Feed
from mtv.converters.transfer.readers.near import SLOW_S, WAITS, _is_slow
from mtv.converters.transfer.readers.rate import Bucket
from mtv.converters.transfer.readers.slots import Slot
from mtv.errors import Temporary
from mtv.model.reading import NbdServer
from mtv.process import running, wait_for_path
from mtv.settings import Settings

BLOCK = 64 << 10
BLOCKS = 32
PIECES = Block(0, BLOCK, ((512, 1024), (8192, 4096)))
ONE = replace(Settings(), threads=1)  # nobody else is still connecting when the server hangs

Server = tuple[NbdServer, Popen[bytes], bytes]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    content = random.Random(1).randbytes(BLOCK * BLOCKS)
    (tmp_path / "disk").write_bytes(content)
    path = tmp_path / "s"
    with running(["nbdkit", "-f", "-r", "-U", str(path), "file", str(tmp_path / "disk")]) as child:
        wait_for_path(path, child)
        yield NbdServer(f"nbd+unix:///?socket={path}"), child, content
        child.send_signal(signal.SIGCONT)


def feed(blocks: list[Block], stopping: threading.Event) -> Feed:
    return Feed(iter(blocks), Bucket(lambda: None, stopping.is_set), stopping.is_set)


def whole() -> list[Block]:
    return [Block(at, BLOCK, ((at, BLOCK),)) for at in range(0, BLOCK * BLOCKS, BLOCK)]


def test_all_blocks_come_with_their_bytes(server: Server) -> None:
    found = dict[int, bytes]()

    def take(block: Block, slot: Slot) -> None:
        found[block.offset] = bytes(slot.view[: block.length])

    nbd.read(server[0], feed(whole(), threading.Event()), take, BLOCK, Settings())
    assert b"".join(found[at] for at in sorted(found)) == server[2]


def test_between_pieces_there_are_zeroes(server: Server) -> None:
    found = list[bytes]()
    blocks = [whole()[0], PIECES]
    nbd.read(
        server[0], feed(blocks, threading.Event()), lambda block, slot: found.append(bytes(slot.view)), BLOCK,
        ONE,
    )  # fmt: skip
    expected = bytearray(BLOCK)
    for offset, length in PIECES.pieces:
        expected[offset : offset + length] = server[2][offset : offset + length]
    assert found == [server[2][:BLOCK], bytes(expected)]


def test_a_server_that_hangs_is_given_up(server: Server) -> None:
    with pytest.raises(Temporary) as error:
        nbd.read(
            server[0], feed(whole(), threading.Event()), lambda _, __: server[1].send_signal(signal.SIGSTOP), BLOCK,
            replace(ONE, read_stall_s=0.2),
        )  # fmt: skip
    assert error.value.fault.code == "source.stalled"


def test_a_server_that_hangs_does_not_keep_who_is_told_to_stop(server: Server) -> None:
    stopping = threading.Event()

    def take(_: Block, __: Slot) -> None:
        server[1].send_signal(signal.SIGSTOP)
        threading.Timer(0.1, stopping.set).start()

    since = time.monotonic()
    nbd.read(server[0], feed(whole(), stopping), take, BLOCK, ONE)
    assert time.monotonic() - since < 10


def test_a_server_that_dies_is_temporary(server: Server) -> None:
    with pytest.raises(Temporary) as error:
        nbd.read(server[0], feed(whole(), threading.Event()), lambda _, __: server[1].kill(), BLOCK, ONE)
    assert error.value.fault.code == "source.read"


def test_a_server_that_does_not_greet_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nbd, "CONNECT_S", 0.1)
    server[1].send_signal(signal.SIGSTOP)
    with pytest.raises(Temporary) as error:
        nbd.size_bytes(server[0])
    assert error.value.fault.code == "source.connect"


def test_a_server_that_becomes_slow_is_asked_for_more_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nbd, "_is_far", lambda _: False)  # as if it had answered at once when it was asked
    content, found = random.Random(2).randbytes(BLOCK * BLOCKS), dict[int, bytes]()
    (tmp_path / "disk").write_bytes(content)
    argv = ["nbdkit", "-f", "-r", "-U", str(tmp_path / "s"), "--filter=delay", "file", str(tmp_path / "disk")]
    blocks = whole() * 6
    threads = set[int]()

    def take(block: Block, slot: Slot) -> None:
        found[block.offset] = bytes(slot.view[: block.length])
        threads.add(threading.get_ident())

    with running([*argv, "rdelay=10ms"]) as child:
        wait_for_path(tmp_path / "s", child)
        server = NbdServer(f"nbd+unix:///?socket={tmp_path / 's'}", connections=4, depth=2)
        nbd.read(server, feed(blocks, threading.Event()), take, BLOCK, Settings())
    assert b"".join(found[at] for at in sorted(found)) == content
    assert len(threads) > Settings().threads


def test_one_long_wait_is_not_slow() -> None:
    quick, slow = SLOW_S / 2, SLOW_S * 2
    assert not _is_slow([slow] * (WAITS - 1))
    assert not _is_slow([quick] * (WAITS - 1) + [slow * 100])
    assert _is_slow([slow] * WAITS)
