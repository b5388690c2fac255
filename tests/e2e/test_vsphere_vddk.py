"""A whole move off a vCenter by VMware's library, of which the tests have a stub: all else is as it would be."""

from pathlib import Path
from typing import Any

import pytest
from pyVim.task import WaitForTask

from mtv.providers.vsphere.rights.roles import VDDK
from tests.e2e.vsphere import SECRETS, Yard, content, shelve
from tests.planted import leaks, watched_argv
from tests.vcenter.machines import MIB, Wish, fill, make
from tests.vcenter.server import ADMIN, COPY, PASSWORDS, VCenter

NAME = "by-library"


@pytest.mark.slow
def test_a_vm_with_a_snapshot_moves_by_vmwares_library_and_passwords_are_nowhere(
    vc: VCenter, admin: Any, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is chosen because it is configured, and reads what neither a file nor an export would: a chain."""
    yard = Yard.of(vc, tmp_path, VDDK)
    vm = make(admin, Wish(NAME, (24 * MIB, 9 * MIB), ("LocalDS_0", "LocalDS_1")))
    fill(vc, NAME, content(tmp_path / "old", 24, 1), content(tmp_path / "b", 9, 2))
    WaitForTask(vm.CreateSnapshot_Task("before the patch", "", memory=False, quiesce=False))
    fill(vc, NAME, content(tmp_path / "a", 24, 3), content(tmp_path / "b", 9, 2))
    monkeypatch.setenv("MTV_VDDK", str(shelve(vc, vm, tmp_path_factory.mktemp("vddk")).folder))
    with watched_argv(PASSWORDS[ADMIN], PASSWORDS[COPY]) as seen:
        yard.run([NAME])
    for index, name in enumerate(("a", "b")):
        assert (yard.desk.bundle(NAME) / f"disk{index}.raw").read_bytes() == (tmp_path / name).read_bytes()
    assert {row["verdict"] for row in yard.desk.rows("verify", "wave-1")} == {"same"}
    assert seen == []
    for user in (ADMIN, COPY):
        assert leaks(tmp_path, PASSWORDS[user], SECRETS) == []
    yard.leaves_nothing()
