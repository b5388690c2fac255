"""What an estate report counts, held against the objects themselves; what is not known stays unknown."""

from collections import Counter
from pathlib import Path

import pytest

from mtv.errors import Refused
from mtv.model.details import Snapshot
from mtv.model.estate import VM, Concern, Datastore, Disk, Level, Network, Nic
from mtv.model.infrastructure import Cluster, Gap, Host
from mtv.plans.reports.estate import CHAPTERS, estate
from mtv.plans.reports.shapes import Cell, Report, Section
from mtv.store.store import Store
from tests.plans.reports.conftest import NOW, Made
from tests.store import estates
from tests.store.estates import GIB

LEVELS = ["critical", "warning", "info", "none"]


def section(report: Report, name: str) -> Section:
    [found] = [one for one in report.sections if one.id == name]
    return found


def rows(report: Report, name: str) -> list[dict[str, Cell]]:
    found = section(report, name)
    return [dict(zip([column.key for column in found.columns], row, strict=True)) for row in found.rows]


def figures(report: Report) -> dict[str, Cell]:
    return {one.key: one.value for one in report.figures}


def vms(count: int) -> list[VM]:
    return [estates.Made("vc01", number).vm() for number in range(count)]


def test_figures_are_those_of_the_vms(small: Report) -> None:
    found, all_ = figures(small), vms(60)
    disks = [disk for vm in all_ for disk in vm.disks]
    critical = [vm for vm in all_ if any(one.level is Level.CRITICAL for one in vm.concerns)]
    assert found["vms"] == 60
    assert found["movable"] == 60 - len(critical)
    assert found["cpus"] == sum(vm.cpus for vm in all_)
    assert found["memory_bytes"] == sum(vm.memory_bytes for vm in all_)
    assert found["size_bytes"] == sum(disk.size_bytes for disk in disks)
    assert found["allocated_bytes"] == sum(disk.allocated_bytes or 0 for disk in disks)
    assert found["used_bytes"] == sum(vm.used_bytes or 0 for vm in all_)
    assert found["snapshots"] == sum(len(vm.snapshots) for vm in all_)
    assert (found["hosts"], found["datastores"], found["networks"]) == (estates.HOSTS, estates.STORES, estates.NETWORKS)


@pytest.mark.parametrize(
    ("name", "column", "of"),
    [
        ("families", "family", lambda vm: vm.os_family),
        ("systems", "os", lambda vm: vm.os_name or "unknown"),
        ("power", "power", lambda vm: "template" if vm.template else vm.power),
        ("hardware", "version", lambda vm: vm.hardware),
        (
            "verdicts",
            "level",
            lambda vm: min((str(one.level) for one in vm.concerns), key=LEVELS.index, default="none"),
        ),
    ],
)
def test_each_vm_is_counted_once(small: Report, name: str, column: str, of: object) -> None:
    assert callable(of)
    told = {row[column]: row["vms"] for row in rows(small, name)}
    assert told == Counter(of(vm) for vm in vms(60))
    assert sum(row["size_bytes"] or 0 for row in rows(small, name)) == figures(small)["size_bytes"]  # type: ignore[misc]


def test_what_cannot_move_is_named_with_why(small: Report) -> None:
    told = {(row["id"], row["level"]): row["vms"] for row in rows(small, "concerns")}
    assert told == Counter((one.id, str(one.level)) for vm in vms(60) for one in vm.concerns)
    assert [row["level"] for row in rows(small, "concerns")] == sorted(
        (str(level) for _, level in told), key=LEVELS.index
    )
    blocked = rows(small, "blocked")
    assert [row["name"] for row in blocked] == ["vm-00021", "vm-00023"]
    assert blocked[0]["why"] == "Hard disk 1 is a LUN given to the VM (physical RDM)"
    assert {row["name"] for row in rows(small, "unreachable")} == {
        "vm-00057", "store-3", "esx05.example.org", "esx06.example.org",
    }  # fmt: skip


def test_disks_are_counted_by_kind_and_by_datastore(small: Report) -> None:
    disks = [disk for vm in vms(60) for disk in vm.disks]
    told = {(row["controller"], row["image"]): row["disks"] for row in rows(small, "disks")}
    assert told == Counter((disk.controller, disk.image) for disk in disks)
    stores = {row["name"]: row for row in rows(small, "datastores")}
    assert {name: row["disks"] for name, row in stores.items()} == Counter(disk.datastore for disk in disks)
    assert stores["store-0"]["full"] == pytest.approx(1 - 1 / 40)
    assert [row["name"] for row in rows(small, "datastores")][-1] == "store-5", "nobody knows how full it is"
    properties = {str(row["property"]).partition(":")[0]: row["disks"] for row in rows(small, "disk-properties")}
    assert properties["thick"] == sum(disk.thin is False for disk in disks)
    assert properties["raw, physical"] == sum(disk.raw == "physical" for disk in disks)
    assert "encrypted" not in properties


def test_networks_stand_in_the_order_of_their_vlans(small: Report) -> None:
    nics = [nic for vm in vms(60) for nic in vm.nics]
    told = rows(small, "networks")
    assert [row["vlan"] for row in told] == [*map(str, range(101, 112)), None]
    assert {row["name"]: row["nics"] for row in told} == Counter(nic.network for nic in nics)


def test_snapshots_are_counted_by_their_age(made: Made) -> None:
    ages = {"a": "2026-11-23T11:00:00.000Z", "b": "2026-11-20T00:00:00.000Z", "c": "2025-11-01T00:00:00.000Z", "d": ""}
    shots = tuple(Snapshot(id=name, name=name, at=at) for name, at in ages.items())
    report = made(VM(source="s", id="1", name="one", snapshots=shots))
    told = {row["age"]: row["snapshots"] for row in rows(report, "snapshot-ages")}
    assert {age: n for age, n in told.items() if n} == {
        "less than a day": 1, "1 to 7 days": 1, "over a year": 1, "of unknown age": 1,
    }  # fmt: skip
    oldest = rows(report, "oldest-snapshots")
    assert [row["name"] for row in oldest] == ["c", "b", "a", "d"]
    assert [row["days"] for row in oldest] == [pytest.approx(387.5), pytest.approx(3.5), pytest.approx(1 / 24), None]


def test_hosts_and_clusters_have_their_load(small: Report) -> None:
    hosts = {row["name"]: row for row in rows(small, "hosts")}
    assert hosts["esx15.example.org"]["cpu_load"] == pytest.approx(16 * 7000 / (56 * 2600))
    assert hosts["esx05.example.org"]["cpu_load"] is None, "a host that is away says nothing"
    assert hosts["esx06.example.org"]["state"] == "connected, in maintenance"
    clusters = {row["name"]: row for row in rows(small, "clusters")}
    assert clusters["CL-0"]["cores"] == 4 * 56
    assert clusters["CL-1"]["cpu_load"] == pytest.approx((2 + 10 + 14) * 7000 / (3 * 56 * 2600)), "of three that say it"
    assert [row["version"] for row in rows(small, "versions")] == ["6.7.0", "8.0.3"]


def test_the_largest_and_the_busiest_come_first(small: Report) -> None:
    sizes = [row["size_bytes"] for row in rows(small, "largest")]
    assert sizes == sorted((sum(disk.size_bytes for disk in vm.disks) for vm in vms(60)), reverse=True)[:20]
    loads = [row["cpu_used_mhz"] for row in rows(small, "busiest")]
    assert loads == sorted((vm.cpu_used_mhz or 0 for vm in vms(60)), reverse=True)[:20]


def test_what_is_not_known_is_said_to_be_so(made: Made) -> None:
    """A source that tells next to nothing, as an OVA does."""
    report = made(
        VM(source="s", id="1", name="one", disks=(Disk(key="1", size_bytes=GIB),), nics=(Nic(key="1"),)),
        Network(source="s", id="n", name="n"), Datastore(source="s", id="d", name="d"),
        Host(source="s", id="h", name="h"), Cluster(source="s", id="c", name="c"),
        Gap(source="s", id="tags", name="tags", text="tags could not be read", hint="mtv refresh s"),
    )  # fmt: skip
    assert figures(report)["allocated_bytes"] is None
    [disk] = rows(report, "disks")
    assert (disk["size_bytes"], disk["allocated_bytes"], disk["unknown"]) == (GIB, None, 1)
    [store] = rows(report, "datastores")
    assert (store["capacity_bytes"], store["full"]) == (None, None)
    [host] = rows(report, "hosts")
    assert (host["cpu_load"], host["ram_bytes"], host["cores"]) == (None, None, None)
    [cluster] = rows(report, "clusters")
    assert (cluster["cores"], cluster["cpu_load"], cluster["ram_load"]) == (None, None, None)
    assert rows(report, "busiest") == []
    assert [row["place"] for row in rows(report, "elsewhere")] == ["unknown"]
    told = {(row["of"], row["what"]): row["unknown"] for row in rows(report, "unknown")}
    assert told["VMs", "which system runs"] == 1
    assert told["VMs", "how much of their disks is in use"] == 1
    assert told["hosts", "how busy they are"] == 1
    assert told["networks", "which VLAN they are"] == 1
    assert [row["why"] for row in rows(report, "gaps")] == ["tags could not be read"]


def test_an_estate_of_nothing_is_no_error(made: Made) -> None:
    report = made(Network(source="s", id="n", name="n"))
    assert figures(report) | {"vms": 0, "cpus": 0, "size_bytes": 0, "allocated_bytes": 0} == figures(report)
    assert [one.id for one in report.sections if one.rows] == ["networks", "unknown"]


def test_twins_and_odd_names_keep_apart(made: Made) -> None:
    concern = Concern(id="x.y", level=Level.CRITICAL, text="bad")
    twins = [VM(source="s", id=str(n), name="twin", concerns=(concern, concern)) for n in range(2)]
    report = made(*twins)
    assert [(row["name"], row["id"]) for row in rows(report, "blocked")] == [("twin", "0"), ("twin", "1")]
    assert rows(report, "concerns")[0]["vms"] == 2


def test_networks_and_datastores_of_one_name_are_two_in_two_datacenters(made: Made) -> None:
    disks, nics = (Disk(key="1", datastore="gold", size_bytes=GIB),), (Nic(key="1", network="VM Network"),)
    at = {"A": 2, "B": 1}
    vms = [VM(source="s", id=f"{name}{n}", name="x", datacenter=name, disks=disks, nics=nics)
           for name, number in at.items() for n in range(number)]  # fmt: skip
    networks = [Network(source="s", id=f"n{name}", name="VM Network", datacenter=name, vlan=name) for name in at]
    stores = [Datastore(source="s", id=f"d{name}", name="gold", datacenter=name, kind=name) for name in at]
    report = made(*vms, *networks, *stores)
    assert {row["vlan"]: row["vms"] for row in rows(report, "networks")} == at
    assert {row["kind"]: row["disks"] for row in rows(report, "datastores")} == at


def test_a_network_without_a_tag_is_no_vlan(made: Made) -> None:
    """vSphere says 0 where frames are not tagged; what it says nothing of is not known."""
    report = made(*(Network(source="s", id=f"n{vlan}", name=f"n{vlan}", vlan=vlan) for vlan in ("0", "", "120")))
    assert [one.note for one in report.figures if one.key == "networks"] == ["1 VLAN known"]
    assert [row["vlan"] for row in rows(report, "networks")] == ["no tag", "120", None]


def test_one_source_or_all(made: Made) -> None:
    changes = [VM(source=source, id="1", name=f"vm of {source}") for source in ("a", "b")]
    assert figures(made(*changes))["vms"] == 2
    one = made(source="b")
    assert (figures(one)["vms"], one.title, one.sources) == (1, "Estate of b", (("b", "2026-11-22T08:00:00.000Z"),))


def test_a_source_without_an_inventory_is_named(tmp_path: Path, made: Made) -> None:
    made(VM(source="s", id="1", name="one"))
    with pytest.raises(Refused) as caught:
        estate(tmp_path / "store.db", "nobody", NOW)
    assert (caught.value.fault.code, caught.value.fault.hint) == ("report.nothing", "mtv refresh nobody")
    with Store(tmp_path / "empty.db"):
        pass
    with pytest.raises(Refused, match="there is no inventory"):
        estate(tmp_path / "empty.db", "", NOW)


def test_every_section_has_a_name_of_its_own(small: Report) -> None:
    names = [one.id for one in small.sections]
    asked = sum(len(asks) for _, _, asks in CHAPTERS)
    assert len(set(names)) == len(names) == asked - 1, "all but what this estate has not"
    assert len({chapter.id for chapter in small.chapters}) == len(CHAPTERS)
    for one in small.sections:
        assert all(len(row) == len(one.columns) for row in one.rows)


def test_progress_is_told(tmp_path: Path, made: Made) -> None:
    made(VM(source="s", id="1", name="one"))
    told: list[str] = []
    estate(tmp_path / "store.db", "", NOW, told.append)
    assert told[:3] == ["counting", "can it move?", "virtual machines"]
