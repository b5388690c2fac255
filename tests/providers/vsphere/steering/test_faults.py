"""What a server answers, in our words; and connections that break at every call."""

import asyncio
import itertools
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl

from mtv.errors import CheckFailed, Held, MtvError, Temporary
from mtv.providers.vsphere.steering.faults import translated
from mtv.providers.vsphere.steering.server import Server
from tests.providers.vsphere.opening import Impostor, source_of
from tests.providers.vsphere.steering.acts import FENCE, machine, nothing_left, picture, power, run, steers, told
from tests.providers.vsphere.steering.test_points import freeze, names, reading
from tests.providers.vsphere.test_session import HOSTILE
from tests.vcenter.server import VCenter

KINDS: list[tuple[Any, type[MtvError], str]] = [
    (vim.fault.NoPermission(privilegeId="VApp.Export"), CheckFailed, "vsphere.permission"),
    (vmodl.fault.ManagedObjectNotFound(), MtvError, "source.gone"),
    (vmodl.fault.RequestCanceled(), MtvError, "source.task-cancelled"),
    (vim.fault.NoDiskSpace(), Held, "source.no-space"),
    (vim.fault.InaccessibleDatastore(), Held, "source.unreachable"),
    (vim.fault.TaskInProgress(), Temporary, "source.at-work"),
    (vim.fault.FileLocked(), Temporary, "source.at-work"),
    (vmodl.fault.HostNotConnected(), Temporary, "source.at-work"),
    (vim.fault.SnapshotFault(msg="no"), MtvError, "vsphere.fault"),
]


@pytest.mark.parametrize(("fault", "kind", "code"), KINDS, ids=lambda one: one if isinstance(one, str) else "")
def test_each_fault_has_its_kind_and_says_what_was_done(fault: Any, kind: type[MtvError], code: str) -> None:
    error = translated(fault, "vc01", "switching db01 on")
    assert (type(error), error.fault.code) == (kind, code)
    assert error.fault.text.startswith("vc01: switching db01 on")


def test_a_faults_own_words_are_told_with_its_name() -> None:
    fault: Any = vim.fault.SnapshotFault(msg="An error occurred.")
    fault.faultMessage = [vmodl.LocalizableMessage(key="k", message="The disk is locked.")]
    text = translated(fault, "vc01", "x").fault.text
    assert text == "vc01: x: An error occurred. The disk is locked. (SnapshotFault)"


SPOILT: dict[str, dict[str, Any]] = {
    "not heard": {"kind": "reset"},
    "not answered": {"kind": "reset", "after_bytes": 20},
    "busy": {"kind": "status", "status": 503},
}


async def soon(wait_s: float) -> None:
    await asyncio.sleep(min(wait_s, 0.01))


def insistent(act: Any) -> int:
    """As the runner does it: what may work when it is tried again, is. Gives how often it failed."""
    for failed in range(5):
        try:
            run(act())
            return failed
        except Temporary:
            continue
    raise AssertionError("five times in vain")


@pytest.mark.parametrize("spoilt", SPOILT, ids=SPOILT)
def test_a_connection_that_breaks_at_any_call_changes_nothing_of_the_end(vc: VCenter, admin: Any, spoilt: str) -> None:
    """Calls are told apart by their number: the third, the seventh ... request of a fence fails."""
    vm = machine(admin, "faults-broken", on=False)
    if power(vm) == "on":
        WaitForTask(vm.PowerOffVM_Task())
    before, failed = picture(vm), 0
    for skip in range(2, 40, 6):
        source = steers(source_of(vc), sleep=soon)
        one = told(source, vm)
        vc.spoil("/sdk", skip=skip, times=1, **SPOILT[spoilt])
        failed += insistent(lambda source=source, one=one: source.fence(one, FENCE))
        assert vm.name == "faults-broken (mtv-plan-1)"
        failed += insistent(lambda source=source, one=one: source.unfence(one, FENCE))
        vc.mend()
        assert picture(vm) == before, skip
    assert failed or spoilt == "busy", "reads are asked again by themselves"
    nothing_left(vc, vm)


def test_a_session_that_is_lost_between_any_two_calls_is_no_error(
    vc: VCenter, admin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each third request: one that was lost is asked once more, after a new login."""
    vm = machine(admin, "faults-session")
    before, source = picture(vm), reading(source_of(vc))
    one = told(source, vm)

    requests, real = itertools.count(1), source.session.post

    def post(*said: Any, **more: Any) -> Any:
        if next(requests) % 3 == 0:
            vc.expire()
        return real(*said, **more)

    async def act() -> None:
        point = await source.freeze(one, one.disks, f"{FENCE}-inspect", None, False)
        await source.release(point)
        await source.power(one, "off", 30, "hold")
        await source.fence(one, FENCE)
        await source.unfence(one, FENCE)
        await source.power(one, "on", 30, "hold")

    monkeypatch.setattr(source.session, "post", post)
    run(act())
    assert source.session.logins > 5
    run(source.close())
    with vc.connected() as again:
        seen = vim.VirtualMachine(vm._moId, again._stub)
        assert picture(seen) == before


def test_a_hung_server_is_left_and_the_next_call_finds_what_was_done(vc: VCenter, admin: Any) -> None:
    vm = machine(admin, "faults-hung")
    for skip in (3, 9, 11):
        source = reading(steers(source_of(vc), sleep=soon, read_stall_s=0.2))
        one = told(source, vm)
        vc.spoil("/sdk", "hang", skip=skip, times=1)
        insistent(lambda source=source, one=one: source.freeze(one, one.disks, f"{FENCE}-pass-3", None, False))
        vc.mend()
        assert names(vm) == [f"{FENCE}-pass-3"]
        run(source.release(freeze(source, vm)))
        nothing_left(vc, vm)


@pytest.mark.parametrize("code", HOSTILE)
def test_what_is_no_answer_of_a_vcenter_is_refused_before_pyvmomi_reads_it(impostor: Impostor, code: str) -> None:
    """Pages, entities, endless and broken answers: the same as for our own calls."""
    impostor.says(HOSTILE[code])
    server = Server(impostor.session(page_limit_bytes=50_000))
    with pytest.raises(MtvError) as caught:
        run(server.call("asking the time", lambda: server.managed(vim.ServiceInstance, "x").CurrentTime()))
    assert caught.value.fault.code == ("vsphere.odd-answer" if code == "vsphere.xml" else code)
    assert str(impostor.address) in caught.value.fault.text
