"""`mtv rpc`: answers on stdout what is asked on stdin, one after another, until nobody asks any more."""

import os
import queue
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection, Mapping
from importlib.metadata import version
from typing import IO

from mtv import codec
from mtv.errors import CheckFailed, MtvError, Refused
from mtv.model.estate import Json
from mtv.model.faults import Fault, Kind
from mtv.settings import settings
from mtv.verbs.remote import commands, lines
from mtv.verbs.remote.board import StoreBoard
from mtv.verbs.remote.lines import LINE_LIMIT_BYTES, Message

STEERS = ("run", "cutover", "hold", "resume", "retry", "cancel", "rollback", "commit", "purge", "board.steer")
"""Verbs whose asker is kept."""

LEAVE_S = 5.0  # what runs when nobody asks any more has this time to end: a look has, what follows a run has not
COMMAND = (sys.executable, "-P", "-m", "mtv")
Whose = Callable[[str], str]


class Answers:
    """`verbs` are the commands that may be asked for. Where `whose` is given, it says who left a mark of that name:
    then nothing is steered before the caller has left one."""

    def __init__(self, verbs: Collection[str], ask: IO[bytes], tell: IO[bytes], whose: Whose | None = None) -> None:
        self.verbs, self.whose = verbs, whose
        self.nonce = f"mtv-{secrets.token_hex(16)}"
        self._ask, self._tell = ask, tell
        self._telling = threading.Lock()
        self._asked: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._ended_s = float("inf")
        self._proven = False
        self._board = StoreBoard()

    def serve(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        while line := self._asked.get():
            self._answer(line)

    def _listen(self) -> None:
        try:
            while (line := self._ask.readline(LINE_LIMIT_BYTES + 1)).endswith(b"\n"):
                self._asked.put(line)
        finally:
            self._ended_s = time.monotonic()
            self._asked.put(b"")

    def _answer(self, line: bytes) -> None:
        number: Json = None
        try:
            asked = lines.load(line)
            number = asked.get("id")
            self._say({"id": number, "ok": self._do(asked, number)})
        except MtvError as error:
            self._say({"id": number, "fault": codec.dump(error.fault)})
        except Exception as error:
            traceback.print_exc()
            text = f"an unexpected {type(error).__name__}: {str(error)[:500]}"
            fault = Fault("mtv.defect", text, "please report it, with the engine's log", Kind.PERMANENT)
            self._say({"id": number, "fault": codec.dump(fault)})

    def _say(self, message: Message) -> None:
        with self._telling:
            try:
                self._tell.write(lines.dump(message))
                self._tell.flush()
            except OSError:  # who asked has gone: what runs for it is told so
                self._ended_s = float("-inf")

    def _do(self, asked: Message, number: Json) -> Json:
        verb, args = asked.get("verb"), asked.get("args") or {}
        if verb in STEERS and self.whose and not self._proven:
            raise CheckFailed("rpc.unproven", "the engine does not know yet who asks", "leave a mark first")
        if verb == "hello":
            return {"version": version("mtv-toolkit"), "mark": self.nonce if self.whose else ""}
        if verb == "prove":
            return self._prove()
        if found := BOARD.get(str(verb)):
            return found(self._board, args)
        if verb not in self.verbs:
            raise Refused("rpc.verb", f"'{verb}' is not to be had from here")
        return self._command(str(verb), args, number)

    def _prove(self) -> Json:
        if self.whose and not self._proven:
            os.environ["MTV_WHO"] = self.whose(self.nonce)
            self._proven = True
        return {"who": os.environ.get("MTV_WHO", "")}

    def _command(self, verb: str, args: Json, number: Json) -> Json:
        files = lines.unpacked(args.get("files", {}) if isinstance(args, dict) else None)
        argv = [*COMMAND, "--store", str(settings().store.absolute()), verb]
        code, made = commands.run(
            argv, lines.words(args), files, lambda stream, text: self._say({"id": number, stream: text}),
            lambda: time.monotonic() - self._ended_s > LEAVE_S,
        )  # fmt: skip
        return {"code": code, "files": lines.packed(made)}


def _migrations(board: StoreBoard, args: Json) -> Json:
    return [codec.dump(one) for one in board.migrations()]


def _journey(board: StoreBoard, args: Json) -> Json:
    return [codec.dump(one) for one in board.journey(lines.text(args, "run"), lines.text(args, "vm"))]


def _log(board: StoreBoard, args: Json) -> Json:
    count = args.get("lines") if isinstance(args, dict) else None
    return board.log(lines.text(args, "run"), lines.text(args, "vm"), count if isinstance(count, int) else 0)


def _steer(board: StoreBoard, args: Json) -> Json:
    return board.steer(lines.text(args, "verb"), lines.text(args, "run"), lines.text(args, "vm"))


BOARD: Mapping[str, Callable[[StoreBoard, Json], Json]] = {
    "board.migrations": _migrations, "board.journey": _journey, "board.log": _log, "board.steer": _steer,
}  # fmt: skip
