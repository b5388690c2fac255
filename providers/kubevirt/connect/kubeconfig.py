"""Kubeconfig files, merged as kubectl merges them: the first file that names a thing wins."""

import base64
import binascii
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from mtv.errors import Refused
from mtv.providers.kubevirt.connect.access import Access, Plugin, User
from mtv.providers.kubevirt.connect.address import Address
from mtv.providers.kubevirt.fields import NOTHING, Object, flag, mapping, rows, text, words
from mtv.settings import settings

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Named:
    """A context, cluster or user, and the folder that its relative paths begin in."""

    folder: Path
    said: Object


@dataclass(frozen=True)
class Files:
    names: str  # for people
    found: Sequence[tuple[Path, Object]]

    def current(self) -> str:
        return next((name for _, one in self.found if (name := text(one, "current-context"))), "")

    def named(self, sort: str, name: str) -> Named | None:
        """`sort` is context, cluster or user."""
        for path, one in self.found:
            for row in rows(one, f"{sort}s"):
                if text(row, "name") == name:
                    return Named(path.parent, mapping(row, sort))
        return None

    def contexts(self) -> list[str]:
        return list(dict.fromkeys(text(row, "name") for _, one in self.found for row in rows(one, "contexts")))


def places(file: str) -> list[Path]:
    """Where kubectl would look."""
    if file:
        return [Path(file)]
    given = os.environ.get("KUBECONFIG", "")
    return [Path(one).expanduser() for one in given.split(os.pathsep) if one] or [Path.home() / ".kube/config"]


def read(file: str) -> Files | None:
    """None where there is none at all. Raises Refused `kubeconfig.unreadable`."""
    wanted = places(file)
    names = os.pathsep.join(str(one) for one in wanted)
    found = [(path.absolute(), _load(path)) for path in wanted if path.exists()]
    return Files(names, found) if found else None


def _load(path: Path) -> Object:
    limit = settings().xml_limit_bytes
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise Refused("kubeconfig.unreadable", f"{path} is larger than {limit} bytes: it is no kubeconfig")
        told = yaml.load(data, _LOADER)
    except OSError as error:
        raise Refused("kubeconfig.unreadable", f"{path}: {(error.strerror or '').lower()}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # its text may quote what is secret
        raise Refused("kubeconfig.unreadable", f"{path} is no YAML", "kubectl config view checks it") from error
    if told is not None and not isinstance(told, dict):
        raise Refused("kubeconfig.unreadable", f"{path} holds no kubeconfig", "kubectl config view checks it")
    return told or NOTHING


def missing(address: Address) -> Refused:
    names = os.pathsep.join(str(one) for one in places(address.file))
    return Refused(
        "kubeconfig.missing", f"there is no kubeconfig at {names}",
        "set KUBECONFIG, or add the provider with the kubeconfig's path as its address",
    )  # fmt: skip


def access(files: Files, address: Address) -> Access:
    """Raises Refused `kubeconfig.*`."""
    name = address.context or files.current()
    if not name:
        raise Refused(
            "kubeconfig.context", f"{files.names} names no current context", f"choose one of: {_listed(files)}"
        )
    context = files.named("context", name)
    if context is None:
        raise Refused("kubeconfig.context", f"{files.names} has no context '{name}'", f"there are: {_listed(files)}")
    cluster = _of(files, name, "cluster", text(context.said, "cluster"))
    user = text(context.said, "user")
    who = _of(files, name, "user", user) if user else Named(context.folder, NOTHING)
    server = text(cluster.said, "server")
    if not server:
        raise Refused("kubeconfig.cluster", f"{files.names}: the cluster of context '{name}' names no server")
    return Access(
        where=name, server=server, user=_user(user, who), cluster=text(context.said, "cluster"),
        namespace=address.namespace or text(context.said, "namespace") or "default",
        ca=_data(cluster.said, "certificate-authority-data", name),
        ca_file=_path(cluster, "certificate-authority"), insecure=flag(cluster.said, "insecure-skip-tls-verify"),
        server_name=text(cluster.said, "tls-server-name"), proxy=text(cluster.said, "proxy-url"),
    )  # fmt: skip


def _listed(files: Files) -> str:
    return ", ".join(files.contexts()) or "none"


def _of(files: Files, context: str, sort: str, name: str) -> Named:
    found = files.named(sort, name)
    if found is None:
        raise Refused(
            "kubeconfig.cluster" if sort == "cluster" else "kubeconfig.user",
            f"{files.names}: context '{context}' names {sort} '{name}', which is not there",
        )
    return found


def _user(name: str, one: Named) -> User:
    said = one.said
    if provider := text(said, "auth-provider", "name"):
        raise Refused(
            "kubeconfig.auth-provider", f"user '{name}' logs in by auth-provider '{provider}'",
            "kubectl dropped these in 1.26: use its exec plugin instead",
        )  # fmt: skip
    if odd := [key for key in ("as-uid", "as-user-extra") if said.get(key)]:
        raise Refused("kubeconfig.impersonation", f"user '{name}' has '{odd[0]}', which is not served", "remove it")
    return User(
        name=name, token=text(said, "token"), token_file=_path(one, "tokenFile"),
        certificate=_data(said, "client-certificate-data", name), key=_data(said, "client-key-data", name),
        certificate_file=_path(one, "client-certificate"), key_file=_path(one, "client-key"),
        account=text(said, "username"), password=text(said, "password"),
        plugin=_plugin(one) if mapping(said, "exec") else None,
        acts_as=text(said, "as"), acts_in=words(said, "as-groups"),
    )  # fmt: skip


def _plugin(one: Named) -> Plugin:
    said = mapping(one.said, "exec")
    command = text(said, "command")
    if os.sep in command:
        command = str(one.folder / command)
    return Plugin(
        command=command, arguments=words(said, "args"), version=text(said, "apiVersion"),
        environment={text(row, "name"): text(row, "value") for row in rows(said, "env")},
        hint=text(said, "installHint"), interactive=text(said, "interactiveMode") or "IfAvailable",
        wants_cluster=flag(said, "provideClusterInfo"),
    )  # fmt: skip


def _path(one: Named, key: str) -> str:
    given = text(one.said, key)
    return str(one.folder / given) if given else ""


def _data(said: Object, key: str, name: str) -> bytes:
    try:
        return base64.b64decode(text(said, key), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("kubeconfig.data", f"'{key}' of '{name}' is no base64") from error
