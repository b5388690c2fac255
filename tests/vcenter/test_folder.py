"""/folder of the simulator is as strict as ESXi's."""

from typing import Any

import pytest
from pyVim.task import WaitForTask

from tests.vcenter.machines import MIB, Wish, allow, make, write
from tests.vcenter.server import COPY, VCenter, folder_path


def cookie(service: Any) -> dict[str, str]:
    return {"Cookie": str(service._stub.cookie).split(";")[0]}


def flat(name: str) -> str:
    return folder_path(f"[LocalDS_0] {name}/{name}-flat.vmdk")


def test_a_session_is_needed(vc: VCenter, admin: Any) -> None:
    make(admin, Wish("folder-session"))
    assert vc.get(flat("folder-session"))[0] == 401
    assert vc.get(flat("folder-session"), {"Cookie": 'vmware_soap_session="guessed"'})[0] == 401
    status, body = vc.get(flat("folder-session"), cookie(admin))
    assert (status, len(body)) == (200, 8 * MIB)


def test_the_session_ends_with_its_logout(vc: VCenter) -> None:
    with vc.connected() as service:
        make(service, Wish("folder-logout"))
        headers = cookie(service)
        assert vc.get(flat("folder-logout"), headers)[0] == 200
    assert vc.get(flat("folder-logout"), headers)[0] == 401


def test_ranges_are_answered_with_206(vc: VCenter, admin: Any) -> None:
    make(admin, Wish("folder-ranges"))
    write(vc, "folder-ranges", 5 * MIB, b"here it is")
    headers = cookie(admin)
    asked = {**headers, "Range": f"bytes={5 * MIB}-{5 * MIB + 9}"}
    assert vc.get(flat("folder-ranges"), asked) == (206, b"here it is")
    assert vc.get(flat("folder-ranges"), {**headers, "Range": f"bytes={8 * MIB}-"})[0] == 416


@pytest.mark.parametrize("wrong", ["dcPath=DC0&dsName=none", "dcPath=DC7&dsName=LocalDS_0", "dsName=LocalDS_0"])
def test_datacenter_and_datastore_have_to_be_named(vc: VCenter, admin: Any, wrong: str) -> None:
    assert vc.get(f"/folder/x/x-flat.vmdk?{wrong}", cookie(admin))[0] == 404


def test_nothing_outside_a_datastore_is_served(vc: VCenter, admin: Any) -> None:
    assert vc.get("/folder/%2e%2e/settings.json?dcPath=DC0&dsName=LocalDS_0", cookie(admin))[0] in (400, 404)


def test_the_flat_file_of_a_vm_that_runs_is_refused(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("folder-power"))
    WaitForTask(vm.PowerOnVM_Task())
    assert vc.get(flat("folder-power"), cookie(admin))[0] == 500
    assert vc.get(flat("folder-power"), cookie(admin), "HEAD")[0] == 500
    assert vc.get(folder_path("[LocalDS_0] folder-power/folder-power.vmdk"), cookie(admin))[0] == 200
    WaitForTask(vm.PowerOffVM_Task())
    assert vc.get(flat("folder-power"), cookie(admin))[0] == 200


def test_the_files_of_a_vm_with_a_snapshot_are_refused(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("folder-snapshot"))
    WaitForTask(vm.CreateSnapshot_Task(name="one", memory=False, quiesce=False))
    assert vc.get(flat("folder-snapshot"), cookie(admin))[0] == 500
    delta = folder_path("[LocalDS_0] folder-snapshot/folder-snapshot-000001-sesparse.vmdk")
    assert vc.get(delta, cookie(admin))[0] == 500
    WaitForTask(vm.RemoveAllSnapshots_Task())
    assert vc.get(flat("folder-snapshot"), cookie(admin))[0] == 200


@pytest.mark.parametrize("lacking", ["Datastore.Browse", "Datastore.FileManagement"])
def test_both_rights_are_needed(vc: VCenter, admin: Any, lacking: str) -> None:
    make(admin, Wish(f"folder-{lacking}"))
    path = folder_path(f"[LocalDS_0] folder-{lacking}/folder-{lacking}-flat.vmdk")
    rights = {"Datastore.Browse", "Datastore.FileManagement"}
    allow(admin, COPY, sorted(rights))
    with vc.connected(COPY) as service:
        assert vc.get(path, cookie(service))[0] == 200
        allow(admin, COPY, sorted(rights - {lacking}))
        assert vc.get(path, cookie(service))[0] == 403
