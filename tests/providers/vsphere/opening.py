"""Sources and sessions over the tests' vCenter, and a server that answers what a test says."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyVim.task import WaitForTask
from pyVmomi import vim

from mtv.model.estate import VM, Change, Revision
from mtv.model.login import Login
from mtv.providers.vsphere import VSphere
from mtv.providers.vsphere.wire.address import Address, read_address
from mtv.providers.vsphere.wire.session import Account, Session
from mtv.providers.vsphere.wire.trust import Trust
from mtv.settings import Settings, settings
from tests.vcenter.certificates import Authority, Certificate
from tests.vcenter.server import ADMIN, PASSWORDS, VCenter

OPEN: list[Session] = []  # closed at the end of each test


def close_all() -> None:
    while OPEN:
        OPEN.pop().close()


def session_of(vc: VCenter, user: str = ADMIN, trust: Trust | None = None, password: str | None = None) -> Session:
    word = PASSWORDS[user] if password is None else password
    made = Session(
        read_address(vc.url), trust or Trust(ca=str(vc.authority.file)), Account(user, word.encode()),
        sleep=lambda _: None,
    )  # fmt: skip
    OPEN.append(made)
    return made


def source_of(vc: VCenter, user: str = ADMIN, **login: object) -> VSphere:
    told: dict[str, Any] = {"user": user, "ca": str(vc.authority.file), **login}
    secrets = {"password": vc.setup.accounts[user].encode()}
    if "copy_user" in told:
        secrets["copy-password"] = vc.setup.accounts[str(told["copy_user"])].encode()
    made = VSphere("vc", vc.url, secrets, Login(**told))
    OPEN.extend([made.session, made.copier])
    return made


def read(source: VSphere, since: str | None = None, close: bool = True) -> tuple[list[Change], str]:
    """Everything that it tells, and its revision."""

    async def ask() -> list[Change]:
        found = [change async for change in source.inventory(since)]
        if close:
            await source.close()
        return found

    found = asyncio.run(ask())
    assert isinstance(found[-1], Revision)
    return found[:-1], found[-1].value


def vms(found: list[Change]) -> dict[str, VM]:
    return {one.name: one for one in found if isinstance(one, VM)}


def find(service: Any, name: str) -> list[Any]:
    view = service.content.viewManager.CreateContainerView(service.content.rootFolder, [vim.VirtualMachine], True)
    try:
        return [one for one in view.view if one.name == name]
    finally:
        view.Destroy()


def change(vm: Any, **config: object) -> None:
    WaitForTask(vm.ReconfigVM_Task(vim.vm.ConfigSpec(**config)))


ABOUT = (
    '<RetrieveServiceContentResponse xmlns="urn:vim25"><returnval><about><fullName>x</fullName><version>8.0.3</version>'
    "<build>1</build><apiVersion>8.0.3.0</apiVersion><apiType>VirtualCenter</apiType></about>"
    '<sessionManager type="SessionManager">SessionManager</sessionManager></returnval></RetrieveServiceContentResponse>'
)
LOGIN = '<LoginResponse xmlns="urn:vim25"><returnval><key>k</key></returnval></LoginResponse>'


def soap(body: str) -> bytes:
    envelope = "http://schemas.xmlsoap.org/soap/envelope/"
    return (
        f'<soapenv:Envelope xmlns:soapenv="{envelope}"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>'.encode()
    )


def http(body: bytes, kind: str = "text/xml", status: str = "200 OK", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n".encode() + body


class Impostor:
    """A TLS server on loopback: logs anybody in, then writes what `answer` says, and closes."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        self.certificate = self.authority.issue("impostor")
        self.answer: Callable[[socket.socket], None] = lambda sock: None
        self.requests: list[bytes] = []
        self.plain = False
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._closed = False
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "Impostor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        with socket.create_connection(self._socket.getsockname()):
            pass
        self._thread.join(10)
        self._socket.close()

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self._socket.getsockname()[1])

    def says(self, data: bytes) -> None:
        self.answer = lambda sock: sock.sendall(data)

    def session(self, **limits: object) -> Session:
        bounds: Settings = replace(settings(), **{"read_stall_s": 2.0, "connect_s": 5.0, **limits})  # type: ignore[arg-type]
        made = Session(
            self.address, Trust(ca=str(self.authority.file)), Account("u", b"p"), bounds, sleep=lambda _: None
        )
        OPEN.append(made)
        return made

    def show(self, certificate: Certificate) -> None:
        self.certificate = certificate

    def _serve(self) -> None:
        while True:
            raw, _ = self._socket.accept()
            if self._closed:
                raw.close()
                return
            threading.Thread(target=self._one, args=(raw,), daemon=True).start()

    def _one(self, raw: socket.socket) -> None:
        if self.plain:  # as web servers do when TLS knocks
            with raw:
                raw.recv(65536)
                raw.sendall(http(b"", "text/plain", "400 Bad Request"))
            return
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate.file, self.certificate.key)
        try:
            with context.wrap_socket(raw, server_side=True) as sock:
                while request := _request(sock):
                    self.requests.append(request)
                    if b"<RetrieveServiceContent" in request:
                        sock.sendall(http(soap(ABOUT)))
                    elif b"<Login " in request:
                        sock.sendall(http(soap(LOGIN)))
                    else:
                        self.answer(sock)
                        return
        except OSError:
            return  # the client had enough


def _request(sock: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    sizes = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    while sizes and len(body) < sizes[0]:
        body += sock.recv(65536)
    return head + body
