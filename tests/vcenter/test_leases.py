"""Export leases of the simulator: real streams, one a VM, and gone when nobody keeps them."""

import hashlib
import http.client
import random
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl

from tests.vcenter.machines import MIB, Wish, fill, make, write
from tests.vcenter.server import VCenter
from tests.vcenter.test_power import until


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A disk with data in its beginning, its middle and its last bytes, and holes between."""
    path = tmp_path / "content.raw"
    draw = random.Random(5)
    with path.open("wb") as file:
        file.truncate(40 * MIB)
        for offset, length in ((0, 200_000), (17 * MIB + 512, 3 * MIB), (40 * MIB - 512, 512)):
            file.seek(offset)
            file.write(draw.randbytes(length))
    return path


def state(lease: Any) -> str:
    return str(lease.state)


def stream(vc: VCenter, lease: Any, number: int = 0) -> bytes:
    status, body = vc.get(urlsplit(lease.info.deviceUrl[number].url).path)
    assert status == 200
    return body


def convert(body: bytes, folder: Path) -> bytes:
    """What QEMU makes of it."""
    (folder / "stream.vmdk").write_bytes(body)
    subprocess.run(["qemu-img", "check", "-q", folder / "stream.vmdk"], check=True)
    argv: list[str | Path] = [
        "qemu-img",
        "convert",
        "-f",
        "vmdk",
        "-O",
        "raw",
        folder / "stream.vmdk",
        folder / "stream.raw",
    ]
    subprocess.run(argv, check=True)
    return (folder / "stream.raw").read_bytes()


def test_a_vm_is_exported_as_a_real_stream(vc: VCenter, admin: Any, raw: Path, tmp_path: Path) -> None:
    vm = make(admin, Wish("lease-vm", disks=(40 * MIB, 8 * MIB)))
    empty = tmp_path / "empty.raw"
    empty.touch()
    fill(vc, "lease-vm", raw, empty)
    lease = vm.ExportVm()
    assert state(lease) == "ready"
    assert [url.key.rpartition("/")[2] for url in lease.info.deviceUrl] == [
        "ParaVirtualSCSIController0:0",
        "ParaVirtualSCSIController0:1",
    ]
    pairs = [vim.KeyValue(key=lease.info.deviceUrl[0].key, value="sha256")]
    lease.HttpNfcLeaseSetManifestChecksumType(pairs)
    body = stream(vc, lease)
    assert convert(body, tmp_path) == raw.read_bytes()
    assert convert(stream(vc, lease, 1), tmp_path) == bytes(8 * MIB)
    first, second = lease.HttpNfcLeaseGetManifest()
    assert (first.size, first.capacity, first.checksumType) == (len(body), 40 * MIB, "sha256")
    assert first.checksum == hashlib.sha256(body).hexdigest()
    assert first.sha1 == hashlib.sha1(body).hexdigest()
    assert second.checksumType == "sha1"
    first_url = lease.info.deviceUrl[0].url
    lease.HttpNfcLeaseComplete()
    assert vc.get(urlsplit(first_url).path)[0] == 404
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        lease.HttpNfcLeaseProgress(50)
    vm.ExportVm().HttpNfcLeaseAbort()  # the first is no hindrance any more


def test_a_snapshot_of_a_running_vm_is_exported_as_it_was(vc: VCenter, admin: Any, raw: Path, tmp_path: Path) -> None:
    vm = make(admin, Wish("lease-snapshot", disks=(40 * MIB,)))
    fill(vc, "lease-snapshot", raw)
    WaitForTask(vm.PowerOnVM_Task())
    WaitForTask(vm.CreateSnapshot_Task(name="frozen", memory=False, quiesce=False))
    write(vc, "lease-snapshot", 0, b"written afterwards")
    lease = vm.snapshot.currentSnapshot.ExportSnapshot()
    assert convert(stream(vc, lease), tmp_path) == raw.read_bytes()
    lease.HttpNfcLeaseComplete()
    assert vc.state()["leases"] == []


def test_a_running_vm_is_not_exported(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("lease-running"))
    WaitForTask(vm.PowerOnVM_Task())
    with pytest.raises(vim.fault.InvalidPowerState):
        vm.ExportVm()


def test_there_is_one_lease_a_vm_and_it_holds_the_vm(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("lease-one"))
    lease = vm.ExportVm()
    with pytest.raises(vim.fault.TaskInProgress):
        vm.ExportVm()
    with pytest.raises(vim.fault.TaskInProgress):
        vm.PowerOnVM_Task()
    lease.HttpNfcLeaseAbort()
    WaitForTask(vm.PowerOnVM_Task())


def test_a_lease_becomes_ready(vc: VCenter, admin: Any) -> None:
    vc.timings(lease_ready_ms=200)
    lease = make(admin, Wish("lease-ready")).ExportVm()
    assert state(lease) == "initializing"
    assert until(lambda: state(lease) == "ready")
    lease.HttpNfcLeaseAbort()


def test_a_lease_that_nobody_keeps_alive_ends(vc: VCenter, admin: Any) -> None:
    vc.timings(lease_ms=300)
    lease = make(admin, Wish("lease-late")).ExportVm()
    path = urlsplit(lease.info.deviceUrl[0].url).path
    assert until(lambda: state(lease) == "error")
    assert isinstance(lease.error, vim.fault.Timedout)
    assert vc.get(path)[0] == 404
    with pytest.raises(vim.fault.Timedout):
        lease.HttpNfcLeaseProgress(10)


def test_progress_keeps_a_lease_alive(vc: VCenter, admin: Any) -> None:
    vc.timings(lease_ms=400)
    lease = make(admin, Wish("lease-kept")).ExportVm()
    assert not until(lambda: lease.HttpNfcLeaseProgress(1) or state(lease) == "error", 0.9)
    lease.HttpNfcLeaseAbort()


def test_a_lease_ends_with_its_session(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("lease-session"))
    with vc.connected() as other:
        theirs: Any = vim.VirtualMachine(vm._moId, other._stub).ExportVm()
        path = urlsplit(theirs.info.deviceUrl[0].url).path
        assert vc.get(path)[0] == 200
    assert vc.get(path)[0] == 404
    assert vc.state()["leases"] == []
    vm.ExportVm().HttpNfcLeaseAbort()


def test_a_transfer_is_cut_when_its_lease_ends(vc: VCenter, admin: Any, raw: Path) -> None:
    vm = make(admin, Wish("lease-cut", disks=(64 * MIB,)))
    with vc.disks("lease-cut")[0].path.open("r+b") as file:
        file.write(random.Random(1).randbytes(48 * MIB))
    lease = vm.ExportVm()
    connection = http.client.HTTPSConnection(vc.host, vc.port, context=vc.trust)
    connection.request("GET", urlsplit(lease.info.deviceUrl[0].url).path)
    answer = connection.getresponse()
    answer.read(MIB)
    lease.HttpNfcLeaseAbort()
    with pytest.raises((http.client.IncompleteRead, ConnectionError, OSError)):
        answer.read()
    connection.close()
