"""The vSphere source: what the contract of the two ends asks for, each blocking part in a thread."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal

from mtv.errors import Refused
from mtv.model.estate import VM, Change, Finding
from mtv.model.login import Login
from mtv.model.reading import Opener, SourceCheck
from mtv.providers.vsphere.reading.inventory import Inventory, Seen
from mtv.providers.vsphere.rights.check import check
from mtv.providers.vsphere.rights.roles import ROLES, role, text
from mtv.providers.vsphere.steering import alarm, fence, power
from mtv.providers.vsphere.steering.server import Server
from mtv.providers.vsphere.ways.exports import SECRET
from mtv.providers.vsphere.ways.openers import OPENERS
from mtv.providers.vsphere.wire.address import read_address
from mtv.providers.vsphere.wire.session import Account, Session
from mtv.providers.vsphere.wire.trust import trust


class VSphere:
    """A vCenter, or an ESXi alone."""

    kind = "vsphere"
    logs_in = True
    steady = False
    openers: Mapping[str, Opener] = OPENERS
    checks: Mapping[str, SourceCheck] = {}
    roles: Sequence[str] = tuple(ROLES)

    def __init__(
        self, name: str, address: str, secrets: Mapping[str, bytes] | None = None, login: Login | None = None
    ) -> None:
        login, secrets = login or Login(), secrets or {}
        if not login.user or "password" not in secrets:
            raise Refused(
                "vsphere.account",
                f"{name}: no account to log in with",
                "mtv add provider ... --user U --secret env:VAR",
            )
        self.name, self.login = name, login
        where, how = read_address(address), trust(login.ca, login.fingerprint, login.insecure)
        self.session = Session(where, how, Account(login.user, secrets["password"]))
        self.copier = Session(where, how, Account(login.copy_user, secrets.get("copy-password", b"")))
        self._inventory = Inventory(self.session, name)
        self._server = Server(self.session)

    def lends(self) -> Mapping[str, bytes]:
        """What workers log in with: the second account, or the only one."""
        return {SECRET: self.copier.account.password or self.session.account.password}

    @staticmethod
    def role(name: str) -> str:
        """A role for people: its rights, and the lines that grant them. Raises Refused `vsphere.role`."""
        return text(role(name))

    async def check(self) -> Sequence[Finding]:
        """Who answers, how its clock stands, which rights the accounts lack for which way, and fenced VMs that run."""
        found = await asyncio.to_thread(check, self.name, self.session, self.copier, self.login)
        return [*found, *(await alarm.findings(self._server) if any(one.name == "login" for one in found) else ())]

    async def inventory(self, since: str | None) -> AsyncIterator[Change]:
        """In pages: a page of VMs is in memory at a time, and one more for each connection."""
        found = self._inventory.pages(Seen.load(since))
        while page := await asyncio.to_thread(next, found, None):
            for change in page:
                yield change

    async def vm(self, id: str) -> VM:  # noqa: A002 - the contract's word
        """As it is now, with what its surroundings were called a minute ago at most."""
        return await asyncio.to_thread(self._inventory.vm, id)

    async def power(self, vm: VM, state: Literal["on", "off"], grace_s: float, then: Literal["hold", "force"]) -> None:
        if state == "on":
            await power.on(self._server, vm.id)
        else:
            await power.off(self._server, vm.id, grace_s, then)

    async def fence(self, vm: VM, name: str) -> None:
        await fence.fence(self._server, vm.id, name)

    async def unfence(self, vm: VM, name: str) -> None:
        await fence.unfence(self._server, vm.id, name)

    async def close(self) -> None:
        """Log out; nothing of ours is left there."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._inventory.close()
        self.session.close()
        self.copier.close()
