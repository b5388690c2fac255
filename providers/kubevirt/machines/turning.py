"""A VM's way from halted to running and back, by the subresources that virtctl uses. What starts it says nothing: its
status does, later."""

import asyncio
from collections.abc import Mapping

from mtv.errors import Temporary
from mtv.providers.kubevirt.fields import Object, text, whole
from mtv.providers.kubevirt.machines.home import Home
from mtv.providers.kubevirt.machines.kinds import INSTANCE, MACHINE, SUBRESOURCES
from mtv.providers.kubevirt.machines.states import STARTED, is_made, started_at, state_of, strategy, wanted
from mtv.providers.kubevirt.machines.waiting import until
from mtv.providers.kubevirt.wire.answers import Status
from mtv.settings import settings
from mtv.times import now

MARGIN_S = 60.0  # for what ends beside the guest


class Turning:
    """One VM's."""

    def __init__(self, home: Home, name: str) -> None:
        self.home, self.api, self.name = home, home.api, name
        self.what = f"{home.namespace}/{name}"

    async def start(self) -> None:
        """After it, an instance ran, and its strategy is the plan's. Raises Temporary `kubevirt.not-running`."""
        vm = await asyncio.to_thread(self._begin)
        limit_s = settings().machine_start_s
        if await until(self._settled, limit_s) is None:
            vm = await asyncio.to_thread(self._vm)
            status = text(vm, "status", "printableStatus") or "nothing"
            raise Temporary(
                "kubevirt.not-running", f"{self.name} does not run {limit_s:.0f} s after its start: it is {status}",
                "`mtv why RUN` looks for the cause",
            )  # fmt: skip

    async def stop(self) -> None:
        """After it, there is no instance, nor will there be. A VM that is not there, or not ours, is none of ours to
        stop. Raises Temporary `kubevirt.not-halted`."""
        grace_s = await asyncio.to_thread(self._end)
        if grace_s is not None and await until(self._is_down, grace_s + MARGIN_S) is None:
            raise Temporary(
                "kubevirt.not-halted", f"{self.name} was told to stop, and still has an instance",
                "its node may be gone: `mtv why RUN` looks",
            )  # fmt: skip

    def _begin(self) -> Object:
        with self.api.said(f"starting VM {self.what}"):
            vm = self.home.ours(self.name)
            if strategy(vm) in ("Halted", "Manual") and not is_made(vm):
                self._ask("start", {})
            return vm

    def _settled(self) -> bool | None:
        """Once it runs: noted at the VM, for an instance's times go with it, together with the plan's strategy."""
        with self.api.said(f"starting VM {self.what}"):
            vm = self._vm()
            if state_of(vm) != "running":
                return None
            self._note(vm, self.home.look(INSTANCE, self.name), wanted(vm))
            return True

    def _end(self) -> int | None:
        """How long its guest has; None: there is nothing to wait for."""
        with self.api.said(f"stopping VM {self.what}"):
            vm = self.home.look(MACHINE, self.name)
            if vm is None or not self.home.is_ours(vm):
                return None
            instance = self.home.look(INSTANCE, self.name)
            grace_s = min(whole(vm, "spec", "template", "spec", "terminationGracePeriodSeconds") or 0,
                          int(settings().machine_stop_s))  # fmt: skip
            if instance is not None:
                self._ask("stop", {"gracePeriod": grace_s})
            self._note(self._vm(), instance, "Halted")
            comes = instance is not None or strategy(vm) != "Halted"
            return grace_s if comes else None

    def _is_down(self) -> bool | None:
        with self.api.said(f"stopping VM {self.what}"):
            gone = self.home.look(INSTANCE, self.name) is None
            return True if gone and not is_made(self._vm()) else None

    def _note(self, vm: Object, instance: Object | None, strategy_: str) -> None:
        change: dict[str, object] = {}
        if strategy(vm) != strategy_:
            change["spec"] = {"runStrategy": strategy_}
        if not text(vm, "metadata", "annotations", STARTED) and (at := started_at(vm, instance) or _ran(vm)):
            change["metadata"] = {"annotations": {STARTED: at}}
        if change:
            self.api.patch(MACHINE.path(self.home.namespace, self.name), change)

    def _ask(self, verb: str, body: Mapping[str, object]) -> None:
        """It may have happened already, by somebody else or by an answer that was lost."""
        try:
            self.api.subresource(SUBRESOURCES.format(self.home.namespace, MACHINE.plural, self.name, verb), body)
        except Status as status:
            if status.code not in (404, 409):
                raise

    def _vm(self) -> Object:
        return self.home.look(MACHINE, self.name) or {}


def _ran(vm: Object) -> str:
    return now() if state_of(vm) == "running" else ""
