"""Requests to one API server: kept connections, one new login, and reads that are asked again while it is away.

kubernetes' own client is not used: docs/decisions/0050 says why.
"""

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlencode

import orjson

from mtv.errors import Temporary
from mtv.providers.kubevirt.connect.access import Access
from mtv.providers.kubevirt.connect.credentials import Credentials, refused
from mtv.providers.kubevirt.connect.trust import context
from mtv.providers.kubevirt.fields import Object
from mtv.providers.kubevirt.wire import answers
from mtv.providers.kubevirt.wire.answers import Asked, Status
from mtv.providers.kubevirt.wire.link import Link, said
from mtv.providers.kubevirt.wire.server import Server, proxy_for, read_server
from mtv.settings import Settings, settings

AGENT = "mtv"
WAITS_S = (0.5, 2.0, 5.0, 10.0)  # between tries; the last one repeats
FIRST_TRIES = 3  # of a server that never answered: its name may be wrong
Params = Mapping[str, str | int]


class Api:
    """Safe to use from several threads: each request takes a connection of its own."""

    def __init__(
        self, access: Access, limits: Settings | None = None, sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.access, self.limits = access, limits or settings()
        self.server: Server = read_server(access)
        self.credentials = Credentials(access)
        self._proxy = proxy_for(access, self.server)
        self._sleep, self._clock = sleep, clock
        self._idle: list[Link] = []
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self.has_answered = False

    def get(self, path: str, params: Params | None = None) -> Object:
        """Raises Status for what the server refuses, MtvError for what is wrong on the way."""
        return self._persist(Asked(self.server, path), lambda asked: self._ask(asked, "GET", path, params or {}, None))

    def review(self, path: str, body: Object) -> Object:
        """A question that is put by POST and changes nothing: asked again like a read."""
        data = orjson.dumps(body)
        return self._persist(Asked(self.server, path), lambda asked: self._ask(asked, "POST", path, {}, data))

    @contextmanager
    def said(self, what: str) -> Iterator[None]:
        """What the server refused, in our words."""
        try:
            yield
        except Status as status:
            raise answers.meaning(status, Asked(self.server, what)) from status

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for one in idle:
            one.close()

    def _persist(self, asked: Asked, ask: Callable[[Asked], Object]) -> Object:
        """For a while where the server answered before; else three times."""
        began, tries = self._clock(), 0
        while True:
            try:
                return ask(asked)
            except (Temporary, Status) as error:
                if isinstance(error, Status) and not error.is_passing:
                    raise
                wait_s = WAITS_S[min(tries, len(WAITS_S) - 1)]
                if isinstance(error, Status) and error.after_s is not None:
                    wait_s = max(error.after_s, 0.1)
                tries += 1
                late = self._clock() - began + wait_s > self.limits.target_down_s
                if late or not (self.has_answered or tries < FIRST_TRIES):
                    raise
            self._sleep(wait_s)

    def _ask(self, asked: Asked, verb: str, path: str, params: Params, body: bytes | None) -> Object:
        try:
            return self._once(asked, verb, path, params, body)
        except Status as status:
            if status.code != 401:
                raise
            if not self.credentials.renew():
                raise refused(self.access, self.credentials.why_not()) from status
        self.close()  # connections carry the old certificate
        self._context = None
        try:
            return self._once(asked, verb, path, params, body)
        except Status as status:
            if status.code != 401:
                raise
            raise refused(self.access, self.credentials.why_not()) from status

    def _once(self, asked: Asked, verb: str, path: str, params: Params, body: bytes | None) -> Object:
        with said(self.server), self._lent() as one:
            target = f"{self.server.base}{path}" + (f"?{urlencode(params)}" if params else "")
            one.putrequest(verb, target, skip_accept_encoding=True)
            for name, value in self._headers(body):
                one.putheader(name, value)
            one.endheaders(body)
            response = one.getresponse()
            self.has_answered = True
            try:
                return answers.read(response, asked, self.limits)
            except Status:
                self._give(one)  # it was read to its end
                raise

    def _headers(self, body: bytes | None) -> Iterator[tuple[str, str]]:
        yield "User-Agent", AGENT
        yield "Accept", "application/json"
        if body is not None:
            yield "Content-Type", "application/json"
            yield "Content-Length", str(len(body))
        yield from self.credentials.headers()

    @contextmanager
    def _lent(self) -> Iterator[Link]:
        """One for a request; back among the idle ones only if all went well."""
        with self._lock:
            one = self._idle.pop() if self._idle else None
        one = one or Link(
            self.server, self._secured(), self._proxy, self.access.server_name, self.limits.connect_s,
            self.limits.read_stall_s,
        )  # fmt: skip
        try:
            yield one
        except Status:
            raise
        except BaseException:
            one.close()
            raise
        self._give(one)

    def _give(self, one: Link) -> None:
        with self._lock:
            self._idle.append(one)

    def _secured(self) -> ssl.SSLContext | None:
        if not self.server.is_tls:
            return None
        if self._context is None:
            self._context = context(self.access, self.credentials.certificate())
        return self._context
