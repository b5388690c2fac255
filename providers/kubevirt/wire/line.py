"""The line to one API server: kept connections, one new login, and what is asked again while it is away."""

import http.client
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlencode

from mtv.errors import MtvError, Temporary
from mtv.providers.kubevirt.connect.access import Access
from mtv.providers.kubevirt.connect.credentials import Credentials, refused
from mtv.providers.kubevirt.connect.trust import context
from mtv.providers.kubevirt.fields import NOTHING, Object
from mtv.providers.kubevirt.wire import answers
from mtv.providers.kubevirt.wire.answers import Asked, Status
from mtv.providers.kubevirt.wire.link import Link, said
from mtv.providers.kubevirt.wire.pace import Pace
from mtv.providers.kubevirt.wire.request import JSON, Request
from mtv.providers.kubevirt.wire.server import Server, proxy_for, read_server
from mtv.settings import Settings, settings

T = TypeVar("T")

AGENT = "mtv"
WAITS_S = (0.5, 2.0, 5.0, 10.0)  # between tries; the last one repeats
ANSWER_S = 5.0  # a renewal that takes longer is sent anew: a lease has 30
FIRST_TRIES = 3  # of a server that never answered: its name may be wrong


def passes(error: MtvError | Status) -> bool:
    """The same again may work, whether the last one arrived or not."""
    return error.is_passing if isinstance(error, Status) else isinstance(error, Temporary)


def hasty(limits: Settings) -> Settings:
    """For who renews: nothing is waited for or asked again, for it looks at the time and asks again by itself."""
    return replace(limits, connect_s=ANSWER_S, read_stall_s=ANSWER_S, answer_s=ANSWER_S, target_down_s=0)


class Line:
    """Safe to use from several threads: each request takes a connection of its own."""

    def __init__(
        self, access: Access, limits: Settings | None = None, sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.access, self.limits = access, limits or settings()
        self.server: Server = read_server(access)
        self.credentials = Credentials(access)
        self.sleep, self.clock = sleep, clock
        self._pace = Pace(self.limits.target_requests_s, self.limits.target_requests_at_once, clock, sleep)
        self._proxy = proxy_for(access, self.server)
        self._idle: list[Link] = []
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self.has_answered = False
        self._heard = threading.local()

    def persist(self, ask: Callable[[], T], again: Callable[[MtvError | Status], bool] = passes) -> T:
        """Asked until it is answered: for a while where the server answered before, else three times. Raises Status
        for what the server refuses, MtvError for what is wrong on the way."""
        began, tries = self.clock(), 0
        while True:
            try:
                return ask()
            except (MtvError, Status) as error:
                if not again(error):
                    raise
                wait_s = WAITS_S[min(tries, len(WAITS_S) - 1)]
                if isinstance(error, Status) and error.after_s is not None:
                    wait_s = max(error.after_s, 0.1)
                tries += 1
                late = self.clock() - began + wait_s > self.limits.target_down_s
                if late or not (self.has_answered or tries < FIRST_TRIES):
                    raise
            self.sleep(wait_s)

    def ask(self, request: Request) -> Object:
        """Once, but for a new login."""
        return self.logged_in(lambda: self._once(request))

    def open(self, request: Request, stall_s: float) -> tuple[Link, http.client.HTTPResponse]:
        """An answer whose body comes bit by bit, and its connection: the caller's to close."""
        return self.logged_in(lambda: self._opened(request, stall_s))

    def warned(self) -> Sequence[str]:
        """What the server warned of in the last answer to this thread."""
        return getattr(self._heard, "warnings", ())

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for one in idle:
            one.close()

    def new_link(self) -> Link:
        """A connection of its own, for what is no request and answer: the caller's to close."""
        return self._link(self.limits.read_stall_s)

    def logged_in(self, ask: Callable[[], T]) -> T:
        """Once more with another login, where there is one."""
        try:
            return ask()
        except Status as status:
            if status.code != 401:
                raise
            if not self.credentials.renew():
                raise refused(self.access, self.credentials.why_not()) from status
        self.close()  # connections carry the old certificate
        self._context = None
        try:
            return ask()
        except Status as status:
            if status.code != 401:
                raise
            raise refused(self.access, self.credentials.why_not()) from status

    def _once(self, request: Request) -> Object:
        with said(self.server), self._lent() as one:
            response = self._send(one, request)
            try:
                asked = Asked(self.server, request.path)
                self._heard.warnings = answers.warnings(response)
                if request.accept == JSON or response.status >= 300:
                    return answers.read(response, asked, self.limits)
                answers.whole_body(response, asked, self.limits)
                return NOTHING
            except Status:
                self._give(one)  # it was read to its end
                raise

    def _opened(self, request: Request, stall_s: float) -> tuple[Link, http.client.HTTPResponse]:
        one = self._link(stall_s)
        try:
            with said(self.server):
                response = self._send(one, request)
                if response.status != 200:
                    answers.read(response, Asked(self.server, request.path), self.limits)
                    raise Status(response.status, response.reason, "no stream")
            return one, response
        except BaseException:
            one.close()
            raise

    def _send(self, one: Link, request: Request) -> http.client.HTTPResponse:
        self._pace.wait()
        query = f"?{urlencode(request.params)}" if request.params else ""
        one.putrequest(request.verb, f"{self.server.base}{request.path}{query}", skip_accept_encoding=True)
        for name, value in self._headers(request):
            one.putheader(name, value)
        one.endheaders(request.body)
        response = one.getresponse()
        self.has_answered = True
        return response

    def _headers(self, request: Request) -> Iterator[tuple[str, str]]:
        yield "User-Agent", AGENT
        yield "Accept", request.accept
        if request.body is not None:
            yield "Content-Type", request.content
            yield "Content-Length", str(len(request.body))
        yield from self.credentials.headers()

    @contextmanager
    def _lent(self) -> Iterator[Link]:
        """One for a request; back among the idle ones only if all went well."""
        with self._lock:
            one = self._idle.pop() if self._idle else None
        one = one or self._link(self.limits.read_stall_s)
        try:
            yield one
        except Status:
            raise
        except BaseException:
            one.close()
            raise
        self._give(one)

    def _link(self, stall_s: float) -> Link:
        return Link(self.server, self._secured(), self._proxy, self.access.server_name, self.limits.connect_s, stall_s)

    def _give(self, one: Link) -> None:
        with self._lock:
            self._idle.append(one)

    def _secured(self) -> ssl.SSLContext | None:
        if not self.server.is_tls:
            return None
        if self._context is None:
            self._context = context(self.access, self.credentials.certificate())
        return self._context
