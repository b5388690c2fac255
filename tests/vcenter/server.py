"""Starts the simulator on loopback, and reaches behind its back: what is open there, what its guests are like, and
what shall go wrong."""

import http.client
import json
import os
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from xml.sax.saxutils import escape

from pyVmomi import SoapStubAdapter, vim

from tests.vcenter.building import rights, simulator
from tests.vcenter.certificates import Authority, Certificate

ADMIN = "administrator@vsphere.local"
COPY = "copy@vsphere.local"
CONTROL = "control@vsphere.local"
NOBODY = "nobody@vsphere.local"  # an account without a permission
PASSWORDS = {ADMIN: "admin's secret", COPY: "copy's secret", CONTROL: "control's secret", NOBODY: "nobody's secret"}


NAMESPACES = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'


@dataclass(frozen=True)
class Timings:
    """Milliseconds, but for what says otherwise. Named as the simulator's settings are."""

    task_ms: int = 0
    session_idle_ms: int = 1_800_000
    lease_ms: int = 300_000
    lease_ready_ms: int = 0
    shutdown_ms: int = 50
    changed_areas: int = 2000
    changed_window: int = 0
    lock_out_after: int = 0
    merge_us_per_mib: int = 0
    folder_latency_ms: int = 0
    folder_bytes_per_s: int = 0


@dataclass(frozen=True)
class Setup:
    """What the server is like when it starts."""

    kind: str = "vcenter"
    listen: str = "127.0.0.1:0"
    api_version: str = "8.0.3.0"
    model: Mapping[str, int] = field(default_factory=lambda: {"datastores": 2, "cluster_hosts": 3, "hosts": 0})
    load: Path | None = None
    accounts: Mapping[str, str] = field(default_factory=PASSWORDS.copy)
    groups: Mapping[str, str] = field(default_factory=dict)
    administrators: tuple[str, ...] = (ADMIN,)
    hosts_answer: bool = False  # each at an address of its own, 127.0.1.1 and up
    timings: Timings = Timings()


@dataclass(frozen=True)
class Disk:
    """A VM's disk, and the file that its guest writes to now."""

    key: int
    label: str
    capacity: int
    path: Path
    chain: tuple[str, ...]


@dataclass(frozen=True)
class VCenter:
    url: str
    control: str
    folder: Path
    authority: Authority
    certificate: Certificate
    setup: Setup
    process: subprocess.Popen[str]

    @property
    def host(self) -> str:
        return str(urlsplit(self.url).hostname)

    @property
    def port(self) -> int:
        return int(urlsplit(self.url).port or 443)

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority.file))

    @contextmanager
    def connected(self, user: str = ADMIN, password: str | None = None) -> Iterator[Any]:
        """A session of pyVmomi's. It checks nothing on loopback unless it is given a context, and leaves its sockets
        open unless it is told to drop them."""
        stub = SoapStubAdapter(host=self.host, port=self.port, sslContext=self.trust, version="vim.version.v8_0_3_0")
        service: Any = vim.ServiceInstance("ServiceInstance", stub)
        try:
            sessions = service.content.sessionManager
            sessions.Login(user, password or self.setup.accounts[user], None)
            yield service
            with suppress(vim.fault.NotAuthenticated):
                sessions.Logout()
        finally:
            stub.DropConnections()

    def get(
        self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET", host: str | None = None
    ) -> tuple[int, bytes]:
        """One plain request on a connection of its own: its status and its body."""
        connection = http.client.HTTPSConnection(host or self.host, self.port, context=self.trust, timeout=30)
        try:
            connection.request(method, path, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def state(self) -> Any:
        """Sessions, leases, running tasks, logins and requests, as the server knows them."""
        return self._control("state")

    def disks(self, vm: str) -> tuple[Disk, ...]:
        return tuple(
            Disk(one["key"], one["label"], one["capacity"], Path(one["path"]), tuple(one["chain"]))
            for one in self._control(f"disks?{urlencode({'vm': vm})}")
        )

    def timings(self, **changed: int) -> None:
        self._control("timings", changed)

    def guest(self, vm: str, **said: object) -> None:
        """no_tools, ignores_shutdown, shutdown_ms."""
        self._control("guest", {"vm": vm, "guest": said})

    def expire(self, user: str = "") -> None:
        self._control("expire", {"user": user})

    def spoil(self, path: str, kind: str, **said: object) -> None:
        """Answers under a path fail: status, reset, hang or truncate; see faults.go."""
        self._control("spoil", {"path": path, "kind": kind, **said})

    def inject(self, method: str, fault: str, **said: object) -> None:
        """A method answers with a fault; see the simulator's FaultInjector."""
        self._control("inject", {"method": method, "fault": fault, **said})

    def mend(self) -> None:
        self._control("mend", {})

    def show_certificate(self, certificate: Certificate) -> None:
        """New connections see another one."""
        self._control("certificate", {"certificate": str(certificate.file), "key": str(certificate.key)})

    def lose_tracking(self, vm: str) -> None:
        self._control("lose-tracking", {"vm": vm})

    def put(self, managed: Any, name: str, value: bool | int | str) -> None:
        """Make a property say something, such as a host's runtime.inMaintenanceMode."""
        kind = {bool: "boolean", int: "long", str: "string"}[type(value)]
        text = str(value).lower() if isinstance(value, bool) else escape(str(value))
        xml = f'<r {NAMESPACES}><val xsi:type="xsd:{kind}">{text}</val></r>'
        self._control("property", {"type": managed._wsdlName, "id": managed._moId, "name": name, "xml": xml})

    def settle(self) -> None:
        """As at the start: nothing fails, no session is left, the clock goes at its first pace."""
        self.mend()
        self.expire()
        self.timings(**asdict(self.setup.timings))
        self.show_certificate(self.certificate)

    def _control(self, what: str, said: Mapping[str, object] | None = None) -> Any:
        data = None if said is None else json.dumps(said).encode()
        request = urllib.request.Request(f"{self.control}/{what}", data=data)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def vcenter(folder: Path, setup: Setup | None = None) -> Iterator[VCenter]:
    """A server that serves when this returns; it ends with the block, or with this process, however that ends."""
    setup = setup or Setup()
    folder.mkdir(parents=True, exist_ok=True)
    authority = Authority(folder)
    certificate = authority.issue("vcenter")
    settings = folder / "settings.json"
    settings.write_text(json.dumps(said(setup, certificate, authority.issue("host") if setup.hosts_answer else None)))
    # The simulator makes its datastores where temporary files go, and marks its cookies Secure only when told to.
    environment = {**os.environ, "TMPDIR": str(folder), "VCSIM_SECURE_COOKIES": "true"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [simulator(), settings],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environment,
            cwd=folder,  # a loaded estate's datastores lie here
        )  # fmt: skip
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError(f"the simulator did not start: {(folder / 'log').read_text()[-2000:]}")
            ready = json.loads(line)
            yield VCenter(ready["url"], ready["control"], folder, authority, certificate, setup, process)
        finally:
            end(process)


def end(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def said(setup: Setup, certificate: Certificate, host: Certificate | None) -> dict[str, object]:
    return {
        "kind": setup.kind, "listen": setup.listen, "api_version": setup.api_version, "model": dict(setup.model),
        "load": str(setup.load or ""), "accounts": dict(setup.accounts), "groups": dict(setup.groups),
        "administrators": list(setup.administrators), "timings": asdict(setup.timings), "rights": str(rights()),
        "certificate": str(certificate.file), "key": str(certificate.key),
        "host_certificate": str(host.file) if host else "", "host_key": str(host.key) if host else "",
    }  # fmt: skip


def folder_path(datastore_path: str, datacenter: str = "DC0") -> str:
    """The URL path of "[datastore] folder/file"."""
    store, _, path = datastore_path.removeprefix("[").partition("] ")
    return f"/folder/{quote(path)}?{urlencode({'dcPath': datacenter, 'dsName': store})}"
