"""Two VMs that name the same file: both are told, whoever comes first, and no longer than it is so."""

from mtv.model.estate import VM, Disk, Removal
from mtv.store import twins
from mtv.store.inventory import Refresh, complaints, counts, vms
from mtv.store.query import select
from mtv.store.store import Store
from tests.store.made import vm


def disk(path: str) -> Disk:
    return Disk(key="2000", label="Hard disk 1", path=path)


def refresh(store: Store, *changes: VM | Removal, full: bool = False) -> dict[str, list[str]]:
    """Concerns of each VM by its name, as its document and the table of concerns have them."""
    work = Refresh(store, "lab", full=full)
    for change in changes:
        work.take(change)
    work.finish()
    told = {one.name: [concern.text for concern in one.concerns] for one in vms(store, "lab")}
    rows = store.read(lambda found: select(found, "concerns"))
    assert sorted(row["text"] for row in rows) == sorted(text for texts in told.values() for text in texts)  # type: ignore[type-var]
    return told


def named(name: str, path: str, datacenter: str = "east") -> VM:
    return vm(name, disks=(disk(path),), concerns=(), datacenter=datacenter)


def test_both_are_told_and_by_what_name(store: Store) -> None:
    found = refresh(store, named("a", "[gold] x.vmdk"), named("b", "[gold] y.vmdk"), named("c", "[gold] x.vmdk"),
                    full=True)  # fmt: skip
    assert found == {
        "a": ["Hard disk 1 ([gold] x.vmdk) is a disk of c too"], "b": [],
        "c": ["Hard disk 1 ([gold] x.vmdk) is a disk of a too"],
    }  # fmt: skip
    assert counts(store, "lab")["concern"] == 2
    assert complaints(store, "lab", 5)[0] == 0, "a warning: each of them can be copied"


def test_a_change_and_a_removal_take_it_back(store: Store) -> None:
    refresh(store, named("a", "[gold] x.vmdk"), named("b", "[gold] x.vmdk"), named("c", "[gold] x.vmdk"), full=True)
    found = refresh(store, named("b", "[gold] b.vmdk"))
    assert found == {
        "a": ["Hard disk 1 ([gold] x.vmdk) is a disk of c too"], "b": [],
        "c": ["Hard disk 1 ([gold] x.vmdk) is a disk of a too"],
    }  # fmt: skip
    assert refresh(store, Removal("vm", "id-c")) == {"a": [], "b": []}


def test_a_vm_that_is_read_again_says_it_again(store: Store) -> None:
    refresh(store, named("a", "[gold] x.vmdk"), named("b", "[gold] x.vmdk"), full=True)
    assert all(refresh(store, named("a", "[gold] x.vmdk")).values())


def test_the_same_name_of_a_file_in_two_datacenters_is_another_file(store: Store) -> None:
    found = refresh(store, named("a", "[local] x.vmdk"), named("b", "[local] x.vmdk", "west"), full=True)
    assert found == {"a": [], "b": []}


def test_disks_without_a_file_and_two_of_one_vm_are_no_matter(store: Store) -> None:
    twice = vm("b", disks=(disk("[gold] x.vmdk"), Disk(key="2001", path="[gold] x.vmdk")), concerns=())
    assert refresh(store, named("a", ""), named("c", ""), twice, full=True) == {"a": [], "b": [], "c": []}


def test_many_others_are_counted(store: Store) -> None:
    found = refresh(store, *(named(f"vm{n}", "[gold] x.vmdk") for n in range(6)), full=True)
    assert found["vm5"] == ["Hard disk 1 ([gold] x.vmdk) is a disk of vm0, vm1, vm2 and 2 more too"]


def test_a_copy_of_the_picture_keeps_it(store: Store) -> None:
    """So many changes that a new generation is written."""
    refresh(store, named("a", "[gold] x.vmdk"), named("b", "[gold] x.vmdk"), full=True)
    others = [named(f"vm{number}", f"[gold] {number}.vmdk") for number in range(300)]
    found = refresh(store, *others)
    assert [name for name, texts in found.items() if texts] == ["a", "b"]
    assert twins.ID == "estate.disk-of-several"
