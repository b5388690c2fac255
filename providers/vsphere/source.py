"""The vSphere source: what the contract of the two ends asks for, each blocking part in a thread."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from mtv.errors import CheckFailed, Refused
from mtv.model.estate import VM, Change, Disk, Entity, Finding
from mtv.model.login import Login
from mtv.model.points import Export, Point
from mtv.model.reading import Opener, Route, SourceCheck
from mtv.providers.vsphere.reading.inventory import Inventory, Seen
from mtv.providers.vsphere.rights.check import check
from mtv.providers.vsphere.rights.roles import ROLES, role, text
from mtv.providers.vsphere.ways.choose import routes, scene
from mtv.providers.vsphere.ways.exports import SECRET, Ways
from mtv.providers.vsphere.ways.openers import OPENERS
from mtv.providers.vsphere.ways.served.fit import fit
from mtv.providers.vsphere.ways.table import NAMES
from mtv.providers.vsphere.wire.address import read_address
from mtv.providers.vsphere.wire.session import Account, Session
from mtv.providers.vsphere.wire.trust import trust
from mtv.settings import settings

if TYPE_CHECKING:
    from mtv.providers.vsphere.steering.points import Points
    from mtv.providers.vsphere.steering.server import Server


class VSphere:
    """A vCenter, or an ESXi alone."""

    kind = "vsphere"
    logs_in = True
    steady = False
    cold_only = True
    openers: Mapping[str, Opener] = OPENERS
    checks: Mapping[str, SourceCheck] = {}
    roles: Sequence[str] = tuple(ROLES)
    ways: Sequence[str] = NAMES

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
        self._ways = Ways(self.session, self.copier if login.copy_user else self.session, login)

    def lends(self) -> Mapping[str, bytes]:
        """What workers log in with: the second account, or the only one."""
        return {SECRET: self.copier.account.password or self.session.account.password}

    fit = staticmethod(fit)

    @staticmethod
    def role(name: str) -> str:
        """A role for people: its rights, and the lines that grant them. Raises Refused `vsphere.role`."""
        return text(role(name))

    @staticmethod
    def routes(vm: VM, around: Sequence[Entity], wanted: str) -> Sequence[Route]:
        """As its next cold move would find it, but for rights, which only the server knows."""
        return routes(scene(vm, around, library=settings().vddk is not None), wanted)

    def prefer(self, way: str) -> None:
        self._ways.wanted = way

    # pyVmomi takes 0.2 s to be imported: a worker, which only reads, does without.

    @cached_property
    def _server(self) -> "Server":
        from mtv.providers.vsphere.steering.server import Server

        return Server(self.session)

    @cached_property
    def _points(self) -> "Points":
        from mtv.providers.vsphere.steering.points import Points

        return Points(self._server, self._why_not)

    async def check(self) -> Sequence[Finding]:
        """Who answers, how its clock stands, which rights the accounts lack for which way, and fenced VMs that run."""
        from mtv.providers.vsphere.steering import alarm

        found = await asyncio.to_thread(check, self.name, self.session, self.copier, self.login)
        return [*found, *(await alarm.findings(self._server) if any(one.name == "login" for one in found) else ())]

    async def addresses(self) -> Sequence[str]:
        """The vCenter's own, and each host's ports."""
        from mtv.providers.vsphere.rights.reach import addresses

        return await asyncio.to_thread(addresses, self.session)

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
        from mtv.providers.vsphere.steering import power

        if state == "on":
            await power.on(self._server, vm.id)
        else:
            await power.off(self._server, vm.id, grace_s, then)

    async def fence(self, vm: VM, name: str) -> None:
        from mtv.providers.vsphere.steering import fence

        await fence.fence(self._server, vm.id, name)

    async def unfence(self, vm: VM, name: str) -> None:
        from mtv.providers.vsphere.steering import fence

        await fence.unfence(self._server, vm.id, name)

    async def freeze(self, vm: VM, disks: Sequence[Disk], name: str, since: Point | None, quiesce: bool) -> Point:
        """Of a VM that is off nothing is made: its disks as they are; of one that runs a snapshot, where the way that
        is chosen for it reads such VMs."""
        return await self._points.freeze(vm, disks, name, quiesce)

    async def export(self, point: Point, disk: Disk) -> Export:
        await self._points.standing(point)
        return await asyncio.to_thread(self._export, point, disk)

    async def foresee(self, vm: VM, disks: Sequence[Disk]) -> str:
        """As if it were off: so a move without a way, or of a VM that another run holds, is refused while it still
        runs."""
        await self._points.refuse_others(vm.id)
        return await asyncio.to_thread(self._choose, replace(vm, power="off"), disks)

    async def release(self, point: Point) -> None:
        await self._points.release(point)

    async def close(self) -> None:
        """Log out; nothing of ours is left there."""
        await asyncio.to_thread(self._close)

    def _export(self, point: Point, disk: Disk) -> Export:
        """All disks of a point are read by one way."""
        vm, around = self._inventory.vm(point.vm), self._inventory.around()
        disks = [one for one in vm.disks if one.key in point.tokens]
        way = self._ways.choose(vm, disks, around, running=bool(point.tokens.get("snapshot")))
        return self._ways.export(point, disk, vm, around, way)

    def _choose(self, vm: VM, disks: Sequence[Disk]) -> str:
        return self._ways.choose(vm, disks, self._inventory.around())

    async def _why_not(self, id_: str, disks: Sequence[Disk]) -> str:
        return await asyncio.to_thread(self._closed_ways, id_, disks)

    def _closed_ways(self, id_: str, disks: Sequence[Disk]) -> str:
        """Why a VM cannot be read while it runs; "" where it can."""
        try:
            self._ways.choose(self._inventory.vm(id_), disks, self._inventory.around(), running=True)
        except CheckFailed as error:
            if error.fault.code != "source.no-way":
                raise
            return error.fault.text
        return ""

    def _close(self) -> None:
        self._inventory.close()
        self.session.close()
        self.copier.close()
