"""What README.txt tells a stranger to do, done."""

import shlex
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.cli.table import TABLE
from mtv.converters.boot.manifest import read
from mtv.converters.manifests import documents, readme
from mtv.formats.kubeyaml import dump
from mtv.model.estate import Disk, Firmware, Nic
from mtv.model.plans import VmPlan, Wanted
from tests.converters.boot import tiny
from tests.converters.manifests.estate import WEB, plan, volumes

MIB = 1 << 20
SMALL = replace(WEB, memory_bytes=64 * MIB, disks=(Disk(key="d", size_bytes=MIB), Disk(key="e", size_bytes=MIB)))


def command(text: str, start: str) -> list[str]:
    """The one that begins so, with the lines that go on with it."""
    joined = text.replace("\\\n", " ")
    return shlex.split(next(line for line in joined.splitlines() if line.strip().startswith(start)))


def told(wanted: VmPlan) -> str:
    return readme(wanted, None, volumes(wanted.vm))


@pytest.mark.parametrize("devices", ["virtio", "compatible"])
def test_the_command_without_mtv_starts_the_machine(tmp_path: Path, devices: str) -> None:
    """As it says for where KVM is there and fails: some machines end QEMU at once (MSR 0x10a), and no test can tell."""
    (tmp_path / "disk0.raw").write_bytes(tiny.boot_sector().ljust(MIB, b"\0"))
    (tmp_path / "disk1.raw").write_bytes(bytes(MIB))
    said = told(plan(SMALL, devices=devices))
    assert "accel=tcg instead" in said
    argv = command(said.replace("accel=kvm:tcg", "accel=tcg"), "qemu") + ["-display", "none", "-serial", "file:console"]
    with subprocess.Popen(argv, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as child:
        until = time.monotonic() + 60
        console = tmp_path / "console"
        while not (console.exists() and "tiny login:" in console.read_text()) and time.monotonic() < until:
            assert child.poll() is None, child.stderr and child.stderr.read()
            time.sleep(0.05)
        child.terminate()
    assert "tiny login:" in console.read_text()
    assert (tmp_path / "disk1.raw").read_bytes() == bytes(MIB)


def test_its_cards_are_the_manifests(tmp_path: Path) -> None:
    """Also where only the guest's files knew a MAC."""
    vm = replace(SMALL, nics=(Nic(key="n0"), Nic(key="n1", mac="00:50:56:9a:01:03")))
    macs = {"n0": "00:50:56:00:00:07", "n1": "00:50:56:9a:01:03"}
    (tmp_path / "vm.yaml").write_bytes(dump(documents(plan(vm), None, volumes(vm), macs=macs)))
    for disk in ("disk0.raw", "disk1.raw"):
        (tmp_path / disk).write_bytes(bytes(MIB))
    cards = [word for word in command(readme(plan(vm), None, volumes(vm), macs=macs), "qemu") if "mac=" in word]
    assert [card.rpartition("mac=")[2] for card in cards] == [card.mac for card in read(tmp_path).cards]


def test_the_firmware_is_there_where_ovmf_is_installed() -> None:
    efi = replace(SMALL, firmware=Firmware.EFI)
    argv = command(told(plan(efi)), "qemu")
    assert Path(argv[argv.index("-bios") + 1]).is_file()
    assert "without secure boot" not in told(plan(efi))
    assert "without secure boot" in told(plan(replace(efi, secure_boot=True)))


@pytest.mark.parametrize("start", ["mtv verify", "mtv boot"])
def test_our_own_commands_are_ours(start: str) -> None:
    assert command(told(plan(SMALL)), start)[1] in TABLE


def test_each_disk_is_uploaded_into_the_claim_that_the_manifest_makes() -> None:
    made = documents(plan(SMALL), None, volumes(SMALL))
    claims = [one["metadata"] for one in made if one["kind"] == "PersistentVolumeClaim"]
    lines = [shlex.split(line) for line in told(plan(SMALL)).splitlines() if line.strip().startswith("virtctl image")]
    into = {words[3]: words[-1].removeprefix("--image-path=") for words in lines}
    assert into == {"web-disk0": "disk0.raw", "web-disk1": "disk1.raw"}
    assert [one["name"] for one in claims if isinstance(one, dict)] == list(into)


def test_a_stranger_learns_what_to_do_about_a_key_that_is_not_trusted() -> None:
    assert "mtv key show" in told(plan(SMALL))
    assert "receipts.pub" in told(plan(SMALL))


def test_a_vm_that_nobody_restarts_is_started_by_hand() -> None:
    manual = replace(plan(SMALL), wanted=Wanted(run="Manual", claims="datavolumes"))
    lines = [line.strip() for line in told(manual).splitlines()]
    at = next(index for index, line in enumerate(lines) if line.startswith("kubectl patch"))
    assert '"runStrategy": "Manual"' in lines[at]
    assert lines[at + 1] == "virtctl start web"
    assert "virtctl image-upload dv web-disk0 --no-create --image-path=disk0.raw" in lines
    assert "virtctl start" not in told(plan(SMALL))
