"""The part of the target that takes snapshots of its VMs."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mtv.model.estate import Json
from mtv.model.volumes import VolumeSpec

if TYPE_CHECKING:
    from mtv.providers.kubevirt.machines.home import Home
    from mtv.providers.kubevirt.snapshots.lookout import Lookout
    from mtv.providers.kubevirt.volumes.making import Claims


class Keeper:
    """Mixed into the target, which knows the API and the namespace."""

    if TYPE_CHECKING:

        def _home(self) -> "Home": ...

        def _claims(self) -> "Claims": ...

    async def can_snapshot(self, specs: Sequence[VolumeSpec]) -> None:
        from mtv.providers.kubevirt.snapshots import classes

        await asyncio.to_thread(lambda: classes.check(self._claims(), specs))

    async def take_snapshot(self, document: Mapping[str, Json]) -> Mapping[str, Json]:
        from mtv.providers.kubevirt.snapshots import taking

        home = await asyncio.to_thread(self._home)
        return await taking.take(home, self._lookout(home), document)

    async def remove_snapshot(self, machine: str, name: str) -> None:
        from mtv.providers.kubevirt.snapshots import taking

        await taking.remove(await asyncio.to_thread(self._home), machine, name)

    def _lookout(self, home: "Home") -> "Lookout":
        from mtv.providers.kubevirt.snapshots import taking

        known = self.__dict__.setdefault("_lookouts", {})
        if home.namespace not in known:
            known[home.namespace] = taking.lookout(home)
        found: Lookout = known[home.namespace]
        return found
