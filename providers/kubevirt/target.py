"""The KubeVirt target: what the contract of the two ends asks for, each blocking part in a thread."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from mtv.model.estate import Change, Finding
from mtv.model.reading import Opener, SourceCheck
from mtv.providers.kubevirt.connect.address import read_address, settled
from mtv.providers.kubevirt.rights.roles import ROLES, role

if TYPE_CHECKING:
    from mtv.providers.kubevirt.wire.api import Api


class KubeVirt:
    """`address` is a context or a kubeconfig; the secret, where one is given, a token that is used instead of the
    kubeconfig's own login. Nothing is opened before it is asked for."""

    kind = "kubevirt"
    namespaced = True
    openers: Mapping[str, Opener] = {}
    checks: Mapping[str, SourceCheck] = {}
    roles: Sequence[str] = tuple(ROLES)
    settled = staticmethod(settled)
    role = staticmethod(role)

    def __init__(self, name: str, address: str, secrets: Mapping[str, bytes] | None = None) -> None:
        self.name = name
        self._address = read_address(address)
        self._token = (secrets or {}).get("password", b"")

    @cached_property
    def _api(self) -> "Api":
        from mtv.providers.kubevirt.connect.access import User
        from mtv.providers.kubevirt.connect.inside import find
        from mtv.providers.kubevirt.wire.api import Api

        access = find(self._address)
        if self._token:
            access = replace(access, user=User(name="the token that was given", token=self._token.decode().strip()))
        return Api(access)

    async def check(self) -> Sequence[Finding]:
        """Versions, rights, storage, nodes, and the namespace that is meant."""
        from mtv.providers.kubevirt.rights.check import check

        return await asyncio.to_thread(lambda: check(self._api))

    async def inventory(self, since: str | None) -> AsyncIterator[Change]:
        """In pages: two of them are in memory at a time. Everything each time."""
        from mtv.providers.kubevirt.reading.inventory import Inventory

        found = Inventory(await asyncio.to_thread(lambda: self._api), self.name).pages()
        while (page := await asyncio.to_thread(next, found, None)) is not None:
            for change in page:
                yield change

    async def close(self) -> None:
        if "_api" in self.__dict__:
            self._api.close()
