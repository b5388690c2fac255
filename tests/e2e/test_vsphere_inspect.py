"""`mtv inspect` of a VM that runs at a vCenter, by VMware's library, of which the tests have a stub."""

from pathlib import Path
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from mtv.providers.vsphere.rights.roles import VDDK
from tests.e2e.vsphere import SECRETS, Yard, content
from tests.planted import leaks
from tests.vcenter.machines import MIB, Wish, fill, make
from tests.vcenter.server import ADMIN, COPY, PASSWORDS, VCenter
from tests.vddk.library import library

NAME = "looked-into"


@pytest.mark.appliance
def test_a_vm_that_runs_is_looked_into_with_the_copy_account(
    vc: VCenter, admin: Any, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its disk is read to the end by the worker: that there is no system on it is known only so."""
    yard = Yard.of(vc, tmp_path, VDDK)
    vm = make(admin, Wish(NAME, (24 * MIB,), ("LocalDS_0",)))
    fill(vc, NAME, content(tmp_path / "a", 24, 1))
    stub = library(tmp_path_factory.mktemp("vddk"))
    (stored,) = vc.disks(vm._moId)
    disks: list[Any] = [one for one in vm.config.hardware.device if isinstance(one, vim.vm.device.VirtualDisk)]
    stub.offer(disks[0].backing.fileName, stored.path)
    stub.behave(user=COPY, password=PASSWORDS[COPY], thumbprint=vc.certificate.sha1, vm=f"moref={vm._moId}")
    monkeypatch.setenv("MTV_VDDK", str(stub.folder))
    WaitForTask(vm.PowerOnVM_Task())
    yard.mtv("refresh", "vc01")
    (row,) = yard.desk.rows("inspect", "vc01", "--where", f"name='{NAME}'")
    assert "no operating system" in str(row["fault"]), row
    assert vm.snapshot is None
    for user in (ADMIN, COPY):
        assert leaks(tmp_path, PASSWORDS[user], SECRETS) == []
    yard.leaves_nothing()
