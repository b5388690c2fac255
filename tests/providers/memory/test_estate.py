"""Addresses, estate files, and a made-up estate that depends on its numbers alone."""

import json
from pathlib import Path

import pytest

from mtv.errors import Refused
from mtv.providers.memory import MemorySource
from mtv.providers.memory.estate import Flavour, make_estate, read_address


def test_an_address_says_what_is_wanted(tmp_path: Path) -> None:
    asked = read_address(f"memory:{tmp_path}?flavour=backups&vms=12&seed=9&disks=3&size_mib=8")
    assert (asked.path, asked.flavour, asked.vms, asked.seed) == (tmp_path, Flavour.BACKUPS, 12, 9)
    estate = make_estate("lab", asked)
    assert [vm.name for vm in estate.vms][::11] == ["vm001", "vm012"]
    assert {vm.source for vm in estate.vms} == {"lab"}
    assert len({vm.nics[0].mac for vm in estate.vms}) == 12
    assert all(len(vm.disks) == 3 for vm in estate.vms)
    assert all(0 < (disk.allocated_bytes or 0) < disk.size_bytes for vm in estate.vms for disk in vm.disks)


@pytest.mark.parametrize("query", ["flavor=backups", "flavour=vsphere", "vms=many", "vms="])
def test_a_wrong_address_is_refused(query: str) -> None:
    with pytest.raises(Refused, match=r"memory:/x.*'"):
        read_address(f"/x?{query}")


def test_equal_numbers_make_equal_estates(tmp_path: Path) -> None:
    one, two = (make_estate("a", read_address(f"{tmp_path}/{at}?seed=4")) for at in (1, 2))
    assert one == two
    assert one != make_estate("a", read_address(f"{tmp_path}?seed=5"))


def test_an_estate_file_goes_before_the_address(tmp_path: Path) -> None:
    vm = {"id": "x/../1", "name": "ödd name", "disks": [{"key": "d", "size_bytes": 4096}]}
    (tmp_path / "estate.json").write_text(json.dumps({"flavour": "streams", "vms": [vm]}))
    source = MemorySource("lab", f"{tmp_path}?flavour=snapshots&vms=50")
    assert source.estate.flavour is Flavour.STREAMS
    assert [(one.source, one.name) for one in source.estate.vms] == [("lab", "ödd name")]
    assert not hasattr(source, "track")


def test_a_wrong_estate_file_is_refused_by_key(tmp_path: Path) -> None:
    (tmp_path / "estate.json").write_text(json.dumps({"vms": [{"id": "1", "name": "a", "cpu": 4}]}))
    with pytest.raises(Refused, match="cpu"):
        MemorySource("lab", str(tmp_path))
