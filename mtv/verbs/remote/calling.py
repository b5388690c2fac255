"""Our end of the pipe to an engine that is elsewhere."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from mtv import codec
from mtv.errors import MtvError, Temporary
from mtv.model.estate import Json
from mtv.model.faults import Fault
from mtv.providers.engines import Pipe, Vouches
from mtv.verbs.remote import lines

Say = Callable[[str, str], None]  # "out" or "err", and the text


def _unsaid(stream: str, text: str) -> None:
    """Nobody wants to read it."""


class FarError(MtvError):
    """What was raised at the other end."""

    def __init__(self, fault: Fault) -> None:
        Exception.__init__(self, fault.text)
        self.fault = fault


class Session:
    """One question at a time, also of several threads. `voucher` leaves our mark where the engine asks for it."""

    def __init__(self, pipe: Pipe, voucher: Vouches | None = None) -> None:
        self._pipe, self._voucher = pipe, voucher
        self._lines: Iterator[bytes] = pipe.lines()
        self._asking = threading.Lock()
        self._number = 0

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with suppress(MtvError):
            self._pipe.close()

    def ask(self, verb: str, args: Mapping[str, Json] | None = None, say: Say = _unsaid) -> Json:
        """Raises what the other end raised; Temporary `rpc.ended` where it is gone."""
        with self._asking:
            try:
                return self._ask(verb, args or {}, say)
            except MtvError as error:
                if error.fault.code != "rpc.unproven" or self._voucher is None:
                    raise
                self._prove(self._voucher)
                return self._ask(verb, args or {}, say)

    def _prove(self, voucher: Vouches) -> None:
        voucher.mark(lines.text(self._ask("hello", {}, _unsaid), "mark"))
        self._ask("prove", {}, _unsaid)

    def _ask(self, verb: str, args: Mapping[str, Json], say: Say) -> Json:
        self._number += 1
        self._pipe.send(lines.dump({"id": self._number, "verb": verb, "args": dict(args)}))
        for line in self._lines:
            told = lines.load(line)
            if told.get("id") != self._number or "verb" in told:
                raise lines.not_ours(line)
            if "fault" in told:
                raise FarError(codec.load(Fault, _object(told["fault"]), "fault"))
            if "ok" in told:
                return told["ok"]
            for stream in ("out", "err"):
                if isinstance(text := told.get(stream), str):
                    say(stream, text)
        raise Temporary("rpc.ended", "the engine's end of the pipe closed", "try again; is its Pod up?")

    def command(
        self, verb: str, words: list[str], files: Mapping[str, bytes], say: Say
    ) -> tuple[int, dict[str, bytes]]:
        """A whole command line there: its exit code, and the files that it wrote."""
        told = self.ask(verb, {"words": [*words], "files": lines.packed(files)}, say)
        code = told.get("code") if isinstance(told, dict) else None
        made = lines.unpacked(told.get("files", {}) if isinstance(told, dict) else None)
        return code if isinstance(code, int) else 1, made


def _object(found: Json) -> dict[str, Json]:
    return found if isinstance(found, dict) else {}
