"""Rights in the simulator: each call needs what pyVmomi's tables say, where the tests granted it."""

from collections.abc import Callable
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl

from tests.vcenter.machines import Wish, allow, disallow, make, root
from tests.vcenter.server import ADMIN, COPY, NOBODY, VCenter
from tests.vcenter.test_snapshots import disk_of


def as_user(kind: Any, managed: Any, service: Any) -> Any:
    """The same object, in another session."""
    return kind(managed._moId, service._stub)


CALLS: dict[str, Callable[[Any], Any]] = {
    "VirtualMachine.Interact.PowerOn": lambda vm: vm.PowerOnVM_Task(),
    "VirtualMachine.State.CreateSnapshot": lambda vm: vm.CreateSnapshot_Task("x", "", False, False),
    "VApp.Export": lambda vm: vm.ExportVm(),
    "VirtualMachine.Provisioning.DiskRandomRead": lambda vm: vm.QueryChangedDiskAreas(None, disk_of(vm).key, 0, "*"),
    "VirtualMachine.Config.Rename": lambda vm: vm.Rename_Task("y"),
    "VirtualMachine.Inventory.Delete": lambda vm: vm.Destroy_Task(),
}


@pytest.mark.parametrize("right", CALLS)
def test_a_call_needs_its_right(vc: VCenter, admin: Any, right: str) -> None:
    name = f"rights-{right}"
    vm = make(admin, Wish(name))
    allow(admin, COPY, [])
    with vc.connected(COPY) as service:
        theirs = as_user(vim.VirtualMachine, vm, service)
        with pytest.raises(vim.fault.NoPermission) as refused:
            CALLS[right](theirs)
        fault: Any = refused.value
        assert (fault.privilegeId, fault.object._moId) == (right, vm._moId)
        allow(admin, COPY, [right])
        try:
            CALLS[right](theirs)
        except vim.fault.FileFault:
            assert right == "VirtualMachine.Provisioning.DiskRandomRead"  # no tracking; the right sufficed


SPECS: dict[str, Callable[[Any], Any]] = {
    "VirtualMachine.Config.Rename": lambda vm: vim.vm.ConfigSpec(name="renamed"),
    "VirtualMachine.Config.Annotation": lambda vm: vim.vm.ConfigSpec(annotation="noted"),
    "VirtualMachine.Config.ChangeTracking": lambda vm: vim.vm.ConfigSpec(changeTrackingEnabled=True),
    "VirtualMachine.Config.CPUCount": lambda vm: vim.vm.ConfigSpec(numCPUs=2),
    "VirtualMachine.Config.Memory": lambda vm: vim.vm.ConfigSpec(memoryMB=1024),
    "VirtualMachine.Config.AdvancedConfig": lambda vm: vim.vm.ConfigSpec(
        extraConfig=[vim.option.OptionValue(key="a", value="b")]
    ),
    "VirtualMachine.Interact.DeviceConnection": lambda vm: unplugged(vm),
    "VirtualMachine.Config.RemoveDisk": lambda vm: removed(vm),
}


def unplugged(vm: Any) -> Any:
    cards: list[Any] = [one for one in vm.config.hardware.device if isinstance(one, vim.vm.device.VirtualEthernetCard)]
    (card,) = cards
    card.connectable.connected = card.connectable.startConnected = False
    return vim.vm.ConfigSpec(deviceChange=[vim.vm.device.VirtualDeviceSpec(operation="edit", device=card)])


def removed(vm: Any) -> Any:
    return vim.vm.ConfigSpec(deviceChange=[vim.vm.device.VirtualDeviceSpec(operation="remove", device=disk_of(vm))])


@pytest.mark.parametrize("right", SPECS)
def test_reconfiguring_needs_a_right_for_each_field(vc: VCenter, admin: Any, right: str) -> None:
    vm = make(admin, Wish(f"reconfigure-{right}"))
    allow(admin, COPY, ["VirtualMachine.Config.Settings"])
    with vc.connected(COPY) as service:
        theirs = as_user(vim.VirtualMachine, vm, service)
        spec = SPECS[right](vm)
        with pytest.raises(vim.fault.NoPermission) as refused:
            theirs.ReconfigVM_Task(spec)
        assert refused.value.privilegeId == right
        allow(admin, COPY, [right])
        WaitForTask(theirs.ReconfigVM_Task(spec))


def test_the_nearest_permission_decides(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("rights-near"))
    allow(admin, COPY, ["VirtualMachine.Interact.PowerOn"])
    allow(admin, COPY, [], on=root(admin).vmFolder)
    try:
        with vc.connected(COPY) as service, pytest.raises(vim.fault.NoPermission):
            as_user(vim.VirtualMachine, vm, service).PowerOnVM_Task()
        allow(admin, COPY, ["VirtualMachine.Interact.PowerOn"], on=vm)
        with vc.connected(COPY) as service:
            WaitForTask(as_user(vim.VirtualMachine, vm, service).PowerOnVM_Task())
        disallow(admin, COPY, vm)
    finally:
        disallow(admin, COPY, root(admin).vmFolder)


def test_what_is_not_propagated_stays_where_it_is(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("rights-here"))
    allow(admin, COPY, ["VirtualMachine.Interact.PowerOn"], propagate=False)
    with vc.connected(COPY) as service, pytest.raises(vim.fault.NoPermission):
        as_user(vim.VirtualMachine, vm, service).PowerOnVM_Task()


def read(service: Any, managed: Any, *paths: str) -> Any:
    query = vmodl.query.PropertyCollector
    return service.content.propertyCollector.RetrievePropertiesEx(
        [
            query.FilterSpec(
                objectSet=[query.ObjectSpec(obj=managed)],
                propSet=[query.PropertySpec(type=type(managed), pathSet=list(paths))],
            )
        ],
        query.RetrieveOptions(),
    )


def test_who_may_not_see_an_object_is_not_shown_it(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("rights-unseen"))
    allow(admin, COPY, [], propagate=False)
    with vc.connected(COPY) as service:
        assert not read(service, as_user(vim.VirtualMachine, vm, service), "name").objects
        allow(admin, COPY, [], on=vm)
        (seen,) = read(service, as_user(vim.VirtualMachine, vm, service), "name").objects
        disallow(admin, COPY, vm)
        assert seen.propSet[0].val == "rights-unseen"


def test_a_property_with_a_right_of_its_own_is_missing_without_it(vc: VCenter, admin: Any) -> None:
    allow(admin, COPY, [])
    with vc.connected(COPY) as service:
        (answer,) = read(service, service.content.sessionManager, "sessionList", "currentSession").objects
        assert [one.name for one in answer.propSet] == ["currentSession"]
        assert [one.fault.privilegeId for one in answer.missingSet] == ["Sessions.TerminateSession"]


def test_an_account_without_any_permission_is_not_let_in(vc: VCenter, admin: Any) -> None:
    with pytest.raises(vim.fault.NoPermission), vc.connected(NOBODY):
        pass
    assert [one["user"] for one in vc.state()["sessions"]] == [ADMIN]


def test_the_authorization_manager_tells_the_truth(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("rights-truth"))
    allow(admin, COPY, ["VApp.Export"])
    authority = admin.content.authorizationManager
    asked = ["VApp.Export", "VirtualMachine.Interact.PowerOn"]
    (copy,) = authority.HasUserPrivilegeOnEntities([vm], COPY, asked)
    (full,) = authority.HasUserPrivilegeOnEntities([vm], ADMIN, asked)
    assert [one.isGranted for one in copy.privAvailability] == [True, False]
    assert [one.isGranted for one in full.privAvailability] == [True, True]
    (mine,) = authority.FetchUserPrivilegeOnEntities([vm], COPY)
    assert set(mine.privileges) == {"VApp.Export", "System.Anonymous", "System.Read", "System.View"}


def test_a_right_that_nobody_knows_is_refused(vc: VCenter, admin: Any) -> None:
    with pytest.raises(vmodl.fault.InvalidArgument):
        allow(admin, COPY, ["VirtualMachine.Invented"])
