"""CDI's upload proxy: a body that is taken whole or not at all, by who has a token, which is valid for five minutes and
looked at when a request begins."""

import http.client
from base64 import b64decode
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from mtv.errors import CheckFailed, Held, MtvError, Refused, Temporary
from mtv.providers.kubevirt.connect.access import User
from mtv.providers.kubevirt.connect.trust import context
from mtv.providers.kubevirt.fields import text
from mtv.providers.kubevirt.wire.api import Api
from mtv.providers.kubevirt.wire.link import Link, said
from mtv.providers.kubevirt.wire.server import proxy_for, read_server
from mtv.settings import Settings

CONFIG = "/apis/cdi.kubevirt.io/v1beta1/cdiconfigs/config"
PROBE, UPLOAD = "/v1beta1/upload-async", "/v1beta1/upload"
PIECE_BYTES = 1 << 20
SAID_BYTES = 2000
BEGIN = "-----BEGIN"
Tell = Callable[[int, int], None]  # bytes sent, bytes in all


class UploadProxy:
    """`address` is the user's own word for it, where the cluster's does not lead there: a port that is forwarded."""

    def __init__(self, api: Api, address: str, limits: Settings) -> None:
        status = api.get(CONFIG)
        found = address or text(status, "status", "uploadProxyURL")
        if not found:
            raise CheckFailed(
                "import.no-proxy", f"{api.access.where} tells no address of CDI's upload proxy",
                "expose it, and give --upload-proxy HOST:PORT; `kubectl -n cdi get svc cdi-uploadproxy` shows it",
            )  # fmt: skip
        authority = _pem(text(status, "status", "uploadProxyCA"))
        self._access = replace(api.access, server=_https(found), user=User(), server_name="")
        if authority:
            self._access = replace(self._access, ca=authority, ca_file="")
        self._server, self._limits = read_server(self._access), limits
        self._context, self._proxy = context(self._access, None), proxy_for(self._access, self._server)

    def __str__(self) -> str:
        return str(self._server)

    def is_ready(self, token: str) -> bool:
        """Asked before a body is sent: what is wrong with a large one is answered by a connection that breaks. Raises
        CheckFailed `import.token`."""
        with said(self._server), closing(self._link()) as link:
            link.request("HEAD", self._server.base + PROBE, headers=_bearer(token))
            status = link.getresponse().status
        if status in (400, 401, 403):
            raise CheckFailed(
                "import.token", f"{self} refused the cluster's own token: {status}", "is it of this cluster?"
            )
        return status == 200

    def send(self, token: str, path: Path, tell: Tell) -> None:
        """Returns once the proxy has taken it. Raises Temporary for what is to be sent again from its beginning."""
        size_bytes = path.stat().st_size
        with path.open("rb") as file, said(self._server), closing(self._link()) as link:
            link.putrequest("POST", self._server.base + UPLOAD)
            for name, value in {**_bearer(token), "Content-Length": str(size_bytes)}.items():
                link.putheader(name, value)
            link.endheaders()
            _pour(link, file, size_bytes, tell)
            link.sock.settimeout(self._limits.answer_s)  # what is no raw image is turned into one meanwhile
            answer = link.getresponse()
            told = answer.read(SAID_BYTES).decode(errors="replace").strip()
        if answer.status != 200:
            raise self._refused(answer.status, told, path)

    def _refused(self, status: int, told: str, path: Path) -> MtvError:
        text_ = f"{path.name}: the upload proxy answered {status}: {told[:300] or 'nothing more'}"
        if status == 400 and "larger" in told:
            return CheckFailed("import.too-large", text_, "give the claim in vm.yaml more room")
        if status in (400, 401, 403):
            return Held("import.refused", text_, "`kubectl logs` of CDI's upload Pod says more")
        return Temporary("import.proxy", text_, "the same command again begins this disk anew")

    def _link(self) -> Link:
        return Link(self._server, self._context, self._proxy, "", self._limits.connect_s, self._limits.read_stall_s)


def _pour(link: http.client.HTTPConnection, file: BinaryIO, size_bytes: int, tell: Tell) -> None:
    done_bytes = 0
    while piece := file.read(min(PIECE_BYTES, size_bytes - done_bytes)):
        link.send(piece)
        done_bytes += len(piece)
        tell(done_bytes, size_bytes)
    if done_bytes != size_bytes:
        raise Held("import.changed", f"{file.name} became shorter while it was sent", "is somebody writing to it?")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _https(found: str) -> str:
    """The cluster tells a host, with or without a port. Raises Refused `import.plain`: a disk is not sent in clear."""
    if found.startswith("http://"):
        raise Refused("import.plain", f"{found} is not TLS: who sits between would read the disks", "write HOST:PORT")
    return found if "://" in found else f"https://{found}"


def _pem(told: str) -> bytes:
    """A certificate as it is, or in base64 as in webhooks; b"" for what is neither."""
    if BEGIN in told:
        return told.encode()
    try:
        found = b64decode(told, validate=True)
    except ValueError:
        return b""
    return found if BEGIN.encode() in found else b""
