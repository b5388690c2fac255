"""QEMU's own control channel: links of cards that are not connected, and the power button."""

import json
import select
import socket
import time
from pathlib import Path

from mtv.converters.boot.framing import Lines
from mtv.errors import Temporary
from mtv.model.estate import Json

ANSWER_S = 30.0


def press(path: Path, *commands: tuple[str, dict[str, Json]]) -> None:
    """Give QEMU those commands, one after the other. Raises Temporary `boot.monitor`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        try:
            channel.connect(str(path))
            lines = Lines()
            for command, arguments in (("qmp_capabilities", {}), *commands):
                channel.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
                _answered(channel, lines, command)
        except OSError as error:
            raise Temporary("boot.monitor", f"QEMU's monitor is gone: {error.strerror}") from error


def _answered(channel: socket.socket, lines: Lines, command: str) -> None:
    deadline = time.monotonic() + ANSWER_S
    while (left := deadline - time.monotonic()) > 0 and select.select([channel], [], [], left)[0]:
        data = channel.recv(1 << 16)
        if not data:
            break
        for value in lines.feed(data):
            if isinstance(value, dict) and "return" in value:
                return
            if isinstance(value, dict) and "error" in value:
                raise Temporary("boot.monitor", f"QEMU refused {command}: {str(value['error'])[:200]}")
    raise Temporary("boot.monitor", f"QEMU did not answer to {command}")
