"""Who we are, request by request: a file's token is read again each time, for it is rotated in place; a plugin is asked
again when its time is over, or the server no longer believes it."""

import base64
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from mtv.errors import CheckFailed, Refused
from mtv.providers.kubevirt.connect import plugin
from mtv.providers.kubevirt.connect.access import Access
from mtv.providers.kubevirt.fields import value
from mtv.times import stamp

EARLY_S = 30.0  # a plugin's token is not used up to its last second
TOKEN_LIMIT_BYTES = 64 << 10


class Credentials:
    """For all connections of a provider; a secret leaves it only as a header, or into a TLS context."""

    def __init__(self, access: Access, clock: Callable[[], float] = time.time) -> None:
        self._access, self._clock = access, clock
        self._login: plugin.Login | None = None
        self._lock = threading.Lock()

    def headers(self) -> list[tuple[str, str]]:
        """Raises Refused `kubeconfig.token-file`, and what the plugin raises."""
        user, found = self._access.user, []
        if token := self._token():
            found.append(("Authorization", f"Bearer {token}"))
        elif user.account:
            both = base64.b64encode(f"{user.account}:{user.password}".encode()).decode()
            found.append(("Authorization", f"Basic {both}"))
        if user.acts_as:
            found.append(("Impersonate-User", user.acts_as))
        return [*found, *(("Impersonate-Group", one) for one in user.acts_in)]

    def certificate(self) -> tuple[bytes, bytes] | None:
        """Ours for TLS with its key, both in PEM form. Raises Refused `kubeconfig.certificate-file`."""
        user = self._access.user
        if user.plugin:
            login = self._plugged()
            return (login.certificate, login.key) if login.certificate else None
        certificate = user.certificate or _file(user.certificate_file)
        key = user.key or _file(user.key_file)
        return (certificate, key) if certificate and key else None

    def renew(self) -> bool:
        """After the server refused us: whether there may be another login to try. A token's file may have been rotated
        while the request was on its way."""
        with self._lock:
            had, self._login = self._login, None
        return had is not None or bool(self._access.user.token_file)

    def why_not(self) -> str:
        """What of ours has run out, as far as it can be seen from here."""
        now = self._clock()
        token, pair = self._token(), self.certificate()
        if token and (until := _until(token)) is not None and until < now:
            return f"its token ran out at {_when(until)}"
        if pair:
            until = x509.load_pem_x509_certificate(pair[0]).not_valid_after_utc.timestamp()
            if until < now:
                return f"its client certificate ran out at {_when(until)}"
        return "its login is not known there, or was revoked" if token or pair else "it has no login at all"

    def runs_out(self) -> float | None:
        """When our token or certificate ends, in seconds since 1970, where that can be seen."""
        pair, token = self.certificate(), self._token()
        ends = [_until(token)] if token else []
        ends += [x509.load_pem_x509_certificate(pair[0]).not_valid_after_utc.timestamp()] if pair else []
        return min((one for one in ends if one is not None), default=None)

    def _token(self) -> str:
        user = self._access.user
        if user.plugin:
            return self._plugged().token
        if user.token or not user.token_file:
            return user.token
        try:
            with Path(user.token_file).open() as file:
                return file.read(TOKEN_LIMIT_BYTES).strip()
        except (OSError, UnicodeDecodeError) as error:
            why = (getattr(error, "strerror", None) or "no text").lower()
            raise Refused("kubeconfig.token-file", f"token file {user.token_file}: {why}") from error

    def _plugged(self) -> plugin.Login:
        with self._lock:
            ends = self._login.until if self._login else None
            if self._login is None or (ends is not None and ends - EARLY_S < self._clock()):
                assert self._access.user.plugin
                self._login = plugin.ask(self._access.user.plugin, self._access)
            return self._login


def refused(access: Access, why: str) -> CheckFailed:
    name = f"'{access.user.name}'" if access.user.name else "nobody"
    return CheckFailed(
        "kubevirt.unauthorized", f"{access.where}: the cluster does not let {name} in: {why}",
        "log in anew with the cluster's own tool (`oc login`, a new kubeconfig, a new token)",
    )  # fmt: skip


def _file(path: str) -> bytes:
    if not path:
        return b""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        why = (error.strerror or "").lower()
        raise Refused("kubeconfig.certificate-file", f"certificate or key {path}: {why}") from error


def _until(token: str) -> float | None:
    """The end that a token says of itself; None where it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        told = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    end = value(told, "exp")
    return float(end) if isinstance(end, int | float) else None


def _when(until: float) -> str:
    return stamp(datetime.fromtimestamp(until, UTC))
