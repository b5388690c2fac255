"""A refresh is seen whole or not at all; what it wrote comes back equal."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from itertools import count as count_up
from types import SimpleNamespace
from typing import TypeVar

import pytest

from mtv.errors import Refused, Temporary
from mtv.model.details import Snapshot
from mtv.model.estate import VM, Removal, Revision
from mtv.model.infrastructure import Cluster, Gap, Host
from mtv.store import generation, inventory
from mtv.store.inventory import ProviderRow, Refresh, add_provider, everything, inspection, provider, save_inspection
from mtv.store.query import select
from mtv.store.store import Store
from tests.store.made import ESTATE, filled, vm

T = TypeVar("T")
OBJECTS = [one for one in ESTATE if not isinstance(one, Revision)]


def count(store: Store, table: str) -> int:
    found: int = store.read(lambda found: found.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    return found


def test_an_estate_comes_back_equal(store: Store) -> None:
    filled(store)
    assert everything(store, "lab") == OBJECTS
    assert inventory.revision(store, "lab") == "r1"
    assert inventory.vms(store, "lab") == OBJECTS[:3]
    assert inventory.datastores(store, "lab") == OBJECTS[3:4]
    assert inventory.networks(store, "lab") == OBJECTS[4:]
    assert everything(store, "other") == []
    assert inventory.revision(store, "other") is None


def test_changes_go_on_from_the_picture_before(store: Store) -> None:
    filled(store)
    refresh = Refresh(store, "lab", full=False)
    refresh.take(vm("db02", cpus=16, revision="2"))
    refresh.take(Removal("vm", "id-web"))
    refresh.take(Removal("network", "gone already"))
    refresh.take(Revision("r2"))
    assert refresh.finish() == 4
    assert [(one.name, one.cpus) for one in inventory.vms(store, "lab")] == [("db01", 2), ("db02", 16)]
    assert inventory.revision(store, "lab") == "r2"
    assert (count(store, "generations"), count(store, "vms"), count(store, "nics")) == (1, 2, 2)


def test_sources_do_not_see_each_other(store: Store) -> None:
    filled(store)
    refresh = Refresh(store, "other", full=True)
    refresh.take(replace(vm("db01"), source="other"))
    refresh.finish()
    assert len(inventory.vms(store, "lab")) == 3
    rows = store.read(lambda found: select(found, "vms", "name = 'db01'", columns=["source"]))
    assert [row["source"] for row in rows] == ["lab", "other"]


def test_an_interrupted_refresh_leaves_the_old_picture(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(store)
    monkeypatch.setattr(generation, "BATCH_S", -1.0)  # each object in a transaction of its own
    monkeypatch.setattr(generation, "TOGETHER", 1)
    broken = Refresh(store, "lab", full=True)
    broken.take(vm("new1"))
    broken.take(replace(vm("new2"), cpus=1 << 70))  # an integer that the store cannot hold
    with pytest.raises(TypeError):
        broken.finish()
    assert count(store, "vms") == 4
    assert everything(store, "lab") == OBJECTS
    assert len(store.read(lambda found: select(found, "vms"))) == 3
    filled(store)
    assert (count(store, "vms"), count(store, "generations")) == (3, 1), "the leavings are gone with the next refresh"


def test_a_refresh_that_was_overtaken_says_so(store: Store) -> None:
    slow = Refresh(store, "lab", full=True)
    slow.take(vm("old"))
    number = store.write(slow._start)
    filled(store)
    with pytest.raises(Temporary) as caught:
        store.write(lambda found: slow._flip(found, number))
    assert caught.value.fault.code == "store.overtaken"
    assert everything(store, "lab") == OBJECTS


def test_readers_see_one_picture_while_the_next_is_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(store)
    monkeypatch.setattr(generation, "BATCH_S", -1.0)
    seen: set[int] = set()
    begin = store.begin

    def watched(job: Callable[[sqlite3.Connection], T]) -> Future[T]:
        seen.add(len(store.read(lambda found: select(found, "vms"))))
        return begin(job)

    monkeypatch.setattr(store, "begin", watched)
    refresh = Refresh(store, "lab", full=True)
    for number in range(20):
        refresh.take(vm(f"vm{number}"))
    refresh.finish()
    assert seen == {3, 20}


def test_many_vms_are_written_and_forgotten_in_short_transactions(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock moves by a millisecond each time that it is looked at: 50 objects, or 50 times 500 rows."""
    ticks = count_up()
    monkeypatch.setattr("mtv.store.generation.time", SimpleNamespace(monotonic=lambda: next(ticks) / 1000))
    monkeypatch.setattr(generation, "TOGETHER", 1)
    changes: list[int] = []
    begin = store.begin

    def watched(job: Callable[[sqlite3.Connection], T]) -> Future[T]:
        def counted(found: sqlite3.Connection) -> T:
            before = found.total_changes
            result = job(found)
            changes.append(found.total_changes - before)
            return result

        return begin(counted)

    monkeypatch.setattr(store, "begin", watched)
    refresh = Refresh(store, "lab", full=True)
    for number in range(1000):
        refresh.take(vm(f"vm{number:04}"))
    refresh.finish()
    assert max(changes) <= 51 * 5, "a VM of the estate has five rows"
    assert len(changes) >= 20
    changes.clear()
    filled(store)
    assert max(changes) <= 50 * 500
    assert count(store, "vms") == 3


def test_inspections_are_kept_while_the_vm_is_the_same(store: Store) -> None:
    save_inspection(store, vm("db01"), {"guest": {"roots": 1}})
    save_inspection(store, vm("db01"), {"guest": {"roots": 2}})
    assert inspection(store, vm("db01")) == {"guest": {"roots": 2}}
    assert inspection(store, vm("db01", revision="2")) is None
    assert inspection(store, vm("db02")) is None


def test_providers_are_remembered_by_name_once(store: Store) -> None:
    row = ProviderRow(name="lab", kind="ova", address="/srv/ova", secret="env:OVA_PASSWORD")
    add_provider(store, row)
    with pytest.raises(Refused, match="'lab' already"):
        add_provider(store, row)
    found = provider(store, "lab")
    assert found is not None
    assert replace(found, added_at="") == row
    assert provider(store, "bal") is None
    filled(store)
    [seen] = store.read(lambda found: select(found, "providers"))
    assert seen["secret"] == "env:OVA_PASSWORD"
    assert seen["refreshed_at"]


def test_strange_names_survive(store: Store) -> None:
    names = ["ü'\"--", "a\nb", "x" * 4000, "🦊", "%_"]
    refresh = Refresh(store, "lab", full=True)
    for place, name in enumerate(names):
        refresh.take(replace(vm(name), id=str(place)))
    refresh.finish()
    assert [one.name for one in inventory.vms(store, "lab")] == names
    assert isinstance(inventory.vms(store, "lab")[0], VM)


def test_few_changes_go_into_the_picture_that_is_there(store: Store) -> None:
    filled(store)
    [before] = store.read(lambda found: found.execute("SELECT id FROM generations").fetchall())
    refresh = Refresh(store, "lab", full=False)
    refresh.take(vm("db01", cpus=64))
    refresh.take(Revision("r2"))
    assert refresh.finish() == 5
    [after] = store.read(lambda found: found.execute("SELECT id, revision FROM generations").fetchall())
    assert (after["id"], after["revision"]) == (before["id"], "r2")
    assert sorted((one.name, one.cpus) for one in inventory.vms(store, "lab")) == [
        ("db01", 64),
        ("db02", 8),
        ("web", 2),
    ]
    assert (count(store, "disks"), count(store, "nics"), count(store, "concerns")) == (6, 3, 3)


def test_many_changes_go_into_a_copy_of_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(store)
    monkeypatch.setattr(inventory, "IN_PLACE", 0)
    refresh = Refresh(store, "lab", full=False)
    refresh.take(vm("db02", cpus=64))
    refresh.take(Removal("vm", "id-web"))
    refresh.take(Revision("r2"))
    assert refresh.finish() == 4
    assert [(one.name, one.cpus) for one in inventory.vms(store, "lab")] == [("db01", 2), ("db02", 64)]
    assert (count(store, "generations"), count(store, "vms"), count(store, "disks")) == (1, 2, 4)


@pytest.mark.parametrize("full", [True, False])
def test_objects_are_written_while_they_are_told(store: Store, monkeypatch: pytest.MonkeyPatch, full: bool) -> None:
    filled(store)
    monkeypatch.setattr(inventory, "SPILL", 3)
    refresh = Refresh(store, "lab", full=full)
    for number in range(10):
        refresh.take(vm(f"vm{number}"))
        assert len(refresh._changes) < 3
    refresh.take(replace(vm("vm3"), cpus=5))  # told again, it was written already
    assert len(inventory.vms(store, "lab")) == 3, "readers see the old picture"
    assert refresh.finish() == (10 if full else 15)
    told = {one.name: one.cpus for one in inventory.vms(store, "lab")}
    assert len(told) == (10 if full else 13)
    assert told["vm3"] == 5


def test_two_small_refreshes_at_once_do_not_mix(store: Store) -> None:
    filled(store)
    slow, quick = Refresh(store, "lab", full=False), Refresh(store, "lab", full=False)
    for refresh, cpus in ((quick, 3), (slow, 4)):
        refresh.take(vm("db01", cpus=cpus))
    quick.take(Revision("r2"))
    quick.finish()
    with pytest.raises(Temporary, match="another refresh"):
        slow.finish()
    assert {one.cpus for one in inventory.vms(store, "lab") if one.name == "db01"} == {3}


def test_what_vms_stand_on_is_kept_by_kind_and_can_be_listed(store: Store) -> None:
    snapshot = Snapshot(id="s1", name="before", at="2026-01-01T00:00:00Z", current=True)
    refresh = Refresh(store, "lab", full=True)
    host = Host(source="lab", id="h1", name="esx1", cluster="CL-7", version="8.0.3", cores=32)
    gap = Gap(source="lab", id="tags", name="tags", text="no tags", hint="grant it")
    for one in (vm("db01", snapshots=(snapshot,)), host, Cluster(source="lab", id="c1", name="CL-9", evc="intel"), gap):
        refresh.take(one)
    refresh.finish()
    assert inventory.parts(store, "lab", Host) == [host]
    assert inventory.parts(store, "lab", Gap) == [gap]
    assert inventory.counts(store, "lab") == {
        "vm": 1, "datastore": 0, "network": 0, "concern": 1, "host": 1, "cluster": 1, "gap": 1,
    }  # fmt: skip
    listed = {kind: store.read(lambda found, kind=kind: select(found, kind)) for kind in ("hosts", "clusters", "gaps")}  # type: ignore[misc]
    assert [(one["name"], one["vms"], one["version"], one["cores"]) for one in listed["hosts"]] == [
        ("esx1", 1, "8.0.3", 32)
    ]
    assert {(one["name"], one["vms"], one["evc"]) for one in listed["clusters"]} == {
        ("CL-7", 1, ""),
        ("CL-9", 0, "intel"),
    }
    assert [one["hint"] for one in listed["gaps"]] == ["grant it"]
    [seen] = store.read(lambda found: select(found, "snapshots"))
    assert (seen["name"], seen["vm"], seen["current"]) == ("before", "db01", True)
    assert inventory.complaints(store, "lab", 5) == (0, [])
