"""Ends by their name or URL: `exports` (remembered by `mtv add provider`), or `ova:PATH`."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtv import providers
from mtv.errors import MtvError, Refused
from mtv.model.login import Login
from mtv.providers.base import Points
from mtv.store.inventory import ProviderRow, provider
from mtv.store.store import Store

SECRET_LIMIT_BYTES = 64 << 10


@dataclass(frozen=True, kw_only=True)
class Place:
    """A provider's kind and address. `name` is what its VMs carry as their source: the URL where it has no name."""

    name: str
    kind: str
    address: str
    secret: str = ""
    copy_secret: str = ""
    login: Login = Login()


def place(store: Store, word: str) -> Place:
    """Raises Refused `provider.unknown`."""
    if row := provider(store, word):
        login = Login(
            user=row.user, copy_user=row.copy_user, ca=row.ca, fingerprint=row.fingerprint, insecure=bool(row.insecure)
        )
        return Place(
            name=row.name, kind=row.kind, address=row.address, secret=row.secret, copy_secret=row.copy_secret,
            login=login,
        )  # fmt: skip
    kind, colon, address = word.partition(":")
    if colon and kind in {*providers.kinds("sources"), *providers.kinds("targets")}:
        address = settled(kind, address)
        return Place(name=f"{kind}:{address}", kind=kind, address=address)
    raise Refused(
        "provider.unknown", f"there is no provider '{word}', and it is no URL such as ova:PATH",
        "`mtv get providers` lists them, `mtv add provider` adds one",
    )  # fmt: skip


def absolute(address: str) -> str:
    """A path as it stays right when a run goes on from another folder; other addresses as they are."""
    path, mark, query = address.partition("?")
    return address if "://" in path else os.path.abspath(os.path.expanduser(path)) + mark + query


def settled(kind: str, address: str) -> str:
    """An address as it stays right when a run goes on from another folder: kinds whose addresses are more than paths
    say it themselves."""
    provider = providers.load(end_of(kind), kind)
    if own := getattr(provider, "settled", None):
        return str(own(address))
    return address if getattr(provider, "logs_in", False) else absolute(address)


def lasting(reference: str) -> str:
    """The place of a secret as it stays right when a run goes on from another folder."""
    kind, _, where = reference.partition(":")
    return f"file:{os.path.abspath(os.path.expanduser(where))}" if kind == "file" else reference


def secret(reference: str) -> bytes:
    """The value behind env:VAR or file:PATH. Raises Refused `secret.missing`; the value is in no message."""
    kind, _, where = reference.partition(":")
    if kind == "env":
        value = os.environ.get(where)
        if value is None:
            raise Refused("secret.missing", f"the environment has no {where}", f"export {where}, or use file:PATH")
        return value.encode()
    if kind == "file":
        try:
            with Path(where).expanduser().open("rb") as file:
                return file.read(SECRET_LIMIT_BYTES).removesuffix(b"\n")
        except OSError as error:
            raise Refused("secret.missing", f"secret file {where}: {(error.strerror or '').lower()}") from error
    raise Refused("secret.reference", f"'{kind}:' is no place for a secret here", "use env:VAR or file:PATH")


def remembered(name: str, kind: str, address: str, login: Login, secret: str, copy_secret: str) -> ProviderRow:
    """A row for the store. Raises Refused for a kind that is not installed, for a secret given by value, and for an
    account or a certificate where that kind needs none."""
    known = {*providers.kinds("sources"), *providers.kinds("targets")}
    if kind not in known:
        raise Refused("provider.kind", f"no provider of kind '{kind}': there are {', '.join(sorted(known))}")
    logs_in = bool(getattr(providers.load(end_of(kind), kind), "logs_in", False))
    for one in filter(None, (secret, copy_secret)):
        if one.partition(":")[0] not in ("env", "file"):
            raise Refused(
                "secret.reference", "give the place of the secret, never its value", "--secret env:VAR or file:PATH"
            )
    word, colon, rest = address.partition(":")
    if colon and word in known and word != kind:
        raise Refused(
            "provider.kind", f"'{address}' is of kind '{word}', not '{kind}'", f"give --kind {word}, or a path"
        )
    address = rest if colon and word == kind else address
    if ":" in name or "/" in name or not name:
        raise Refused("provider.name", f"'{name}' is no name for a provider: no ':', no '/'")
    if not logs_in and login != Login(user=login.user):
        raise Refused(
            "provider.login", f"nothing of kind '{kind}' is logged in to",
            "leave out --copy-user, --ca, --fingerprint and --insecure",
        )  # fmt: skip
    return ProviderRow(
        name=name, kind=kind, address=settled(kind, address), user=login.user,
        secret=lasting(secret), copy_secret=lasting(copy_secret), copy_user=login.copy_user,
        ca=os.path.abspath(os.path.expanduser(login.ca)) if login.ca else "", fingerprint=login.fingerprint,
        insecure=int(login.insecure),
    )  # fmt: skip


@asynccontextmanager
async def opened(end: str, found: Place) -> AsyncIterator[Any]:
    """The provider itself; `end` is "sources" or "targets". It is closed when the context ends."""
    places = {"password": found.secret, "copy-password": found.copy_secret}
    secrets: Mapping[str, bytes] = {name: secret(where) for name, where in places.items() if where}
    kind = providers.load(end, found.kind)
    more = {"login": found.login} if getattr(kind, "logs_in", False) else {}
    made = kind(found.name, found.address, secrets, **more)
    try:
        yield made
    finally:
        await made.close()


def require_points(found: Place) -> None:
    """Raises Refused `provider.no-points` for a source whose inventory can be read, and no disk; its kind says what to
    use `instead`."""
    kind = providers.load("sources", found.kind)
    if not issubclass(kind, Points):
        raise Refused(
            "provider.no-points",
            f"VMs of '{found.name}' can be looked at and planned, not moved: kind '{found.kind}' has no disks to read",
            getattr(kind, "instead", "") or "`mtv get vms` and `mtv get concerns` say what is known of them",
        )


def require_volumes(found: Place) -> None:
    """Raises Refused `provider.no-volumes` for a target that can be looked at and planned for, and holds no disks, or
    none that any worker reaches."""
    kind = providers.load("targets", found.kind)
    if not hasattr(kind, "create") or (getattr(kind, "namespaced", False) and not hasattr(kind, "start")):
        raise Refused(
            "provider.no-volumes",
            f"VMs can be planned for '{found.name}', not moved there: kind '{found.kind}' makes no disks",
            "give the plan a bundle as its target: target: bundle:PATH",
        )


def require_reach(source: Place, target: Place) -> None:
    """Raises Refused `provider.out-of-reach` where the target's workers run elsewhere, and the source is files of this
    machine that nothing there holds, too."""
    from_files = getattr(providers.load("sources", source.kind), "files", None)
    kind = providers.load("targets", target.kind)
    if from_files is None or from_files(source.address) or not hasattr(kind, "start") or getattr(kind, "plain", False):
        return
    raise Refused(
        "provider.out-of-reach",
        f"'{source.name}' is files of this machine, and the workers of '{target.name}' run in its Pods",
        "put the files on a claim, and add it with --from-claim NS/PVC:PATH; or move to a bundle, then `mtv import` it",
    )


def either(found: Place) -> str:
    """Which end a provider is, for commands that take both."""
    return end_of(found.kind)


def end_of(kind: str) -> str:
    """A kind that is both is a source. Raises MtvError `provider.kind`."""
    if kind in providers.kinds("sources"):
        return "sources"
    if kind in providers.kinds("targets"):
        return "targets"
    raise MtvError("provider.kind", f"nothing is installed for kind '{kind}'")
