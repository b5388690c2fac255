"""A fake API server on loopback that plays recorded shapes: for what a real one is seldom seen to do. It keeps objects
by list path, serves them in pages, and first of all says what a test scripted."""

import base64
import json
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from mtv.providers.kubevirt.connect.address import read_address
from mtv.providers.kubevirt.connect.inside import find
from mtv.providers.kubevirt.wire.api import Api
from tests.vcenter.certificates import Authority

Object = dict[str, Any]
OPEN: list[Api] = []  # closed at the end of each test


@dataclass(frozen=True)
class Said:
    """One answer; `headers` may say any Content-Type."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False  # the connection ends in the middle of the body
    lost: bool = False  # it ends before any answer
    hangs: bool = False  # after the body it stays open and says nothing more


@dataclass(frozen=True)
class Request:
    verb: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None


def status(code: int, reason: str, message: str = "it was refused", **more: object) -> Object:
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason,
            "message": message, **more}  # fmt: skip


class Quiet(ThreadingHTTPServer):
    """Clients that hang up are what is tested."""

    daemon_threads, block_on_close = True, False

    def handle_error(self, request: object, client_address: object) -> None:
        pass


class FakeApiServer:
    """`lists` are objects by the path of their list; what has none is 404. `allows` answers access reviews."""

    def __init__(self, folder: Path, days: int = 30) -> None:
        self.folder, self.days = folder, days
        self.authority = Authority(folder)
        self.lists: dict[str, list[Object]] = {}
        self.objects: dict[str, Object] = {"/version": {"gitVersion": "v1.34.4"}}
        self.scripted: deque[Said] = deque()
        self.answer: Callable[[Request], Said | None] = lambda request: None
        self.allows: Callable[[Object], bool] = lambda attributes: True
        self.requests: list[Request] = []
        self.port = 0
        self.over = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    def serve(self, plural: str, *objects: Object, group: str = "", version: str = "v1") -> None:
        """Objects of that kind, announced by discovery."""
        base = f"/apis/{group}/{version}" if group else f"/api/{version}"
        self.lists[f"{base}/{plural}"] = list(objects)

    def up(self) -> None:
        certificate = self.authority.issue("fake", days=self.days)
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                fake._reply(self)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its word
                pass

        server = Quiet(("127.0.0.1", self.port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.file, certificate.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        self.port, self._server = server.server_address[1], server
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def down(self) -> None:
        assert self._server
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    def kubeconfig(self, user: Object | None = None, namespace: str = "default", **cluster: Any) -> Path:
        ca = base64.b64encode(self.authority.file.read_bytes()).decode()
        told = {"server": f"https://localhost:{self.port}", "certificate-authority-data": ca, **cluster}
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "lab",
            "clusters": [{"name": "cl", "cluster": told}],
            "users": [{"name": "me", "user": {"token": "tok-secret"} if user is None else user}],
            "contexts": [{"name": "lab", "context": {"cluster": "cl", "user": "me", "namespace": namespace}}],
        }  # fmt: skip
        file = self.folder / "kubeconfig.yaml"
        file.write_text(yaml.safe_dump(config))
        return file

    def _reply(self, to: BaseHTTPRequestHandler) -> None:
        url = urlsplit(to.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        body = to.rfile.read(int(to.headers.get("Content-Length") or 0))
        request = Request(to.command, url.path, query, dict(to.headers.items()), json.loads(body) if body else None)
        self.requests.append(request)
        said = self.scripted.popleft() if self.scripted else self.answer(request) or self._usual(request)
        if said.lost:
            to.close_connection = True
            return
        data = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(data) + said.hangs), **said.headers}
        to.send_response(said.status)
        for name, value in headers.items():
            to.send_header(name, value)
        to.end_headers()
        to.wfile.write(data[: len(data) // 2] if said.cut else data)
        to.close_connection = to.close_connection or said.cut
        if said.hangs:
            self.over.wait()

    def _usual(self, request: Request) -> Said:
        if request.verb == "POST":
            return Said(201, self._review(request.body))
        if found := self.objects.get(request.path):
            return Said(200, found)
        if request.path == "/apis":
            return Said(200, {"kind": "APIGroupList", "groups": list(self._groups())})
        if request.path in self.lists:
            return Said(200, self._page(self.lists[request.path], request.query))
        kinds = [path.rpartition("/")[2] for path in self.lists if path.rpartition("/")[0] == request.path]
        if kinds:
            return Said(200, {"kind": "APIResourceList", "resources": [{"name": kind} for kind in kinds]})
        return Said(404, status(404, "NotFound", "the server could not find the requested resource"))

    def _groups(self) -> Iterator[Object]:
        named = {tuple(path.split("/")[2:4]) for path in self.lists if path.startswith("/apis/")}
        for group, version in sorted(named):
            yield {"name": group, "versions": [{"version": version}]}

    def _review(self, asked: Object) -> Object:
        if asked["kind"] == "SelfSubjectReview":
            return {**asked, "status": {"userInfo": {"username": "jane"}}}
        return {**asked, "status": {"allowed": self.allows(asked["spec"]["resourceAttributes"])}}

    @staticmethod
    def _page(objects: list[Object], query: Mapping[str, str]) -> Object:
        start, limit = int(query.get("continue", 0)), int(query.get("limit", 500))
        more = str(start + limit) if start + limit < len(objects) else ""
        return {"kind": "List", "metadata": {"continue": more}, "items": objects[start : start + limit]}


@contextmanager
def serving(folder: Path, days: int = 30) -> Iterator[FakeApiServer]:
    """With negative days its certificate has run out."""
    made = FakeApiServer(folder, days)
    made.up()
    try:
        yield made
    finally:
        made.down()


class Time:
    """A clock that jumps when somebody sleeps; `at` is called at each jump."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.at: Callable[[float], None] = lambda now: None

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)
        self.at(self.now)

    def clock(self) -> float:
        return self.now


def api_of(kubeconfig: Path, time: Time | None = None, query: str = "") -> Api:
    time = time or Time()
    made = Api(find(read_address(f"{kubeconfig}{query}")), sleep=time.sleep, clock=time.clock)
    OPEN.append(made)
    return made
