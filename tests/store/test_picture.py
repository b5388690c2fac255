"""One source's picture, object by object, as it was when it was opened."""

from pathlib import Path

import pytest

from mtv.errors import Refused
from mtv.model.estate import VM, Network, Revision
from mtv.model.infrastructure import Cluster, Host
from mtv.store import inventory
from mtv.store.picture import Picture
from mtv.store.store import Store

HOSTS = [Host(source="vc", id=f"host-{number}", name=f"esx{number}", cores=number) for number in range(3)]
VMS = [VM(source="vc", id=f"vm-{number}", name=f"vm{number}", tags={"a": "b"}) for number in range(3)]


def refresh(store: Store, *told: VM | Host | Network) -> None:
    work = inventory.Refresh(store, "vc", full=True)
    for one in told:
        work.take(one)
    work.take(Revision("1"))
    work.finish()


def test_objects_come_in_the_order_in_which_they_were_told(tmp_path: Path) -> None:
    with Store(tmp_path / "store.db") as store:
        refresh(store, VMS[2], HOSTS[1], VMS[0], HOSTS[0], Network(source="vc", id="n", name="lab"))
    with Picture(tmp_path / "store.db", "vc") as picture:
        assert list(picture.each(VM)) == [VMS[2], VMS[0]]
        assert list(picture.each(Host)) == [HOSTS[1], HOSTS[0]]
        assert [one.name for one in picture.each(Network)] == ["lab"]
        assert list(picture.each(Cluster)) == []


def test_a_refresh_meanwhile_changes_nothing_of_it(tmp_path: Path) -> None:
    with Store(tmp_path / "store.db") as store:
        refresh(store, *VMS)
        with Picture(tmp_path / "store.db", "vc") as picture:
            assert next(picture.each(VM)) == VMS[0]
            refresh(store, VMS[1])
            assert list(picture.each(VM)) == VMS
        with Picture(tmp_path / "store.db", "vc") as picture:
            assert list(picture.each(VM)) == [VMS[1]]


def test_a_source_that_nobody_read_has_nothing(tmp_path: Path) -> None:
    with Store(tmp_path / "store.db") as store:
        refresh(store, *VMS)
    with Picture(tmp_path / "store.db", "other") as picture:
        assert list(picture.each(VM)) == []
    with pytest.raises(Refused, match="there is no store"), Picture(tmp_path / "none.db", "vc"):
        pass
