"""The guest's end of an agent channel: a thread that answers from a table, as QEMU's agent does."""

import base64
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Answer = Callable[[Mapping[str, Any]], Any]


class Failing(Exception):
    """The agent answers with an error."""


class FakeAgent:
    def __init__(self, path: Path, answers: Mapping[str, Answer | Any], *, before: bytes = b"", deaf: int = 0) -> None:
        self.answers = answers
        self.before = before  # sent as soon as somebody connects
        self.deaf = deaf  # so many requests are swallowed first
        self.heard: list[str] = []
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        with client, client.makefile("rb") as lines:
            client.sendall(self.before)
            for line in lines:
                request = json.loads(line.lstrip(b"\xff"))
                self.heard.append(request["execute"])
                if self.deaf:
                    self.deaf -= 1
                    continue
                try:
                    client.sendall(self._answer(request))
                except OSError:
                    return

    def _answer(self, request: Mapping[str, Any]) -> bytes:
        name, arguments = request["execute"], request.get("arguments", {})
        if name == "guest-sync-delimited":
            return b"\xff" + json.dumps({"return": arguments["id"]}).encode() + b"\n"
        found = self.answers.get(name, Failing("The command has not been found"))
        try:
            value = found(arguments) if callable(found) else found
            if isinstance(value, Exception):
                raise value
        except Failing as error:
            return json.dumps({"error": {"class": "GenericError", "desc": str(error)}}).encode() + b"\n"
        return json.dumps({"return": value}).encode() + b"\n"


@contextmanager
def fake_agent(path: Path, answers: Mapping[str, Any], **words: Any) -> Iterator[FakeAgent]:
    agent = FakeAgent(path, answers, **words)
    try:
        yield agent
    finally:
        agent.close()


def programs(outputs: Mapping[str, str]) -> dict[str, Answer]:
    """guest-exec and its status: each program prints what the table says, or is not there."""
    waiting: list[str] = []

    def start(arguments: Mapping[str, Any]) -> Any:
        line = " ".join([arguments["path"], *arguments["arg"]])
        found = next((text for name, text in outputs.items() if line.startswith(name)), None)
        if found is None:
            raise Failing(f"Failed to execute child process {arguments['path']}")
        waiting.append(found)
        return {"pid": len(waiting)}

    def status(arguments: Mapping[str, Any]) -> Any:
        text = waiting[arguments["pid"] - 1]
        return {"exited": True, "exitcode": 0, "out-data": base64.b64encode(text.encode()).decode()}

    return {"guest-exec": start, "guest-exec-status": status}
