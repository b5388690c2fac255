"""Login plugins of a kubeconfig (`exec`): a program that prints who we are, within a time limit.

What it prints is a secret: it goes into an unnamed file in memory, never to a disk or into a message.
"""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mtv import process
from mtv.errors import CheckFailed, MtvError, Refused, Temporary
from mtv.providers.kubevirt.connect.access import Access, Plugin
from mtv.providers.kubevirt.fields import mapping, text
from mtv.settings import settings
from mtv.times import moment

VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
SAID = 300  # characters of what a plugin complains of


@dataclass(frozen=True)
class Login:
    """`until` is in seconds since 1970; None: it did not say."""

    token: str = field(default="", repr=False)
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    until: float | None = None


def ask(plugin: Plugin, access: Access, limit_s: float | None = None) -> Login:
    """Raises Refused or CheckFailed `plugin.*`, Temporary `plugin.timeout`."""
    _refuse_unfit(plugin)
    limit_s = settings().plugin_s if limit_s is None else limit_s
    with _memory("out") as out, _memory("err") as err:
        try:
            argv = [plugin.command, *plugin.arguments]
            with process.running(argv, out=out, log=err, env={**plugin.environment, **_told(plugin, access)}) as child:
                status = process.wait(child, limit_s)
        except MtvError as error:
            raise _missing(plugin) if error.fault.code == "process.missing" else error from error
        except OSError as error:
            raise _failed(plugin, (error.strerror or "it cannot be started").lower()) from error
        if status is None:
            raise Temporary(
                "plugin.timeout", f"login plugin {plugin.command} did not end within {limit_s:.0f} s",
                "run it by hand: does it wait for somebody?",
            )  # fmt: skip
        if status != 0:
            raise _failed(plugin, f"it ended with status {status}: {_last(_content(err))}")
        return read(plugin, _content(out))


def read(plugin: Plugin, answer: bytes) -> Login:
    """An ExecCredential. Raises CheckFailed `plugin.answer`."""
    try:
        told = json.loads(answer)
    except (ValueError, RecursionError) as error:  # neither text shows what was printed
        raise _unusable(plugin, "what it printed is no JSON") from error
    if text(told, "kind") != "ExecCredential" or text(told, "apiVersion") != plugin.version:
        raise _unusable(plugin, f"it printed no ExecCredential of {plugin.version}")
    status = mapping(told, "status")
    certificate, key = text(status, "clientCertificateData"), text(status, "clientKeyData")
    if not text(status, "token") and not (certificate and key):
        raise _unusable(plugin, "it gave neither a token nor a certificate with its key")
    try:
        until = moment(said).timestamp() if (said := text(status, "expirationTimestamp")) else None
    except ValueError as error:
        raise _unusable(plugin, "its expirationTimestamp is no time") from error
    return Login(text(status, "token"), certificate.encode(), key.encode(), until)


def _refuse_unfit(plugin: Plugin) -> None:
    if not plugin.command or plugin.version not in VERSIONS:
        raise Refused(
            "plugin.version", f"login plugin '{plugin.command}' speaks {plugin.version or 'no version'}",
            f"mtv knows {' and '.join(VERSIONS)}: write a new kubeconfig with the plugin's own tool",
        )  # fmt: skip
    if plugin.interactive == "Always":
        raise Refused(
            "plugin.interactive", f"login plugin {plugin.command} wants to ask somebody, and here nobody answers",
            "use a ServiceAccount's token, or a plugin that needs no terminal",
        )  # fmt: skip


def _told(plugin: Plugin, access: Access) -> dict[str, str]:
    spec: dict[str, object] = {"interactive": False}
    if plugin.wants_cluster:
        cluster: dict[str, object] = {"server": access.server}
        if access.ca:
            cluster["certificate-authority-data"] = base64.b64encode(access.ca).decode()
        for key, value in (("tls-server-name", access.server_name), ("proxy-url", access.proxy)):
            if value:
                cluster[key] = value
        spec["cluster"] = cluster
    told = {"apiVersion": plugin.version, "kind": "ExecCredential", "spec": spec}
    return {"KUBERNETES_EXEC_INFO": json.dumps(told)}


@contextmanager
def _memory(name: str) -> Iterator[int]:
    descriptor = os.memfd_create(f"mtv-plugin-{name}", os.MFD_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _content(descriptor: int) -> bytes:
    return os.pread(descriptor, settings().plugin_limit_bytes, 0)


def _last(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1][:SAID] if lines else "it said nothing"


def _missing(plugin: Plugin) -> CheckFailed:
    return CheckFailed(
        "plugin.missing", f"login plugin {plugin.command} is not installed",
        plugin.hint[:SAID] or "install it, or use a ServiceAccount's token",
    )  # fmt: skip


def _failed(plugin: Plugin, why: str) -> CheckFailed:
    return CheckFailed("plugin.failed", f"login plugin {plugin.command} failed: {why}", "log in with it by hand first")


def _unusable(plugin: Plugin, why: str) -> CheckFailed:
    return CheckFailed("plugin.answer", f"login plugin {plugin.command}: {why}", "run it by hand and look")
