"""Kubernetes' API as plain requests and plain objects: for the tests, the fakes and the provisioner. It owes nothing to
the client library that mtv uses, and so can judge what mtv does."""

import base64
import http.client
import json
import select
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

Object = dict[str, Any]
TIMEOUT_S = 60
APPLY, MERGE, JSON = "application/apply-patch+yaml", "application/merge-patch+json", "application/json-patch+json"


class Answer(Exception):  # noqa: N818
    """An answer that is no success."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status, self.body = status, body
        super().__init__(f"{status}: {body.decode(errors='replace')[:2000]}")

    @property
    def reason(self) -> str:
        return str(json.loads(self.body).get("reason", "")) if self.body.startswith(b"{") else ""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def object(self) -> Object:
        found: Object = json.loads(self.body)
        return found


def path(kind: str, namespace: str | None = None, name: str | None = None, part: str | None = None) -> str:
    """Of "pods", "apps/v1/deployments", "kubevirt.io/v1/virtualmachines"; core kinds go without their group."""
    group, _, plural = kind.rpartition("/")
    parts = ["/apis", group] if group else ["/api/v1"]
    parts += ["namespaces", namespace] if namespace else []
    return "/".join([*parts, plural, *(text for text in (name, part) if text)])


def is_closed(connection: http.client.HTTPSConnection) -> bool:
    """The server ended it while it was idle: there is something to read, and nothing was asked. A request on it would
    fail without a word of whether it was heard."""
    return connection.sock is not None and bool(select.select([connection.sock], [], [], 0)[0])


class Api:
    """A thread has a connection of its own; one that broke is made anew, and nothing is sent twice but a GET."""

    def __init__(self, server: str, context: ssl.SSLContext, headers: Mapping[str, str] | None = None) -> None:
        self.server, self.context, self.headers = urlsplit(server), context, dict(headers or {})
        self.local = threading.local()
        self.open: list[http.client.HTTPSConnection] = []

    @classmethod
    def read(cls, kubeconfig: Path) -> "Api":
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        if "client-certificate" in user:
            context.load_cert_chain(user["client-certificate"], user["client-key"])
        if "client-certificate-data" in user:
            with tempfile.NamedTemporaryFile() as file:
                file.write(
                    base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"])
                )
                file.flush()
                context.load_cert_chain(file.name)
        token = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
        return cls(cluster["server"], context, token)

    def connection(self, timeout_s: float = TIMEOUT_S) -> http.client.HTTPSConnection:
        host, port = str(self.server.hostname), self.server.port or 443
        return http.client.HTTPSConnection(host, port, context=self.context, timeout=timeout_s)

    def ask(
        self,
        method: str,
        where: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Reply:
        """Whatever the answer is."""
        url = f"{where}?{urlencode(query)}" if query else where
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "Accept": "application/json", **self.headers, **(headers or {})}
        try:
            return self._send(method, url, data, sent)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.drop()
            if method != "GET":
                raise
            return self._send(method, url, data, sent)

    def _send(self, method: str, url: str, data: bytes | None, headers: Mapping[str, str]) -> Reply:
        found: http.client.HTTPSConnection | None = getattr(self.local, "connection", None)
        if found and is_closed(found):
            self.drop()
            found = None
        connection = found or self.connection()
        if not found:
            self.local.connection = connection
            self.open.append(connection)
        try:
            connection.request(method, url, data, dict(headers))
            got = connection.getresponse()
            return Reply(got.status, {key.lower(): value for key, value in got.getheaders()}, got.read())
        except BaseException:
            self.drop()
            raise

    def drop(self) -> None:
        """Close this thread's connection."""
        found: http.client.HTTPSConnection | None = getattr(self.local, "connection", None)
        if found:
            found.close()
            self.open.remove(found)
            self.local.connection = None

    def __del__(self) -> None:
        for connection in self.open:
            connection.close()

    def want(self, method: str, where: str, body: object = None, content: str = "", **query: Any) -> Object:
        """Raises Answer."""
        reply = self.ask(method, where, body, {"Content-Type": content} if content else None, **query)
        if reply.status >= 300:
            raise Answer(reply.status, reply.body)
        return reply.object if reply.body else {}

    def get(self, kind: str, namespace: str | None, name: str) -> Object:
        return self.want("GET", path(kind, namespace, name))

    def find(self, kind: str, namespace: str | None, name: str) -> Object | None:
        """None where there is none."""
        try:
            return self.get(kind, namespace, name)
        except Answer as answer:
            if answer.status == 404:
                return None
            raise

    def items(self, kind: str, namespace: str | None = None, **query: Any) -> list[Object]:
        found: list[Object] = self.want("GET", path(kind, namespace), **query)["items"]
        return found

    def create(self, kind: str, namespace: str | None, made: Object, **query: str) -> Object:
        return self.want("POST", path(kind, namespace), made, **query)

    def patch(self, kind: str, namespace: str | None, name: str, change: object, part: str = "") -> Object:
        """A merge patch, or of a list a JSON patch."""
        content = JSON if isinstance(change, list) else MERGE
        return self.want("PATCH", path(kind, namespace, name, part), change, content)

    def apply(self, kind: str, namespace: str | None, made: Object, manager: str = "test") -> Object:
        """Server-side, and unknown fields are errors."""
        where = path(kind, namespace, made["metadata"]["name"])
        return self.want("PATCH", where, made, APPLY, fieldManager=manager, fieldValidation="Strict", force="true")

    def delete(self, kind: str, namespace: str | None, name: str, **query: Any) -> None:
        """Gone already is gone."""
        try:
            self.want("DELETE", path(kind, namespace, name), **query)
        except Answer as answer:
            if answer.status != 404:
                raise

    def watch(
        self, kind: str, namespace: str | None = None, version: str = "", timeout_s: int = 300, **query: str
    ) -> Iterator[tuple[str, Object]]:
        """ADDED, MODIFIED, DELETED, BOOKMARK or ERROR and the object; without a version first all that there is."""
        asked = {"watch": "true", "timeoutSeconds": str(timeout_s), "allowWatchBookmarks": "true", **query}
        if version:
            asked["resourceVersion"] = version
        with closing(self.connection(timeout_s + 30)) as connection:
            headers = {"Accept": "application/json", **self.headers}
            connection.request("GET", f"{path(kind, namespace)}?{urlencode(asked)}", headers=headers)
            got = connection.getresponse()
            if got.status != 200:
                raise Answer(got.status, got.read())
            for line in got:
                event = json.loads(line)
                yield event["type"], event["object"]
