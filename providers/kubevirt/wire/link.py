"""One connection to the API server, through a proxy where one is named, and what can go wrong on its way."""

import http.client
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from mtv.errors import CheckFailed, MtvError, Temporary
from mtv.providers.kubevirt.wire.server import Proxy, Server

EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED


class Link(http.client.HTTPConnection):
    """TLS where there is a context. The wait for a connection and for the next byte are bounded."""

    def __init__(
        self, server: Server, context: ssl.SSLContext | None, proxy: Proxy | None, named: str,
        connect_s: float, stall_s: float,
    ) -> None:  # fmt: skip
        through = (proxy.host, proxy.port) if proxy else (server.host, server.port)
        super().__init__(*through, timeout=connect_s)
        self._context, self._named, self._stall_s = context, named or server.host, stall_s
        self._led = (server, proxy) if proxy and server.is_tls else None

    def connect(self) -> None:
        super().connect()
        try:
            if self._led:
                _lead(self.sock, *self._led)
            if self._context:
                self.sock = self._context.wrap_socket(self.sock, server_hostname=self._named)
        except BaseException:
            self.close()
            raise
        self.sock.settimeout(self._stall_s)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Unled(OSError):
    """The proxy does not lead to the server."""


def _lead(sock: socket.socket, server: Server, proxy: Proxy) -> None:
    """http.client's own way leaves the socket open where the proxy refuses."""
    headers = {"Host": str(server), **proxy.headers}
    lines = [f"CONNECT {server} HTTP/1.1", *(f"{name}: {said}" for name, said in headers.items())]
    sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
    response = http.client.HTTPResponse(sock, method="CONNECT")
    try:
        response.begin()
    finally:
        response.close()
    if response.status != 200:
        raise Unled(f"{response.status} {response.reason}".lower())


@contextmanager
def said(server: Server) -> Iterator[None]:
    """Errors of sockets, TLS and HTTP in our words: Temporary where the same again may work."""
    try:
        yield
    except ssl.SSLError as error:
        raise _tls(server, error) from error
    except TimeoutError as error:
        raise Temporary("kubevirt.timeout", f"{server} did not answer in time") from error
    except socket.gaierror as error:
        raise MtvError("kubevirt.name", f"there is no host '{server.host}'", "is the name right, and DNS?") from error
    except ConnectionRefusedError as error:
        raise Temporary("kubevirt.refused", f"nothing listens at {server}", "is the API server up?") from error
    except (http.client.HTTPException, OSError) as error:
        raise _broken(server, error) from error


def _tls(server: Server, error: ssl.SSLError) -> MtvError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _unverified(server, error)
    if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"):
        return CheckFailed("kubevirt.no-tls", f"{server} speaks no TLS", "is the port right? 6443 is usual, 80 is not")
    why = str(error.reason or error).lower().replace("_", " ")
    if "alert" in why and "certificate" in why:
        return CheckFailed(
            "kubevirt.client-certificate", f"{server} refused our client certificate: {why}",
            "write a new kubeconfig with the cluster's own tool",
        )  # fmt: skip
    return Temporary("kubevirt.tls", f"TLS with {server} failed: {why}")


def _unverified(server: Server, error: ssl.SSLCertVerificationError) -> CheckFailed:
    if error.verify_code == EXPIRED:
        return CheckFailed("kubevirt.certificate-expired", f"the certificate of {server} has expired", "renew it there")
    return CheckFailed(
        "kubevirt.certificate", f"the certificate of {server} is not trusted: {error.verify_message.lower()}",
        "the kubeconfig's certificate-authority-data is another cluster's, or a proxy sits between",
    )  # fmt: skip


def _broken(server: Server, error: Exception) -> MtvError:
    if isinstance(error, Unled):
        return MtvError("kubevirt.proxy-refused", f"the proxy does not lead to {server}: {error}", "see NO_PROXY")
    return Temporary("kubevirt.connection", f"the connection to {server} broke: {str(error).lower() or 'cut off'}")
