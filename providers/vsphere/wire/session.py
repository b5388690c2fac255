"""A session: logged in once, kept alive, one new login a call where it was lost; reads are tried three times.

A password that was refused is never sent again by this process: accounts are locked after a few.
"""

import hashlib
import http.client
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import TypeVar

from mtv.errors import MtvError, Temporary
from mtv.providers.vsphere.wire import answer, link
from mtv.providers.vsphere.wire.about import About, read_about
from mtv.providers.vsphere.wire.address import Address
from mtv.providers.vsphere.wire.answer import FAULT, VIM, Bounds, Element
from mtv.providers.vsphere.wire.refusals import nobody, refused
from mtv.providers.vsphere.wire.soap import Ref, SoapFault, raise_fault, request, tag
from mtv.providers.vsphere.wire.trust import Guard, Trust
from mtv.settings import Settings, settings

T = TypeVar("T")
AGENT = "mtv"  # what an admin sees in the list of sessions
COOKIE = "vmware_soap_session"
WAITS_S = (0.5, 2.0)  # between three tries
_REFUSED: set[bytes] = set()


@dataclass(frozen=True)
class Account:
    user: str
    password: bytes

    def __repr__(self) -> str:
        return f"Account({self.user!r})"


class Session:
    """Safe to use from several threads: each call takes a connection of its own."""

    def __init__(
        self, address: Address, trust: Trust, account: Account, limits: Settings | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self.address, self.account, self.limits = address, account, limits or settings()
        self.guard = Guard(trust, str(address))
        self._sleep, self._cookie = sleep, ""
        self._about: About | None = None
        self._idle: list[link.Link] = []
        self._lock, self._login_lock = threading.Lock(), threading.RLock()
        self._closed, self._used_at = threading.Event(), 0.0
        self.logins = 0

    @property
    def about(self) -> About:
        if self._about is None:
            content = self._whole("RetrieveServiceContent", Ref("ServiceInstance", "ServiceInstance"), "")
            self._about = read_about(content, self.address)
        return self._about

    @property
    def cookie(self) -> str:
        """Its value, logged in. For the provider's own other transports; it goes into no file."""
        self._log_in("")
        return self._cookie

    def renew(self, lost: str = "") -> None:
        """A new login, for a transport of the provider's own that found the session of that cookie lost."""
        self._log_in(lost or self._cookie)

    def manager(self, name: str) -> Ref:
        """Raises MtvError `vsphere.unserved` where that server has none."""
        found = self.about.managers.get(name)
        if found is None:
            raise MtvError("vsphere.unserved", f"{self.address} does not serve {name}")
        return found

    def call(self, method: str, this: Ref, body: str = "", *, again: bool = True) -> Element:
        """The answer's element. `again` is False for what must not be sent twice. Raises SoapFault, MtvError."""
        return self._persist(lambda: self._whole(method, this, body), again)

    def read(self, method: str, this: Ref, body: str, take: Callable[[bytes], T]) -> T:
        """What `take` makes of an answer, of which only size, kind and entities were looked at. Raises what it does."""
        return self._persist(lambda: take(self._bytes(request(method, this, body))), True)

    def stream(self, method: str, this: Ref, body: str, *tags: str) -> Iterator[Element]:
        """Elements of a large answer as they come. It is asked again only while nothing was given out."""
        names = tuple(f"{VIM}{name}" for name in tags)
        first = self._persist(lambda: _started(self._streamed(method, this, body, names)), True)
        yield from first

    def other(self, path: str, method: str, this: Ref, body: str, space: str) -> Element:
        """A call to another service of the same server, with this session's cookie."""
        return self._persist(lambda: self._whole(method, this, body, path, space), True)

    def post(self, body: bytes) -> bytes:
        """A finished request of the provider's own other client: its answer as a whole, checked and bounded."""
        self._log_in("")
        return self._bytes(body)

    def _bytes(self, body: bytes) -> bytes:
        bounds = Bounds(size_bytes=self.limits.page_limit_bytes, total_s=self.limits.answer_s)
        with link.said(self.address), self._lent() as one:
            return b"".join(answer.chunks(self._ask(one, body, "/sdk"), self.address, bounds))

    def exchange(self, verb: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Anything else over a checked connection: status and a bounded body."""
        with link.said(self.address), self._lent() as one:
            one.request(verb, path, body, dict(headers))
            response = one.getresponse()
            data = response.read(self.limits.xml_limit_bytes + 1)
            response.close()
        if len(data) > self.limits.xml_limit_bytes:
            raise MtvError("vsphere.too-large", f"an answer of {self.address} has more than {len(data) - 1} bytes")
        return response.status, data

    def close(self) -> None:
        """Log out; a server that is gone is no error."""
        self._closed.set()
        if self._cookie:
            with suppress(MtvError, SoapFault):  # the session ends by itself, after half an hour
                self._whole("Logout", self.manager("sessionManager"), "")
            self._cookie = ""
        self.drop()

    def take(self) -> link.Link:
        """A connection for one call, for a transport of the provider's own; `give` it back after a whole answer."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return link.Link(self.address, self.guard, self.limits.connect_s, self.limits.read_stall_s)

    def give(self, one: link.Link) -> None:
        with self._lock:
            self._idle.append(one)

    @contextmanager
    def _lent(self) -> Iterator[link.Link]:
        """One for a call: back into the pool only if the answer was read to its end."""
        one = self.take()
        try:
            yield one
        except BaseException:
            one.close()
            raise
        self.give(one)

    def drop(self) -> None:
        """Connections that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for one in idle:
            one.close()

    def _persist(self, ask: Callable[[], T], again: bool) -> T:
        self._log_in("")
        renewed, tries = False, 0
        while True:
            cookie = self._cookie
            try:
                return ask()
            except SoapFault as error:
                if error.name != "NotAuthenticated" or renewed:
                    raise
                renewed = True
                self._log_in(cookie)
            except Temporary:
                if not again or tries >= len(WAITS_S):
                    raise
                self._sleep(WAITS_S[tries])
                tries += 1

    def _log_in(self, lost: str) -> None:
        """Unless another thread did already."""
        with self._login_lock:
            if self._cookie != lost:
                return
            about, account = self.about, self.account
            mark = hashlib.sha256(f"{self.address}\0{account.user}\0".encode() + account.password).digest()
            if mark in _REFUSED:
                raise refused(self.address, account.user)
            self._cookie = ""
            body = tag("userName", account.user) + tag("password", account.password.decode("utf-8", "replace"))
            try:
                self._whole("Login", about.managers["sessionManager"], body)
            except SoapFault as error:
                if error.name == "NoPermission":
                    raise nobody(self.address, account.user) from error
                if error.name in ("InvalidLogin", "InvalidArgument"):
                    _REFUSED.add(mark)
                    raise refused(self.address, account.user) from error
                raise
            self.logins += 1
            if self.logins == 1:
                threading.Thread(target=self._keep, name="vsphere-keep", daemon=True).start()

    def _keep(self) -> None:
        """A session ends after 30 idle minutes; a run may wait for hours. What fails here, the next call mends."""
        while not self._closed.wait(self.limits.session_keep_s):
            if self._cookie and time.monotonic() - self._used_at >= self.limits.session_keep_s / 2:
                try:
                    self._whole("CurrentTime", Ref("ServiceInstance", "ServiceInstance"), "")
                except (MtvError, SoapFault):
                    continue

    def _whole(self, method: str, this: Ref, body: str, path: str = "/sdk", space: str = "urn:vim25") -> Element:
        bounds = Bounds(size_bytes=self.limits.page_limit_bytes, total_s=self.limits.answer_s)
        cookie = "" if path == "/sdk" else self._cookie.strip('"')
        with link.said(self.address), self._lent() as one:
            response = self._ask(one, request(method, this, body, space, cookie), path)
            found = answer.whole(answer.chunks(response, self.address, bounds), self.address)
        raise_fault(found)
        return found

    def _streamed(self, method: str, this: Ref, body: str, names: tuple[str, ...]) -> Iterator[Element]:
        bounds = Bounds(size_bytes=self.limits.answer_limit_bytes, total_s=self.limits.answer_s)
        with link.said(self.address), self._lent() as one:
            response = self._ask(one, request(method, this, body), "/sdk")
            data = answer.chunks(response, self.address, bounds)
            for element in answer.stream(data, self.address, *names, FAULT):
                raise_fault(element)
                yield element

    def _ask(self, one: link.Link, body: bytes, path: str) -> http.client.HTTPResponse:
        api = self._about.api if self._about else "6.7"
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"urn:vim25/{api}"', "User-Agent": AGENT}
        if self._cookie:
            headers["Cookie"] = f"{COOKIE}={self._cookie}"
        one.request("POST", path, body, headers)
        response = one.getresponse()
        self._used_at = time.monotonic()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            if found := SimpleCookie(cookie).get(COOKIE):
                self._cookie = found.coded_value
        return response


def _started(found: Iterator[T]) -> Iterator[T]:
    """The same, its first element read already: what fails before it can be asked again."""
    first = next(found, None)
    return iter(()) if first is None else _chained(first, found)


def _chained(first: T, rest: Iterator[T]) -> Iterator[T]:
    yield first
    yield from rest
