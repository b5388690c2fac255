"""A memory target that takes snapshots of the VMs that it runs, beside them in its folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mtv.errors import CheckFailed, Held, MtvError
from mtv.model.estate import Json
from mtv.model.plans import VmPlan, Wanted
from mtv.model.volumes import VolumeSpec
from mtv.providers.memory import MemoryTarget
from mtv.providers.memory.faults import Demand
from tests.crash.pair import Pair

NOT_TODAY = "no snapshots today"


def with_snapshot(plan: VmPlan) -> VmPlan:
    return replace(plan, wanted=Wanted(snapshot="first_boot"))


def fails(call: str) -> Callable[[Pair], None]:
    return lambda pair: pair.target().faults.demand(Demand(call=call, kind="permanent", times=99))


class Keeping(MemoryTarget):
    async def can_snapshot(self, specs: Sequence[VolumeSpec]) -> None:
        self._or_say("can_snapshot", CheckFailed)

    async def take_snapshot(self, document: Mapping[str, Json]) -> Mapping[str, Json]:
        self._or_say("take_snapshot", Held)
        metadata, spec = document["metadata"], document["spec"]
        assert isinstance(metadata, dict)
        assert isinstance(spec, dict)
        source = spec["source"]
        assert isinstance(source, dict)
        machine, name = str(source["name"]), str(metadata["name"])
        data = self._machines.get(machine)
        assert data is not None
        assert data["state"] == "running"
        self._machines.put(machine, {**data, "snapshots": list[Json](sorted({*self.kept(machine), name}))})
        return {"snapshot": name}

    async def remove_snapshot(self, machine: str, name: str) -> None:
        self.faults.meet("remove_snapshot")
        if data := self._machines.get(machine):
            self._machines.put(
                machine, {**data, "snapshots": list[Json](one for one in self.kept(machine) if one != name)}
            )

    def kept(self, machine: str = "vm001") -> list[str]:
        found = (self._machines.get(machine) or {}).get("snapshots")
        return [str(one) for one in found] if isinstance(found, list) else []

    def _or_say(self, call: str, kind: type[MtvError]) -> None:
        try:
            self.faults.meet(call)
        except MtvError as error:
            raise kind("target.no-snapshots", NOT_TODAY) from error
