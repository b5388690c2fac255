"""A stored estate as a book: from the store to the file, and what another source reads in it."""

from pathlib import Path

import openpyxl
import pytest

from mtv.errors import Refused
from mtv.model.estate import VM, Datastore, Network, Revision
from mtv.model.infrastructure import Cluster, Gap, Host
from mtv.store import inventory
from mtv.store.picture import Picture
from mtv.store.store import Store
from mtv.verbs import exporting
from tests.providers.rvtools.reading import all_of, changes
from tests.store.estates import ODD_NAMES, filled


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """It holds an estate of 60 VMs with odd names, read from `vc`."""
    path = tmp_path / "store.db"
    monkeypatch.setenv("MTV_STORE", str(path))
    with Store(path) as made:
        filled(made, 60, "vc")
        for name in ("vc", "none"):
            row = inventory.ProviderRow(name=name, kind="vsphere", address="https://vcenter.example/sdk")
            inventory.add_provider(made, row)
    return path


def test_an_estate_of_odd_names_comes_back(store: Path, tmp_path: Path) -> None:
    told: list[tuple[int, str]] = []
    done = exporting.rvtools(tmp_path / "a.xlsx", "vc", lambda number, what: told.append((number, what)))
    assert (done.vms, done.losses) == (60, [])
    assert told[-1] == (60, "VMs written, packing")
    found = changes(tmp_path / "a.xlsx")
    with Picture(store, "vc") as picture:
        before = list(picture.each(VM))
        assert len(all_of(Host, found)) == len(list(picture.each(Host)))
        assert {one.name for one in all_of(Cluster, found)} == {one.name for one in picture.each(Cluster)}
        assert {one.id for one in all_of(Datastore, found)} >= {one.id for one in picture.each(Datastore)}
        assert {one.name for one in all_of(Network, found)} >= {one.name for one in picture.each(Network)}
    assert all_of(Gap, found) == []
    after = all_of(VM, found)
    assert [vm.name for vm in after] == [vm.name for vm in before]
    assert {vm.name for vm in after} >= set(ODD_NAMES)
    for old, new in zip(before, after, strict=True):
        assert (new.id, new.cpus, new.power, new.host, new.os_family) == (
            old.id, old.cpus, old.power, old.host, old.os_family)  # fmt: skip
        assert [disk.size_bytes for disk in new.disks] == [disk.size_bytes for disk in old.disks]
        assert [nic.mac for nic in new.nics] == [nic.mac for nic in old.nics]
        assert new.attributes.items() >= old.attributes.items()


def test_the_book_names_the_vcenter_and_who_wrote_it(store: Path, tmp_path: Path) -> None:
    exporting.rvtools(tmp_path / "a.xlsx", "vc")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book["vSource"]["A2"].value == "vcenter.example"
    assert str(book["vMetaData"]["B2"].value).startswith("mtv ")


def test_a_source_without_vms_makes_no_file(store: Path, tmp_path: Path) -> None:
    with Store(store) as made:
        work = inventory.Refresh(made, "none", full=True)
        work.take(Revision("1"))
        work.finish()
    for source, code in (("none", "export.empty"), ("nobody", "provider.unknown")):
        with pytest.raises(Refused) as told:
            exporting.rvtools(tmp_path / "a.xlsx", source)
        assert told.value.fault.code == code
    assert not (tmp_path / "a.xlsx").exists()


def test_a_write_that_fails_leaves_the_file_that_was_there(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.xlsx"
    file.write_text("mine")

    def fails(number: int, what: str) -> None:
        if number == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exporting.rvtools(file, "vc", fails)
    assert file.read_text() == "mine"
    assert sorted(one.name for one in tmp_path.iterdir() if "xlsx" in one.name) == ["a.xlsx"]
