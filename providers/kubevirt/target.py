"""The KubeVirt target: what the contract of the two ends asks for, each blocking part in a thread."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from mtv.garbage import unswept
from mtv.model.estate import Change, Finding, Json
from mtv.model.reading import Opener, SourceCheck
from mtv.model.volumes import Image, Machine, Volume, VolumeSpec
from mtv.providers.kubevirt.connect.address import read_address, settled
from mtv.providers.kubevirt.engine.home import EngineHome
from mtv.providers.kubevirt.jobs.employer import Employer
from mtv.providers.kubevirt.rights.roles import ROLES, role
from mtv.providers.kubevirt.snapshots.keeper import Keeper

if TYPE_CHECKING:
    from mtv.providers.kubevirt.causes.scene import Near
    from mtv.providers.kubevirt.machines.home import Home
    from mtv.providers.kubevirt.machines.standing import Standing
    from mtv.providers.kubevirt.volumes.making import Claims
    from mtv.providers.kubevirt.volumes.stock import Stock
    from mtv.providers.kubevirt.wire.api import Api


class KubeVirt(Employer, Keeper, EngineHome):
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
        self._housed = self._run = ""
        self._standing: Standing | None = None
        self._near: Near | None = None

    @cached_property
    def _api(self) -> "Api":
        from mtv.providers.kubevirt.connect.access import User
        from mtv.providers.kubevirt.connect.inside import find
        from mtv.providers.kubevirt.wire.api import Api

        access = find(self._address)
        if self._token:
            access = replace(access, user=User(name="the token that was given", token=self._token.decode().strip()))
        return Api(access)

    def house(self, namespace: str, run: str = "") -> None:
        """The plan's, before the address's and the context's own."""
        self._housed, self._run = namespace, run

    @property
    def _namespace(self) -> str:
        return self._housed or self._api.access.namespace

    async def check(self) -> Sequence[Finding]:
        """Versions, rights, storage, nodes, and the namespace that is meant."""
        from mtv.providers.kubevirt.rights.check import check

        return await asyncio.to_thread(lambda: check(self._api))

    async def inventory(self, since: str | None) -> AsyncIterator[Change]:
        """In pages: two of them are in memory at a time. Everything each time."""
        from mtv.providers.kubevirt.reading.inventory import Inventory

        found = Inventory(await asyncio.to_thread(lambda: self._api), self.name).pages()
        with unswept():
            while (page := await asyncio.to_thread(next, found, None)) is not None:
                for change in page:
                    yield change

    async def upload(
        self, run: str, vm: str, claim: Mapping[str, Json], image: Image, tell: Callable[[int, int], None],
        through: str,
    ) -> bool:  # fmt: skip
        """By CDI's upload proxy."""
        from mtv.providers.kubevirt.uploads.sending import sending

        return await asyncio.to_thread(
            lambda: sending(self._api, self._namespace, run, vm, through).send(claim, image, tell)
        )

    def _home(self) -> "Home":
        from mtv.providers.kubevirt.machines.home import Home

        return Home(self._api, self._namespace, self._run)

    async def standing(self, documents: Sequence[Mapping[str, Json]]) -> Sequence[Mapping[str, Json]]:
        from mtv.providers.kubevirt.machines.standing import Standing

        def read() -> Sequence[Mapping[str, Json]]:
            self._standing = self._standing or Standing(self._home())
            return self._standing.of(documents)

        return await asyncio.to_thread(read)

    async def why(self, machine: str, run: str, vm: str) -> Sequence[Finding]:
        """What keeps it from coming, or from running. Its surroundings are read once for all VMs."""
        from mtv.providers.kubevirt.causes.gathering import gather
        from mtv.providers.kubevirt.causes.scene import Scene
        from mtv.providers.kubevirt.causes.table import findings
        from mtv.providers.kubevirt.labels import hash10

        def look() -> Sequence[Finding]:
            with self._api.said(f"looking for what keeps {machine}"):
                self._near = self._near or gather(self._api, self._namespace)
            return findings(Scene(self._near, machine, hash10(run, vm)), self._namespace)

        return await asyncio.to_thread(look)

    async def create_machine(
        self, name: str, documents: Sequence[Mapping[str, Json]], extras: Mapping[str, bytes]
    ) -> Machine:
        from mtv.providers.kubevirt.machines.making import create

        return await asyncio.to_thread(lambda: create(self._home(), name, documents, extras))

    async def machine(self, name: str) -> Machine:
        from mtv.providers.kubevirt.machines.making import state

        return await asyncio.to_thread(lambda: state(self._home(), name))

    async def remove_machine(self, name: str) -> None:
        from mtv.providers.kubevirt.machines.removing import remove

        await remove(await asyncio.to_thread(self._home), name)

    async def start_machine(self, name: str) -> None:
        from mtv.providers.kubevirt.machines.turning import Turning

        await Turning(await asyncio.to_thread(self._home), name).start()

    async def stop_machine(self, name: str) -> None:
        from mtv.providers.kubevirt.machines.turning import Turning

        await Turning(await asyncio.to_thread(self._home), name).stop()

    async def guest(self, name: str) -> Mapping[str, Json]:
        from mtv.providers.kubevirt.machines.asking import guest

        return await asyncio.to_thread(lambda: guest(self._home(), name))

    @cached_property
    def _stock(self) -> "Stock":
        from mtv.providers.kubevirt.volumes.stock import Stock

        return Stock(self._api)

    @property
    def _scratch_class(self) -> str:
        from mtv.settings import worker_choice

        return worker_choice().scratch_class

    def _claims(self) -> "Claims":
        from mtv.providers.kubevirt.volumes.making import Claims

        return Claims(self._api, self._namespace, self._stock)

    async def create(self, spec: VolumeSpec) -> Volume:
        return await asyncio.to_thread(lambda: self._claims().create(spec))

    async def find(self, spec: VolumeSpec) -> Volume | None:
        return await asyncio.to_thread(lambda: self._claims().find(spec))

    async def remove(self, volume: Volume) -> None:
        await asyncio.to_thread(lambda: self._claims().remove(volume))

    async def scratch(self, run: str, machine: str, disks: Sequence[VolumeSpec] = ()) -> str:
        from mtv.providers.kubevirt.volumes import scratch

        return await asyncio.to_thread(lambda: scratch.make(self._claims(), disks, self._scratch_class))

    async def tidy(self, run: str, machine: str) -> None:
        from mtv.providers.kubevirt.volumes import scratch

        await asyncio.to_thread(lambda: scratch.remove(self._claims(), run, machine))

    async def ready(self, specs: Sequence[VolumeSpec], need_bytes: int) -> None:
        """A claim takes the room of its whole disk, whatever is in it."""
        from mtv.providers.kubevirt.volumes import readying

        await asyncio.to_thread(lambda: readying.check(self._claims(), specs, self._scratch_class))

    async def close(self) -> None:
        self.dismiss()
        if "_api" in self.__dict__:
            self._api.close()
