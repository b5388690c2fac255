"""Which way is taken, and what is said of the others."""

import pytest

from mtv.errors import CheckFailed, Refused
from mtv.providers.vsphere.ways.choose import choose, chosen, routes
from mtv.providers.vsphere.ways.table import EXPORT, FOLDER, SSH, VDDK
from tests.providers.vsphere.ways.scenes import SNAPSHOT, fine


def test_the_best_way_that_is_open_is_taken() -> None:
    assert chosen(fine()) == VDDK
    assert chosen(fine(library=False)) == FOLDER
    assert chosen(fine(library=False, store__kind="vsan")) == EXPORT
    assert chosen(fine(library=False, vm__datacenter="DC0", lacks={FOLDER: ["Datastore.Browse"]})) == EXPORT
    assert chosen(fine(library=False, lacks={FOLDER: ["x"], EXPORT: ["y"]})) == SSH


def test_a_way_that_is_wanted_is_taken_or_refused_with_its_reason() -> None:
    assert chosen(fine(), EXPORT) == EXPORT
    with pytest.raises(CheckFailed, match="folder: the VM has 1 snapshot") as refused:
        chosen(fine(vm__snapshots=(SNAPSHOT,)), FOLDER)
    assert refused.value.fault.code == "source.no-way"
    assert "export" not in refused.value.fault.text
    with pytest.raises(Refused, match="'fax' is no way"):
        chosen(fine(), "fax")


def test_where_none_is_open_every_reason_is_told() -> None:
    with pytest.raises(CheckFailed, match="vddk: .*; folder: .*; export: .*; ssh: "):
        chosen(fine(disk__shared=True))
    assert choose(fine(disk__shared=True)).way == ""


def test_each_way_is_told_to_people() -> None:
    told = {one.name: one for one in routes(fine(library=False, vm__datacenter="DC0"))}
    assert list(told) == [VDDK, FOLDER, EXPORT, SSH]
    assert told[FOLDER].taken
    assert told[FOLDER].why == "chosen; from host esx1 where it answers, else by the vCenter"
    assert told[EXPORT].why == "open; folder is taken"
    assert "MTV_VDDK" in told[VDDK].why
    assert not told[SSH].taken
