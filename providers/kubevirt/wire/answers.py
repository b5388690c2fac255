"""An answer's bytes, bounded, and what an API server means by it. Whatever comes is a stranger's: a proxy's page."""

import http.client
import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import orjson

from mtv.errors import CheckFailed, MtvError, Temporary
from mtv.providers.kubevirt.fields import Object, text, whole
from mtv.providers.kubevirt.wire.server import Server
from mtv.settings import Settings

CHUNK_BYTES = 256 << 10
SAID = 600
WARNINGS = 20
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')
PASSING = (429, 500, 502, 503, 504)
LONGEST_S = 60.0  # that a server may ask us to wait at a time


class Status(Exception):
    """The server said no: a `Status` of Kubernetes, or a bare number."""

    def __init__(self, code: int, reason: str, message: str, after_s: float | None = None, go_on: str = "") -> None:
        super().__init__(f"{code} {reason}: {message}")
        self.code, self.reason, self.message = code, reason, message
        self.after_s, self.go_on = after_s, go_on  # go_on: a list that may go on from there

    @property
    def is_passing(self) -> bool:
        return self.code in PASSING


@dataclass(frozen=True)
class Asked:
    """For messages: who was asked for what."""

    server: Server
    what: str


def read(response: http.client.HTTPResponse, asked: Asked, limits: Settings) -> Object:
    """The object that was sent. Raises Status; MtvError `kubevirt.too-large`, `kubevirt.not-json`; CheckFailed
    `kubevirt.not-api`, `kubevirt.table`; Temporary `kubevirt.endless`, `kubevirt.truncated`."""
    data = whole_body(response, asked, limits)
    kind = (response.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if response.status in (301, 302, 303, 307, 308):
        raise _not_api(asked, "sends us elsewhere, as login pages do")
    if kind != "application/json":
        if response.status in PASSING:
            raise Status(response.status, response.reason, _title(data), _after(response))
        if response.status >= 400 and kind == "text/plain":
            raise Status(response.status, response.reason, data[:SAID].decode(errors="replace").strip())
        raise _not_api(asked, f"answers {kind or 'nothing that has a type'}: {_title(data)}")
    told = _loaded(data, asked)
    if response.status >= 400:
        raise Status(
            response.status, text(told, "reason"), text(told, "message")[:SAID], _after(response, told),
            text(told, "metadata", "continue"),
        )  # fmt: skip
    if text(told, "kind") == "Table":
        raise CheckFailed(
            "kubevirt.table", f"{asked.server} answers {asked.what} with a table for people, not with objects",
            "a proxy between changes what we accept: reach the API server without it",
        )  # fmt: skip
    return told


def whole_body(response: http.client.HTTPResponse, asked: Asked, limits: Settings) -> bytes:
    deadline, size, pieces = time.monotonic() + limits.answer_s, 0, []
    while data := response.read(CHUNK_BYTES):
        size += len(data)
        if size > limits.page_limit_bytes:
            raise MtvError(
                "kubevirt.too-large", f"{asked.server}: {asked.what} has more than {limits.page_limit_bytes} bytes"
            )
        if time.monotonic() > deadline:
            raise Temporary("kubevirt.endless", f"{asked.server}: {asked.what} took over {limits.answer_s:.0f} s")
        pieces.append(data)
    if response.length:
        raise Temporary("kubevirt.truncated", f"{asked.server}: {asked.what} ended early")
    return b"".join(pieces)


def warnings(response: http.client.HTTPResponse) -> tuple[str, ...]:
    """Beside an answer: `299 - "unknown field ..."`; a few of them, cut."""
    told = response.headers.get_all("Warning") or []
    return tuple(found[1].replace('\\"', '"')[:SAID] for one in told[:WARNINGS] if (found := _WARNING.match(one)))


def _loaded(data: bytes, asked: Asked) -> Object:
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise MtvError("kubevirt.not-json", f"{asked.server}: {asked.what} came as broken JSON") from error
    if not isinstance(told, dict):
        raise MtvError("kubevirt.not-json", f"{asked.server}: {asked.what} is no object")
    return told


def _not_api(asked: Asked, how: str) -> CheckFailed:
    return CheckFailed(
        "kubevirt.not-api", f"{asked.server} is no API server, or a proxy sits before it: it {how}",
        "is the kubeconfig's server right? NO_PROXY keeps a proxy out",
    )  # fmt: skip


def _title(data: bytes) -> str:
    page = data[:4096].decode(errors="replace")
    if found := re.search(r"<title>\s*([^<]{1,200})", page, re.IGNORECASE):
        return f"'{found[1].strip()}'"
    return f"{len(data)} bytes"


def _after(response: http.client.HTTPResponse, told: Object | None = None) -> float | None:
    """Seconds that the server asks us to wait."""
    given = response.headers.get("Retry-After", "")
    if given.isdecimal():
        return min(float(given), LONGEST_S)
    try:
        when = parsedate_to_datetime(given).timestamp() if given else None
    except ValueError:
        when = None
    if when is not None:
        return min(max(when - time.time(), 0.0), LONGEST_S)
    asked = whole(told, "details", "retryAfterSeconds")
    return min(float(asked), LONGEST_S) if asked is not None and asked >= 0 else None
