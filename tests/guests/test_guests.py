"""The guests are what the other tests take them for."""

import hashlib
import tarfile
from pathlib import Path
from xml.etree import ElementTree

import guestfs
import pytest

from tests.guests import cache, vmware
from tests.guests.guests import Guest
from tests.guests.ova import make_ova


def test_what_was_built_once_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTV_TEST_CACHE", str(tmp_path))
    built: list[Path] = []
    first, second = (cache.kept("thing", ["recipe"], built.append) for _ in range(2))
    other = cache.kept("thing", ["another recipe"], built.append)
    assert first == second != other
    assert len(built) == 2


def test_a_broken_build_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTV_TEST_CACHE", str(tmp_path))

    def breaks(out: Path) -> None:
        (out / "half").touch()
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        cache.kept("thing", ["recipe"], breaks)
    assert [path.name for path in tmp_path.iterdir()] == ["thing.lock"]


def test_an_ova_holds_what_its_manifest_says(tmp_path: Path) -> None:
    raw = tmp_path / "small.raw"
    raw.write_bytes(b"mtv" * 65536)
    guest = Guest(name="vm", disks=(raw, raw), hostname="vm", os_id="debian12_64Guest", os_number=96)
    make_ova(guest, tmp_path / "vm.ova")
    with tarfile.open(tmp_path / "vm.ova") as archive:
        content = {name: archive.extractfile(name).read() for name in archive.getnames()}  # type: ignore[union-attr]
    assert list(content) == ["vm.ovf", "vm.mf", "vm-disk1.vmdk", "vm-disk2.vmdk"]
    listed = dict(line.split("= ") for line in content.pop("vm.mf").decode().splitlines())
    assert listed == {f"SHA256({name})": hashlib.sha256(data).hexdigest() for name, data in content.items()}
    assert ElementTree.fromstring(content["vm.ovf"]).tag.endswith("Envelope")


@pytest.mark.appliance
def test_inspection_knows_every_guest(
    debian: Guest, phony_debian: Guest, phony_rhel: Guest, phony_windows: Guest
) -> None:
    handle = guestfs.GuestFS(python_return_dict=True)
    guests = (debian, phony_debian, phony_rhel, phony_windows)
    for guest in guests:
        handle.add_drive_opts(str(guest.disks[0]), readonly=True, format="raw")
    handle.launch()
    found = [
        (handle.inspect_get_distro(root), handle.inspect_get_major_version(root), handle.inspect_get_hostname(root))
        for root in sorted(handle.inspect_os())
    ]
    handle.close()
    assert found == [
        ("debian", 12, debian.hostname),
        ("debian", 12, phony_debian.hostname),
        ("rhel", 9, phony_rhel.hostname),
        ("windows", 10, phony_windows.hostname),
    ]


@pytest.mark.appliance
def test_the_real_guest_does_not_boot_on_virtio(debian: Guest, tmp_path: Path) -> None:
    """That it does as VMware runs it is seen in tests/e2e, which asks it what it says of itself."""
    with vmware.running(debian, tmp_path, "virtio") as machine:
        assert not machine.boots()
