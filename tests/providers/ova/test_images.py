"""Images held against what the descriptor says of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from mtv.errors import Refused
from mtv.providers.ova import OVA
from tests.formats.build import DESCRIPTOR, Stream, guest
from tests.providers.ova.asking import changes, only
from tests.providers.ova.builders import SIZE, Packed, Vmware, disk, file, web

PLAIN = Vmware()


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        (Stream(guest(SIZE, 1), descriptor=DESCRIPTOR.replace("ffffffff", "deadbeef")).bytes(), "vmdk.parent"),
        (Stream(guest(SIZE, 1), directory_of=lambda starts: [1 << 30]).bytes(), "vmdk.grain-table"),
        (Stream(guest(SIZE, 1), footer=False, end=False, directory=False).bytes(), "vmdk.truncated"),
        (b"KDMV", "vmdk.truncated"),
        (b"", "ova.disk"),
    ],
    ids=["parent", "grain table", "cut off", "magic alone", "empty"],
)
def test_a_bad_image_is_refused_when_it_is_looked_at(tmp_path: Path, image: bytes, wanted: str) -> None:
    path = Packed({"web.ovf": PLAIN.text().encode(), "web-disk1.vmdk": image}).ova(tmp_path / "web.ova")
    with pytest.raises(Refused, match="web-disk1.vmdk") as caught:
        changes(OVA("o", str(path)))
    assert caught.value.fault.code == wanted


def test_10_tib_of_virtual_size_in_a_small_file_are_allowed(tmp_path: Path) -> None:
    """Half a million grain tables of which one is used would be 2 MB of directory; grains of 1 MiB keep it small."""
    image = Stream(b"a" * (1 << 20), grain=2048, capacity=(10 << 40) // 512).bytes()
    assert len(image) < 1 << 20
    ovf = replace(PLAIN, disks=disk(capacity=10, attributes='ovf:capacityAllocationUnits="byte * 2^40"'))
    path = Packed({"web.ovf": ovf.text().encode(), "web-disk1.vmdk": image}).ova(tmp_path / "web.ova")
    assert only(path).disks[0].size_bytes == 10 << 40


def test_a_capacity_that_is_larger_than_the_image_is_a_concern(tmp_path: Path) -> None:
    vm = only(web(tmp_path, replace(PLAIN, disks=disk(capacity=2 * SIZE))).ova(tmp_path / "web.ova"))
    assert vm.disks[0].size_bytes == SIZE
    assert [concern.id for concern in vm.concerns] == ["ova.capacity-larger"]


def test_a_vmdk_that_is_whole_moves_though_the_ovf_tells_another_length_of_its_file(tmp_path: Path) -> None:
    """As after somebody's edit: ovftool warns of it, too."""
    ovf = replace(PLAIN, files=file("web-disk1.vmdk", attributes='ovf:size="999999"'))
    vm = only(web(tmp_path, ovf).ova(tmp_path / "web.ova"))
    assert [concern.id for concern in vm.concerns] == ["ova.file-size"]
    assert vm.concerns[0].level == "warning"


@pytest.mark.parametrize("size", [SIZE, SIZE - 512, SIZE + 512])
def test_a_raw_disk_is_as_long_as_the_ovf_says(tmp_path: Path, size: int) -> None:
    """Its capacity in GiB is rounded up: only the file's length tells."""
    unit = 'ovf:capacityAllocationUnits="byte * 2^30"'
    disks = disk(capacity=1, format_="raw", attributes=unit)
    ovf = replace(PLAIN, files=file("a.img", attributes=f'ovf:size="{SIZE}"'), disks=disks)
    path = Packed({"web.ovf": ovf.text().encode(), "a.img": bytes(size)}).ova(tmp_path / "web.ova")
    if size == SIZE:
        assert (only(path).disks[0].size_bytes, only(path).concerns) == (SIZE, ())
    else:
        with pytest.raises(Refused, match=f"said to have {SIZE} bytes .*, it has {size}") as caught:
            changes(OVA("o", str(path)))
        assert caught.value.fault.code == "ova.file-size"


def test_a_capacity_may_be_a_property_of_the_package(tmp_path: Path) -> None:
    properties = '<ProductSection><Property ovf:key="disk.size" ovf:value="1048576"/></ProductSection>'
    ovf = replace(PLAIN, files="", disks=disk(capacity="${disk.size}", ref=False), before=properties)
    vm = only(Packed({"web.ovf": ovf.text().encode()}).ova(tmp_path / "web.ova"))
    assert vm.disks[0].size_bytes == 1 << 20
