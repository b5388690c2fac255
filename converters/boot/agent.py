"""Asking the guest's agent through the host's end of its channel. Everything has a time limit, and every answer is a
guest's word: whoever reads it checks its shape."""

import base64
import json
import select
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from mtv.converters.boot.framing import Lines
from mtv.errors import MtvError, Temporary
from mtv.model.estate import Json

SYNC_EVERY_S = 5.0  # an agent that was not there gets to read all that was sent: a few, not hundreds
ANSWER_S = 30.0
EXEC_POLL_S = 0.2


class Agent:
    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise Temporary("agent.channel", f"no channel to the guest's agent: {error.strerror}") from error
        self._lines = Lines()
        self._inbox: list[Json] = []
        self._synced = 0  # the last number that was sent
        self._sent_at = -SYNC_EVERY_S
        self._late = False  # an answer is owed that must not be taken for the next one's

    def __enter__(self) -> "Agent":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def answers(self, wait_s: float) -> bool:
        """Whether it answers within `wait_s`: it must give back the last number that it was sent. Call it again until
        it does; answers to earlier numbers are passed over."""
        if time.monotonic() - self._sent_at >= SYNC_EVERY_S:
            self._synced += 1
            self._sent_at = time.monotonic()
            self._send(b"\xff" + _request("guest-sync-delimited", {"id": self._synced}))
        deadline = time.monotonic() + wait_s
        while (value := self._next(deadline)) is not None:
            if value == {"return": self._synced}:
                self._late = False
                return True
        return False

    def ask(self, command: str, arguments: Mapping[str, Json] | None = None, answer_s: float = ANSWER_S) -> Json:
        """Raises MtvError `agent.refused` with what the agent says, Temporary `agent.silent`."""
        deadline = time.monotonic() + answer_s
        if self._late and not self._again(deadline):
            raise Temporary("agent.silent", f"{command}: the guest's agent still owes an earlier answer")
        self._send(_request(command, arguments))
        while (value := self._next(deadline)) is not None:
            if isinstance(value, dict) and "return" in value:
                return value["return"]
            if isinstance(value, dict) and isinstance(problem := value.get("error"), dict):
                raise MtvError("agent.refused", f"{command}: {str(problem.get('desc'))[:200]}")
        self._late = True
        raise Temporary("agent.silent", f"{command}: the guest's agent did not answer within {answer_s:.0f} s")

    def _again(self, deadline: float) -> bool:
        """In step again: all that was owed is passed over."""
        self._sent_at = -SYNC_EVERY_S
        return self.answers(deadline - time.monotonic())

    def run(self, path: str, *arguments: str, answer_s: float = ANSWER_S) -> bytes:
        """What a program of the guest prints. Raises MtvError `agent.refused` also where it fails or may not be run."""
        started = self.ask("guest-exec", {"path": path, "arg": list(arguments), "capture-output": True})
        process = started.get("pid") if isinstance(started, dict) else None
        deadline = time.monotonic() + answer_s
        while time.monotonic() < deadline:
            status = self.ask("guest-exec-status", {"pid": process})
            if isinstance(status, dict) and status.get("exited"):
                if status.get("exitcode") != 0:
                    raise MtvError(
                        "agent.refused", f"{path} ended with {str(status.get('exitcode'))[:20]} in the guest"
                    )
                return _decoded(status.get("out-data"))
            time.sleep(EXEC_POLL_S)
        raise MtvError("agent.refused", f"{path} did not end in the guest within {answer_s:.0f} s")

    def shutdown(self) -> None:
        """Ask the guest to power off; it answers nothing."""
        self._send(_request("guest-shutdown", {"mode": "powerdown"}))

    def _send(self, data: bytes) -> None:
        try:
            self._socket.settimeout(ANSWER_S)
            self._socket.sendall(data)
        except OSError as error:
            raise Temporary("agent.channel", f"the channel to the guest's agent broke: {error}") from error

    def _next(self, deadline: float) -> Json:
        """The next value, or None at the deadline or the channel's end."""
        while not self._inbox:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._socket], [], [], left)[0]:
                return None
            with suppress(OSError):
                if data := self._socket.recv(1 << 16):
                    self._inbox += [value for value in self._lines.feed(data) if value is not None]
                    continue
            return None
        return self._inbox.pop(0)


def _request(command: str, arguments: Mapping[str, Json] | None) -> bytes:
    return json.dumps({"execute": command, **({"arguments": arguments} if arguments else {})}).encode() + b"\n"


def _decoded(data: Json) -> bytes:
    try:
        return base64.b64decode(data) if isinstance(data, str) else b""
    except ValueError:
        return b""
