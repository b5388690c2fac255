"""Orders to the supervisor: a line of JSON each, answered by one. The cluster lives while somebody is connected."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kube.api import Object

START_S = 120  # on two busy cores; five on quiet ones


class Failed(RuntimeError):
    """What the supervisor said."""


@dataclass
class Control:
    """The other end of it, in a test's process."""

    sock: socket.socket

    @classmethod
    def connect(cls, file: Path) -> "Control":
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.settimeout(START_S)
            sock.connect(str(file))
        except OSError:
            sock.close()
            raise
        return cls(sock)

    def order(self, do: str, **said: object) -> Any:
        """Raises Failed, and ConnectionError where the supervisor is gone."""
        self.sock.sendall(json.dumps({"do": do, **said}).encode() + b"\n")
        line = b""
        while not line.endswith(b"\n"):
            chunk = self.sock.recv(1 << 16)
            if not chunk:
                raise ConnectionError("the cluster has ended")
            line += chunk
        answer: Object = json.loads(line)
        if "failed" in answer:
            raise Failed(answer["failed"])
        return answer["done"]

    def close(self) -> None:
        self.sock.close()
