"""The API server's address as a kubeconfig writes it, and the proxy before it."""

import ipaddress
import os
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass

from mtv.errors import Refused
from mtv.providers.kubevirt.connect.access import Access


@dataclass(frozen=True)
class Server:
    """`base` is before every path: a cluster behind Rancher has one."""

    host: str
    port: int
    base: str = ""
    is_tls: bool = True

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass(frozen=True)
class Proxy:
    host: str
    port: int
    headers: dict[str, str] = field(default_factory=dict, repr=False)


def read_server(access: Access) -> Server:
    """Raises Refused `kubeconfig.server`, `kubeconfig.plain`."""
    try:
        url = urlsplit(access.server if "//" in access.server else f"https://{access.server}")
        host, port = url.hostname, url.port
    except ValueError as error:
        raise _refused(access) from error
    if not host or url.scheme not in ("https", "http") or url.username or url.query:
        raise _refused(access)
    made = Server(host, port or (443 if url.scheme == "https" else 80), url.path.rstrip("/"), url.scheme == "https")
    if not made.is_tls and not made.is_local:
        raise Refused(
            "kubeconfig.plain", f"{access.where}: {access.server} is not TLS: who sits between would read the login",
            "write https:// into the kubeconfig; plain HTTP is for `kubectl proxy` on this machine",
        )  # fmt: skip
    return made


def _refused(access: Access) -> Refused:
    return Refused(
        "kubeconfig.server", f"{access.where}: the cluster's server is no URL of an API server",
        "it looks like https://api.lab.example.com:6443",
    )  # fmt: skip


def proxy_for(access: Access, server: Server) -> Proxy | None:
    """The kubeconfig's own, else from HTTPS_PROXY and NO_PROXY; then never for this machine itself. Raises Refused
    `kubeconfig.proxy`."""
    given = access.proxy
    if not given:
        given = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY") or ""
        if not given or server.is_local or not server.is_tls or proxy_bypass(server.host):
            return None
    try:
        url = urlsplit(given if "//" in given else f"//{given}")
        port = url.port
    except ValueError as error:
        raise _no_proxy(access) from error
    if not url.hostname or url.scheme not in ("", "http"):
        raise _no_proxy(access)
    headers = {}
    if url.username:
        account = f"{unquote(url.username)}:{unquote(url.password or '')}".encode()
        headers["Proxy-Authorization"] = f"Basic {b64encode(account).decode()}"
    return Proxy(url.hostname, port or 3128, headers)


def _no_proxy(access: Access) -> Refused:
    """Its text may hold an account: it is not shown."""
    named = "proxy-url" if access.proxy else "HTTPS_PROXY"
    return Refused(
        "kubeconfig.proxy", f"{access.where}: {named} names no proxy of the form http://HOST:PORT",
        "SOCKS and proxies that are spoken to by TLS are not served",
    )  # fmt: skip
