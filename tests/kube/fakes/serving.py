"""The fakes' server: aggregated APIs behind the apiserver, which has judged whether who asks may, and the
webhook that fills in what is not said. Laxer: it asks for no client's certificate."""

import json
import re
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.kube.api import Api, Object
from tests.kube.fakes.storage import make
from tests.kube.inside.layout import Layout
from tests.kube.inside.network import NODE

PORT = 8443
SERVICES = "services"
SLICES = "discovery.k8s.io/v1/endpointslices"
API_SERVICES = "apiregistration.k8s.io/v1/apiservices"


@dataclass(frozen=True)
class Said:
    """A status, and an object or bytes."""

    status: int
    body: Object | bytes = b""

    @classmethod
    def error(cls, status: int, message: str, reason: str = "") -> "Said":
        told = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": status}
        return cls(status, {**told, "reason": reason or {404: "NotFound", 409: "Conflict"}.get(status, "")})


@dataclass(frozen=True)
class Asked:
    """What was asked for; `parts` are the path's named ones."""

    parts: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def object(self) -> Object:
        found: Object = json.loads(self.body or b"{}")
        return found


Answerer = Callable[[Asked], Said]


@dataclass
class Routes:
    """By method and path, such as /namespaces/{namespace}/virtualmachines/{name}/start."""

    known: list[tuple[str, re.Pattern[str], Answerer]] = field(default_factory=list)

    def add(self, method: str, path: str, answerer: Answerer) -> None:
        pattern = re.sub(r"\\{([a-z]+)\\}", r"(?P<\1>[^/]+)", re.escape(path))
        self.known.append((method, re.compile(pattern), answerer))

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Said:
        for known, pattern, answerer in self.known:
            if known == method and (found := pattern.fullmatch(path)):
                return answerer(Asked(found.groupdict(), headers, body))
        return Said.error(404, f"{method} {path} is not played")


def serve(layout: Layout, routes: Routes) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) == length:  # else who sent it died
                self.say(body)

        def say(self, body: bytes) -> None:
            headers = {key.lower(): value for key, value in self.headers.items()}
            said = routes.answer(self.command, self.path.partition("?")[0], headers, body)
            data = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
            self.send_response(said.status)
            self.send_header("Content-Type", "text/plain" if isinstance(said.body, bytes) else "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_PUT = do_POST = do_HEAD = answer  # noqa: N815

    server = ThreadingHTTPServer((NODE, PORT), Handler)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(layout.certificates / "fakes.crt", layout.certificates / "fakes.key")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def discoverable(routes: Routes, group: str, version: str, resources: list[Object]) -> None:
    """What kubectl and clients ask first."""
    one = {"groupVersion": f"{group}/{version}", "version": version}
    routes.add("GET", f"/apis/{group}", lambda _: Said(200, {
        "kind": "APIGroup", "apiVersion": "v1", "name": group, "versions": [one], "preferredVersion": one,
    }))  # fmt: skip
    listed = {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": one["groupVersion"],
        "resources": resources,
    }
    routes.add("GET", f"/apis/{group}/{version}", lambda _: Said(200, listed))


def aggregate(api: Api, namespace: str, service: str, group: str, version: str, authority: str) -> None:
    """The apiserver hands this group on to a Service of ours."""
    offer(api, namespace, service)
    reference = {"namespace": namespace, "name": service, "port": 443}
    spec = {
        "group": group, "version": version, "groupPriorityMinimum": 1000, "versionPriority": 15, "caBundle": authority,
        "service": reference,
    }  # fmt: skip
    make(api, API_SERVICES, {"metadata": {"name": f"{version}.{group}"}, "spec": spec})


def offer(api: Api, namespace: str, service: str) -> None:
    make(api, "namespaces", {"metadata": {"name": namespace}})
    ports = [{"port": 443, "targetPort": PORT, "name": "https"}]
    make(api, SERVICES, {"metadata": {"name": service}, "spec": {"ports": ports}}, namespace)
    labels = {"kubernetes.io/service-name": service}
    slice_of = {"addressType": "IPv4", "ports": [{"name": "https", "port": PORT, "protocol": "TCP"}],
                "endpoints": [{"addresses": [NODE], "conditions": {"ready": True}}]}  # fmt: skip
    make(api, SLICES, {"metadata": {"name": f"{service}-0", "labels": labels}, **slice_of}, namespace)
