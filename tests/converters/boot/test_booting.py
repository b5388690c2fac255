"""QEMU itself, with guests that are up in one to three seconds under emulation."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.converters.boot import BootReport, Card, Drive, Hardware, Picture, boot, boot_disks, read
from mtv.converters.boot import starting as starting_module
from mtv.converters.boot.pictures.picture import DiskSeen, Port
from mtv.converters.boot.starting import Limits, capped
from mtv.converters.manifests import documents
from mtv.errors import Cancelled, MtvError
from mtv.formats.kubeyaml import dump
from mtv.model.estate import Disk, Firmware, Nic
from mtv.process import run
from tests.converters.boot import tiny
from tests.converters.manifests.estate import WEB, plan, volumes

MIB = 1 << 20


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No folder and no process of a boot outlives it. Emulated everywhere: what is tested is not this machine's KVM."""
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr(starting_module, "kvm_works", lambda: False)
    monkeypatch.setattr(tempfile, "tempdir", str(place) if len(str(place)) < 70 else None)
    yield
    assert list(place.iterdir()) == []
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    names = [Path(f"/proc/{child}/comm").read_text().strip() for child in children]
    assert not [name for name in names if name.startswith("qemu")]


def machine(tmp_path: Path, content: bytes) -> Hardware:
    disk = tmp_path / "disk0.raw"
    disk.write_bytes(content.ljust(MIB, b"\0"))
    return Hardware(
        name="tiny",
        memory_bytes=64 * MIB,
        drives=(Drive(path=disk, serial="serial-0", size_bytes=MIB, boot_order=1),),
        cards=(Card(mac="52:54:00:12:34:56"),),
    )


def quick(hardware: Hardware, **words: object) -> BootReport:
    return boot_disks(hardware, timeout_s=240, other_s=0.5, kvm=False, **words)  # type: ignore[arg-type]


def test_a_guest_that_only_prints_its_prompt(tmp_path: Path) -> None:
    report = quick(machine(tmp_path, tiny.boot_sector()))
    assert (report.booted, report.login, report.accelerator, report.agent_s) == (True, "tiny", "tcg", None)
    assert report.told == Picture()
    assert {row.verdict for row in report.rows} == {"unknown"}
    assert report.ok
    assert "tiny login:" in report.console


def test_a_disk_that_does_not_boot_is_found_out_at_once(tmp_path: Path) -> None:
    report = quick(machine(tmp_path, b""))
    assert not report.booted
    assert not report.ok
    assert "No bootable device" in report.failure


def test_a_panic_is_an_end(tmp_path: Path) -> None:
    report = quick(machine(tmp_path, tiny.boot_sector(b"\r\nKernel panic - not syncing: VFS\r\n")))
    assert "the kernel panicked" in report.failure


@pytest.mark.appliance
def test_sata_and_efi_from_a_bundle(tmp_path: Path) -> None:
    """OVMF finds no loader on this disk and says so: it was started, and it read the SATA disk."""
    vm = replace(WEB, memory_bytes=256 * MIB, disks=(Disk(key="d", size_bytes=MIB),))
    made = documents(plan(replace(vm, firmware=Firmware.EFI), devices="compatible"), None, volumes(vm))
    (tmp_path / "vm.yaml").write_bytes(dump(made))
    (tmp_path / "disk0.raw").write_bytes(tiny.boot_sector().ljust(MIB, b"\0"))
    report = boot(tmp_path, timeout_s=300)
    assert "the firmware found no loader" in report.failure, report
    assert not report.booted


@pytest.mark.appliance
@pytest.mark.parametrize("secure_boot", [False, True])
def test_efi_starts_the_fallback_loader_unless_secure_boot_forbids_it(tmp_path: Path, secure_boot: bool) -> None:
    """From a bundle with two disks in qcow2 and two cards; nobody signed its loader."""
    tiny.efi_disk(tmp_path / "disk.raw")
    run(["qemu-img", "create", "-q", "-f", "qcow2", str(tmp_path / "disk1.qcow2"), "1M"])
    run(["qemu-img", "convert", "-O", "qcow2", str(tmp_path / "disk.raw"), str(tmp_path / "disk0.qcow2")])
    vm = replace(
        WEB,
        memory_bytes=256 * MIB,
        firmware=Firmware.EFI,
        secure_boot=secure_boot,
        disks=(Disk(key="d", size_bytes=4 * MIB), Disk(key="e", size_bytes=MIB)),
        nics=(*WEB.nics, Nic(key="nic-2", mac="00:50:56:9a:01:03")),
    )
    (tmp_path / "vm.yaml").write_bytes(dump(documents(plan(vm), None, volumes(vm, "qcow2"))))
    report = quick(read(tmp_path))
    assert report.booted is not secure_boot, report
    if secure_boot:
        assert "secure boot refused the loader" in report.failure or "found no loader" in report.failure
    else:
        assert report.login == "tiny"


def test_silence_has_a_limit(tmp_path: Path) -> None:
    report = boot_disks(machine(tmp_path, tiny.boot_sector(b"\r\nhello\r\n")), timeout_s=2, kvm=False)
    assert "within 2 s" in report.failure
    assert "hello" in report.failure


def test_cancel(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        quick(machine(tmp_path, tiny.boot_sector()), stopping=lambda: True)


def test_qemu_that_does_not_start_says_why(tmp_path: Path) -> None:
    hardware = machine(tmp_path, b"")
    with pytest.raises(MtvError, match="no-such-model") as error:
        quick(replace(hardware, cards=(Card(mac="52:54:00:12:34:56", model="no-such-model"),)))
    assert error.value.fault.code == "boot.qemu"
    with pytest.raises(MtvError, match="exactly one|hex|UUID|uuid"):
        quick(replace(hardware, uuid="x"))


def test_qemu_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting_module, "which", lambda _: None)
    with pytest.raises(MtvError, match="not installed"):
        quick(machine(tmp_path, b""))


def test_size_is_capped_and_said(tmp_path: Path) -> None:
    hardware = replace(machine(tmp_path, tiny.boot_sector()), sockets=4, memory_bytes=128 * MIB)
    report = quick(hardware, limits=Limits(cpus=1, memory_bytes=64 * MIB))
    assert report.notes == ("1 of 4 CPUs were given", "64 of 128 MiB of memory were given")
    given = capped(replace(hardware, sockets=4096, memory_bytes=1 << 50), None)
    assert given.cpus == os.cpu_count()
    assert (given.memory_bytes or 0) < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.appliance
class TestLinux:
    """A kernel, busybox and an agent of a few lines of shell."""

    @pytest.fixture
    def linux(self, tmp_path: Path) -> Hardware:
        first = machine(tmp_path, b"")
        second = tmp_path / "disk1.raw"
        second.write_bytes(bytes(2 * MIB))
        drives = (*first.drives, Drive(path=second, serial="serial-1", size_bytes=2 * MIB))
        return replace(first, memory_bytes=256 * MIB, drives=drives)

    @pytest.fixture
    def extra(self, tmp_path: Path) -> list[str]:
        image = tmp_path / "initramfs"
        image.write_bytes(tiny.initramfs(tiny.AGENT))
        return ["-kernel", str(tiny.kernel()), "-initrd", str(image), "-append", "console=ttyS0 quiet"]

    EXPECTED = Picture(
        hostname="web01",
        macs=("52:54:00:12:34:56",),
        ports=(Port(name="eth0", mac="52:54:00:12:34:56", addresses=("192.0.2.10/24",)),),
        disks=(DiskSeen(serial="serial-0", size_bytes=MIB), DiskSeen(serial="serial-1", size_bytes=2 * MIB)),
    )

    def test_what_the_agent_tells_beside_what_is_expected(self, linux: Hardware, extra: list[str]) -> None:
        report = boot_disks(linux, timeout_s=240, kvm=False, extra=extra, expected=self.EXPECTED)
        assert report.booted
        assert report.login == "web01"
        assert report.agent_s is not None
        assert {row.what: row.verdict for row in report.rows} == {
            "host name": "same",
            "operating system": "unknown",
            "network cards": "same",
            "eth0 MAC": "same",
            "eth0 addresses": "same",
            "routes": "unknown",
            "disk 0": "same",
            "disk 1": "same",
            "mounts": "unknown",
        }
        assert report.ok
        assert [disk.name for disk in report.told.disks or ()] == ["vda", "vdb"]

    def test_a_difference_is_not_ok(self, linux: Hardware, extra: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mtv.converters.boot.booting.SETTLE_S", 0.0)
        wanted = replace(self.EXPECTED, hostname="other")
        report = boot_disks(linux, timeout_s=240, kvm=False, extra=extra, expected=wanted)
        assert report.booted
        assert not report.ok
        assert [row.what for row in report.rows if row.verdict == "different"] == ["host name"]

    def test_an_overlay_is_thrown_away_and_persist_is_kept(
        self, linux: Hardware, extra: list[str], tmp_path: Path
    ) -> None:
        """The guest writes its first disk when it is asked to power off."""
        boot_disks(linux, timeout_s=240, kvm=False, extra=extra)
        assert (tmp_path / "disk0.raw").read_bytes() == bytes(MIB)
        report = boot_disks(linux, timeout_s=240, kvm=False, extra=extra, persist=True)
        assert report.notes == ()
        assert (tmp_path / "disk0.raw").read_bytes().startswith(b"marked\n")

    def test_a_card_that_is_not_connected_has_no_carrier(
        self, linux: Hardware, tmp_path: Path, extra: list[str]
    ) -> None:
        said = (
            'ip link set eth0 up; sleep 0.3; printf "\\r\\ncarrier-$(cat /sys/class/net/eth0/carrier) login: "; sleep 9'
        )
        (tmp_path / "initramfs").write_bytes(tiny.initramfs(said))
        seen = [
            boot_disks(
                replace(linux, cards=(replace(linux.cards[0], up=up),)),
                timeout_s=240,
                other_s=0.1,
                kvm=False,
                extra=extra,
            ).login
            for up in (True, False)
        ]
        assert seen == ["carrier-1", "carrier-0"]
