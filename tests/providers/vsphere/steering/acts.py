"""What the tests of steering stand on: VMs that run, engines that crash, and a picture of all that a VM is."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar
from unittest.mock import patch

from pyVim.task import WaitForTask
from pyVmomi import VmomiSupport, vim

from mtv.model.estate import VM
from mtv.providers.vsphere import VSphere
from mtv.providers.vsphere.steering.server import Server
from tests.providers.vsphere.opening import find
from tests.vcenter.machines import Wish, make
from tests.vcenter.server import VCenter
from tests.vcenter.test_power import until

T = TypeVar("T")
READS = ("reading", "logging in", "looking")
FENCE = "mtv-plan-1"


def run(act: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(act)


def machine(admin: Any, name: str, *, on: bool = True, **wish: Any) -> Any:
    """A VM of that name, new or as an earlier test of this server left it."""
    vm = next(iter(find(admin, name)), None) or make(admin, Wish(name, **wish))
    if on and vm.runtime.powerState != "poweredOn":
        WaitForTask(vm.PowerOnVM_Task())
        assert until(lambda: vm.guest.toolsRunningStatus == "guestToolsRunning")
    return vm


def power(vm: Any) -> str:
    return {"poweredOn": "on", "poweredOff": "off", "suspended": "suspended"}[str(vm.runtime.powerState)]


def told(source: VSphere, vm: Any) -> VM:
    return run(source.vm(vm._moId))


def steers(source: VSphere, **how: Any) -> VSphere:
    """The same, its waits as a test wants them."""
    limits = {name: how.pop(name) for name in list(how) if name not in ("sleep", "clock")}
    source.session.limits = replace(source.session.limits, **limits)
    source._server = Server(source.session, **how)
    return source


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, wait_s: float) -> None:
        self.now_s += max(wait_s, 0.001)
        self.slept.append(wait_s)
        await asyncio.sleep(0)


class Crash(BaseException):
    """The engine is gone."""


@contextmanager
def crashing(at: int) -> Iterator[list[str]]:
    """The engine dies before and behind its calls that change something, in turn: at 0 before the first one, at 1
    behind it. Gives the calls that it saw."""
    seen: list[str] = []
    turn = itertools.count()
    call = Server._call

    def die(self: Server, doing: str, act: Callable[[], Any], let: Any) -> Any:
        if doing.startswith(READS):
            return call(self, doing, act, let)
        seen.append(doing)
        if next(turn) == at:
            raise Crash(doing)
        done = call(self, doing, act, let)
        if next(turn) == at:
            raise Crash(doing)
        return done

    with patch.object(Server, "_call", die):
        yield seen


def picture(vm: Any) -> dict[str, Any]:
    """All that its configuration and its surroundings say of it, but for when it was changed."""
    config = plain(vm.config)
    for name in ("changeVersion", "modified"):
        config.pop(name)
    config["hardware"]["device"] = {one["key"]: one for one in config["hardware"]["device"]}
    config["extraConfig"] = {one["key"]: one["value"] for one in config["extraConfig"]}
    host = vm.runtime.host
    cluster = host.parent.configurationEx if isinstance(host.parent, vim.ClusterComputeResource) else None
    return {
        "name": vm.name, "power": power(vm), "config": config, "host": host._moId, "parent": vm.parent._moId,
        "das": [plain(one) for one in (cluster.dasVmConfig if cluster else ()) if one.key == vm],
        "drs": [plain(one) for one in (cluster.drsVmConfig if cluster else ()) if one.key == vm],
        "start": [plain(one) for one in host.configManager.autoStartManager.config.powerInfo if one.key == vm],
        "snapshots": [one.name for one in vm.snapshot.rootSnapshotList] if vm.snapshot else [],
        "annotation": vm.config.annotation, "datastores": [one._moId for one in vm.datastore],
    }  # fmt: skip


def plain(value: Any) -> Any:
    """A data object as dictionaries and lists."""
    if isinstance(value, VmomiSupport.ManagedObject):
        return value._moId
    if isinstance(value, VmomiSupport.DataObject):
        names = [one.name for one in value._GetPropertyList()]
        return {"type": type(value).__name__, **{name: plain(getattr(value, name)) for name in names}}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


def reconfigure(vm: Any, **spec: Any) -> None:
    WaitForTask(vm.ReconfigVM_Task(vim.vm.ConfigSpec(**spec)))


def nothing_left(vc: VCenter, vm: Any) -> None:
    """No task is under way, and no note or snapshot of ours is at the VM."""
    assert vc.state()["running_tasks"] == []
    assert not [one.key for one in vm.config.extraConfig if one.key.startswith("mtv")]
    assert not vm.snapshot
