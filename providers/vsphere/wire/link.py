"""One HTTPS connection, through a proxy where the environment names one, and what can go wrong on its way."""

import http.client
import ipaddress
import os
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass

from mtv.errors import CheckFailed, MtvError, Refused, Temporary
from mtv.providers.vsphere.wire.address import Address
from mtv.providers.vsphere.wire.trust import Guard


class Link(http.client.HTTPSConnection):
    """Every connection of ours, and of pyVmomi's calls: `connect` asks the guard each time."""

    def __init__(self, address: Address, guard: Guard, connect_s: float, stall_s: float) -> None:
        proxy = proxy_for(address)
        self._guard, self._named, self._stall_s = guard, address, stall_s
        through = proxy or (address.host, address.port, {})
        unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # the guard has its own; a default one reads all CAs, 24 ms
        super().__init__(through[0], through[1], timeout=connect_s, context=unused)
        if proxy:
            self.set_tunnel(address.host, address.port, proxy[2])

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        try:
            self.sock = self._guard.wrap(self.sock, self._named.host)
        except BaseException:
            self.close()
            raise
        self.sock.settimeout(self._stall_s)


Proxy = tuple[str, int, dict[str, str]]


def proxy_for(address: Address) -> Proxy | None:
    """From HTTPS_PROXY and NO_PROXY; never for this machine itself. Raises Refused `vsphere.proxy`."""
    given = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY")
    if not given or _is_local(address.host) or proxy_bypass(address.host):
        return None
    url = urlsplit(given if "//" in given else f"//{given}")
    if not url.hostname or url.scheme not in ("", "http"):
        raise Refused("vsphere.proxy", "HTTPS_PROXY names no proxy of the form http://HOST:PORT")
    headers = {}
    if url.username:
        account = f"{unquote(url.username)}:{unquote(url.password or '')}".encode()
        headers["Proxy-Authorization"] = f"Basic {b64encode(account).decode()}"
    return url.hostname, url.port or 3128, headers


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def said(address: Address) -> Iterator[None]:
    """Errors of sockets, TLS and HTTP in our words: Temporary where the same again may work."""
    try:
        yield
    except ssl.SSLError as error:
        raise _tls(address, error) from error
    except TimeoutError as error:
        raise Temporary("vsphere.timeout", f"{address} did not answer in time") from error
    except socket.gaierror as error:
        raise MtvError("vsphere.name", f"there is no host '{address.host}'", "is the name right, and DNS?") from error
    except ConnectionRefusedError as error:
        raise Temporary(
            "vsphere.refused", f"nothing listens at {address}", "is the port right? 443 is usual"
        ) from error
    except (http.client.HTTPException, OSError) as error:
        raise _broken(address, error) from error


def _tls(address: Address, error: ssl.SSLError) -> MtvError:
    if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"):
        return CheckFailed("vsphere.no-tls", f"{address} speaks no TLS", "is the port right? 443 is usual, 80 is not")
    return Temporary("vsphere.tls", f"TLS with {address} failed: {str(error.reason or error).lower()}")


def _broken(address: Address, error: Exception) -> MtvError:
    if isinstance(error, OSError) and "Tunnel connection failed" in str(error):
        why = str(error).partition(": ")[2].lower()
        return MtvError("vsphere.proxy-refused", f"the proxy does not lead to {address}: {why}", "see NO_PROXY")
    return Temporary("vsphere.connection", f"the connection to {address} broke: {str(error).lower() or 'cut off'}")
