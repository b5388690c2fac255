"""Sessions in the simulator: needed, ended when idle, and separate."""

import base64
import time
from typing import Any

import pytest
from pyVmomi import SoapStubAdapter, vim, vmodl

from tests.vcenter.machines import Wish, make, root
from tests.vcenter.server import ADMIN, COPY, VCenter
from tests.vcenter.test_power import until


def users(vc: VCenter) -> list[str]:
    return sorted(one["user"] for one in vc.state()["sessions"])


def test_a_wrong_password_is_refused_and_counted(vc: VCenter) -> None:
    before = vc.state()["logins"].get(COPY, {"refused": 0})["refused"]
    with pytest.raises(vim.fault.InvalidLogin), vc.connected(COPY, "wrong"):
        pass
    assert vc.state()["logins"][COPY]["refused"] == before + 1
    assert users(vc) == []


def test_an_account_is_locked_after_too_many(vc: VCenter) -> None:
    vc.timings(lock_out_after=1)
    for password in ("wrong", vc.setup.accounts[COPY]):
        with pytest.raises(vim.fault.InvalidLogin), vc.connected(COPY, password):
            pass


def test_both_spellings_of_a_user_are_one(vc: VCenter) -> None:
    with vc.connected(r"VSPHERE.LOCAL\Administrator", vc.setup.accounts[ADMIN]):
        assert users(vc) == [ADMIN]
    assert users(vc) == []


def test_an_idle_session_ends(vc: VCenter, admin: Any) -> None:
    vc.timings(session_idle_ms=150)
    assert until(lambda: users(vc) == [])
    with pytest.raises(vim.fault.NotAuthenticated):
        admin.CurrentTime()


def test_a_session_that_calls_or_waits_is_not_idle(vc: VCenter, admin: Any) -> None:
    vc.timings(session_idle_ms=300)
    deadline = time.monotonic() + 0.7
    while time.monotonic() < deadline:
        admin.CurrentTime()
        time.sleep(0.05)
    collector = admin.content.propertyCollector.CreatePropertyCollector()
    version = collector.WaitForUpdatesEx("", None).version
    options = vmodl.query.PropertyCollector.WaitOptions(maxWaitSeconds=1)
    assert collector.WaitForUpdatesEx(version, options) is None
    admin.CurrentTime()


def test_without_a_session_nothing_is_shown(vc: VCenter, admin: Any) -> None:
    stub = SoapStubAdapter(host=vc.host, port=vc.port, sslContext=vc.trust)
    with pytest.raises(vim.fault.NotAuthenticated):
        _ = vim.Folder(admin.content.rootFolder._moId, stub).name
    assert vim.ServiceInstance("ServiceInstance", stub).RetrieveContent().about.apiType == "VirtualCenter"
    stub.DropConnections()


def watching(service: Any, vm: Any) -> tuple[Any, str]:
    """A collector with a filter on the VM's name, and its first version."""
    collector = service.content.propertyCollector.CreatePropertyCollector()
    query = vmodl.query.PropertyCollector
    collector.CreateFilter(
        query.FilterSpec(
            objectSet=[query.ObjectSpec(obj=vm)],
            propSet=[query.PropertySpec(type=vim.VirtualMachine, pathSet=["name"])],
        ),
        partialUpdates=True,
    )
    return collector, collector.WaitForUpdatesEx("", None).version


def test_updates_come_by_version(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("session-watched"))
    collector, version = watching(admin, vm)
    vm.Rename_Task("session-renamed")
    update = collector.WaitForUpdatesEx(version, None)
    (change,) = update.filterSet[0].objectSet[0].changeSet
    assert (change.name, change.val) == ("name", "session-renamed")
    assert update.version != version


def test_sessions_that_wait_do_not_miss_what_another_is_told(vc: VCenter, admin: Any) -> None:
    """Each has a collector of the same id."""
    vm = make(admin, Wish("session-both"))
    query = vmodl.query.PropertyCollector
    options = query.WaitOptions(maxWaitSeconds=5)
    with vc.connected() as other:
        waiting = []
        for service in (admin, other):
            collector = service.content.propertyCollector
            spec = query.FilterSpec(
                objectSet=[query.ObjectSpec(obj=vim.VirtualMachine(vm._moId, service._stub))],
                propSet=[query.PropertySpec(type=vim.VirtualMachine, pathSet=["name"])],
            )
            collector.CreateFilter(spec, partialUpdates=True)
            waiting.append((collector, collector.WaitForUpdatesEx("", None).version))
        vm.Rename_Task("session-told")
        assert all(collector.WaitForUpdatesEx(version, options) for collector, version in waiting)


def test_a_version_of_another_session_is_refused(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("session-version"))
    _, version = watching(admin, vm)
    with vc.connected() as other:
        query = vmodl.query.PropertyCollector
        collector = other.content.propertyCollector.CreatePropertyCollector()
        collector.CreateFilter(
            query.FilterSpec(
                objectSet=[query.ObjectSpec(obj=root(other))],
                propSet=[query.PropertySpec(type=vim.Datacenter, pathSet=["name"])],
            ),
            partialUpdates=True,
        )
        with pytest.raises(vmodl.query.InvalidCollectorVersion):
            collector.WaitForUpdatesEx(version, None)


def test_a_collector_of_another_session_is_not_there(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("session-collector"))
    collector, version = watching(admin, vm)
    with vc.connected() as other:
        theirs = vmodl.query.PropertyCollector(collector._moId, other._stub)
        with pytest.raises(vmodl.fault.ManagedObjectNotFound):
            theirs.WaitForUpdatesEx(version, None)


@pytest.mark.parametrize(("password", "status"), [("admin's secret", 200), ("wrong", 401)])
def test_the_rest_interface_asks_for_the_same_passwords(vc: VCenter, password: str, status: int) -> None:
    basic = base64.b64encode(f"{ADMIN}:{password}".encode()).decode()
    path = "/rest/com/vmware/cis/session"
    assert vc.get(path, {"Authorization": f"Basic {basic}"}, "POST")[0] == status
    assert vc.get("/rest/com/vmware/cis/tagging/tag")[0] == 401
