"""Books of other versions, as people edited and merged them: what is read of each, and what is told to be missing."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from mtv.errors import Refused
from mtv.model.estate import VM, Datastore, Network
from mtv.model.infrastructure import Gap
from tests.providers.rvtools.books import FULL, Rows, book, renamed, without
from tests.providers.rvtools.reading import all_of, changes, vms

MIB = 1 << 20


def gaps(path: Path) -> dict[str, str]:
    return {gap.name: gap.text for gap in all_of(Gap, changes(path))}


def concerns(vm: VM) -> dict[str, str]:
    return {one.id: one.text for one in vm.concerns}


def test_a_book_of_today(tmp_path: Path) -> None:
    found = changes(book(tmp_path / "a.xlsx", FULL))
    db, web = all_of(VM, found)
    assert (db.id, db.name, db.path, db.cpus, db.memory_bytes) == ("vm-1", "db01", "/DC/vm/prod/db01", 4, 8 << 30)
    assert (db.power, db.firmware, db.secure_boot, db.os_id, db.os_family) == (
        "on",
        "efi",
        True,
        "rhel9_64Guest",
        "linux",
    )
    assert (db.host, db.cluster, db.datacenter, db.attributes) == ("esx1", "CL-1", "DC", {"Owner": "ann"})
    assert (db.started_at, db.instance[-1], db.uuid[:4], db.serial[:12]) == (
        "2026-03-01T08:30:00Z", "1", "4203", "VMware-42 03")  # fmt: skip
    first, second = db.disks
    assert (first.key, first.size_bytes, first.controller, first.bus, first.unit) == ("2000", 40 << 30, "pvscsi", 1, 3)
    assert (first.datastore, first.path, first.thin) == ("gold", "[gold] db01/db01.vmdk", True)
    assert (second.raw, second.shared, second.thin) == ("physical", True, None)
    (nic,) = db.nics
    assert (nic.network, nic.mac, nic.model, nic.mac_from) == ("VLAN 7", "00:50:56:aa:bb:cc", "vmxnet3", "assigned")
    assert db.guest.nics[0].addresses == ("10.0.0.5", "10.0.0.6")
    assert {"rvtools.raw-disk", "rvtools.shared-disk"} <= concerns(db).keys()
    assert (web.power, web.disks, web.attributes) == ("off", (), {"Owner": "bob"})
    assert [one.name for one in all_of(Network, found)] == ["VLAN 7"]
    assert [one.name for one in all_of(Datastore, found)] == ["gold"]


OLD = {"Capacity MiB": "Capacity MB", "VM UUID": "VM UUID", "Disk Path": "Path", "VI SDK UUID": "vCenter UUID"}


def test_a_book_before_4_1_has_megabytes_which_always_were_binary(tmp_path: Path) -> None:
    info = renamed(without(FULL["vInfo"], "SMBIOS UUID", "VM ID"), {**OLD, "Folder": "folder", "CPUs": "CPUS"})
    disks = renamed(without(FULL["vDisk"], "VM ID", "Disk Key", "Disk UUID"), OLD)
    found = vms(book(tmp_path / "a.xlsx", {"vInfo": info, "vDisk": disks}))["db01"]
    assert found.cpus == 4
    assert [disk.size_bytes for disk in found.disks] == [40 << 30, 1 << 30]
    assert [disk.key for disk in found.disks] == ["disk0", "disk1"]
    assert [disk.datastore for disk in found.disks] == ["gold", "gold"]
    assert found.id == "5003aaaa-0000-0000-0000-000000000001"
    assert (found.uuid, found.instance) == (found.id, "")  # before 4.3.1 it is the SMBIOS UUID


def test_heads_as_the_program_calls_them_inside(tmp_path: Path) -> None:
    names = {"VM": "vInfoVMName", "Powerstate": "vInfoPowerstate", "CPUs": "vInfoCPUs", "Memory": "vInfoMemory",
             "VM UUID": "vInfoUUID", "Disks": "vInfoNumVirtualDisks", "Folder": "vInfoFolder", "Host": "vInfoHost",
             "OS according to the configuration file": "vInfoOS"}  # fmt: skip
    found = vms(book(tmp_path / "a.xlsx", {"tabvInfo": renamed(FULL["vInfo"], names)}))["db01"]
    assert (found.cpus, found.power, found.memory_bytes, found.host) == (4, "on", 8 << 30, "esx1")
    assert found.os_id == "rhel9_64Guest"


@pytest.mark.parametrize(
    "names",
    [
        {
            "Powerstate": "Betriebszustand",
            "Memory": "Arbeitsspeicher",
            "Datacenter": "Rechenzentrum",
            "Folder": "Ordner",
        },
        {"Powerstate": "\u00c9tat d'alimentation", "Memory": "M\u00e9moire", "Folder": "Dossier"},
        {"Powerstate": "ESTADO DE ENERGIA", "Memory": "memoria", "Folder": "Carpeta"},
    ],
)
def test_heads_that_people_translated(names: Mapping[str, str], tmp_path: Path) -> None:
    found = vms(book(tmp_path / "a.xlsx", {"vInfo": renamed(FULL["vInfo"], names)}))["db01"]
    assert (found.power, found.memory_bytes, found.path) == ("on", 8 << 30, "/DC/vm/prod/db01")


@pytest.mark.parametrize("yes", ["True", "true", 1, "1", "yes", "Ja", "WAHR", "Vrai", True])
def test_yes_in_any_language(yes: object, tmp_path: Path) -> None:
    assert vms(book(tmp_path / "a.xlsx", {"vInfo": [{"VM": "a", "Template": yes, "CPUs": 1}]}))["a"].template


@pytest.mark.parametrize(
    "told",
    ["2026/03/31 23:59:58", "2026-03-31T23:59:58Z", "31.03.2026 23:59:58", "3/31/2026 11:59:58 PM",
     "31/03/2026 23:59:58", datetime(2026, 3, 31, 23, 59, 58), 46112.99997685185],
)  # fmt: skip
def test_dates_in_several_forms(told: object, tmp_path: Path) -> None:
    found = vms(book(tmp_path / "a.xlsx", {"vInfo": [{"VM": "a", "Creation date": told}]}))["a"]
    assert found.created_at == "2026-03-31T23:59:58Z"
    assert "rvtools.odd-value" not in concerns(found)


def test_a_date_that_may_be_two_is_as_its_column_says_or_odd(tmp_path: Path) -> None:
    rows = [{"VM": "a", "Creation date": "03/04/2026 10:00:00"}, {"VM": "b", "Creation date": "13/04/2026 10:00:00"}]
    found = vms(book(tmp_path / "a.xlsx", {"vInfo": rows}))
    assert [vm.created_at for vm in found.values()] == ["2026-04-03T10:00:00Z", "2026-04-13T10:00:00Z"]
    (alone,) = vms(book(tmp_path / "b.xlsx", {"vInfo": rows[:1]})).values()
    assert alone.created_at == ""
    assert "vInfo row 2: 'Creation date' is '03/04/2026 10:00:00'" in concerns(alone)["rvtools.odd-value"]


@pytest.mark.parametrize("told", ["8,192", "8.192", "8 192", "8'192", "8192", 8192, 8192.0, "8192,0", "8.192E+3"])
def test_numbers_as_people_write_them(told: object, tmp_path: Path) -> None:
    assert vms(book(tmp_path / "a.xlsx", {"vInfo": [{"VM": "a", "Memory": told}]}))["a"].memory_bytes == 8 << 30


def test_what_is_no_value_is_named_by_tab_row_and_column(tmp_path: Path) -> None:
    rows = [{"VM": "a", "CPUs": "four", "Template": "perhaps", "Memory": -5}]
    (vm,) = vms(book(tmp_path / "a.xlsx", {"vInfo": rows})).values()
    told = [one.text for one in vm.concerns if one.id == "rvtools.odd-value"]
    assert sorted(told) == [
        "vInfo row 2: 'CPUs' is 'four': a number is needed",
        "vInfo row 2: 'Memory' is '-5': a number of MiB is needed",
        "vInfo row 2: 'Template' is 'perhaps': True or False is needed",
    ]
    assert (vm.cpus, vm.memory_bytes, vm.template) == (1, 0, False)


def test_missing_tabs_and_columns_are_told_and_stop_nothing(tmp_path: Path) -> None:
    told = gaps(book(tmp_path / "a.xlsx", {"vInfo": [{"VM": "a", "Network #1": "VLAN 7", "Disks": 2, "NICs": 1}]}))
    assert "vDisk: disks are not known" in told["vDisk"]
    assert "lacks Powerstate, Template, DNS Name" in told["vInfo"]
    assert re.search(r"and \d+ more$", told["vInfo"])
    (vm,) = vms(tmp_path / "a.xlsx").values()
    assert [nic.network for nic in vm.nics] == ["VLAN 7"]
    assert concerns(vm)["rvtools.disks-missing"] == "vInfo says that it has 2 disks, the book has rows for 0"
    assert "rvtools.nics-missing" not in concerns(vm)


def test_a_book_without_vinfo_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Refused) as told:
        changes(book(tmp_path / "a.xlsx", {"vHost": [{"Host": "esx1"}], "vDisk": FULL["vDisk"]}))
    assert told.value.fault.code == "rvtools.no-vinfo"
    assert told.value.fault.text == "a.xlsx has no tab vInfo: it has vHost, vDisk"
    with pytest.raises(Refused, match="needs a column VM, its first row has Server, Memory"):
        changes(book(tmp_path / "b.xlsx", {"vInfo": [{"Server": "a", "Memory": 1}]}))
    with pytest.raises(Refused) as told:
        changes(book(tmp_path / "c.xlsx", {"vInfo": [{"VM": "VM", "VM ID": "VM ID"}]}))
    assert told.value.fault.code == "rvtools.no-vms"


def test_titles_above_the_heads_are_passed_over(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", FULL)
    made = openpyxl.load_workbook(path)
    for page in made.worksheets:
        page.insert_rows(1, 3)
        page.cell(1, 1, "Estate of the plant, March")
        page.merge_cells("A1:F2")
    made.save(path)
    assert [len(vm.disks) for vm in vms(path).values()] == [2, 0]


def test_rows_that_merging_leaves_are_no_vms(tmp_path: Path) -> None:
    rows: Rows = [
        FULL["vInfo"][0],
        {},
        {"VM": "VM", "VM ID": "VM ID", "CPUs": "CPUs"},
        FULL["vInfo"][0],
        FULL["vInfo"][1],
    ]
    path = book(tmp_path / "a.xlsx", {**FULL, "vInfo": rows})
    assert list(vms(path)) == ["db01", "web01"]
    assert "row 5 is VM 'db01' a second time" in gaps(path)["vInfo"]


def test_several_vcenters_in_one_book_are_told_apart(tmp_path: Path) -> None:
    def other(rows: Rows) -> Rows:
        return [{**row, "VI SDK Server": "vc2", "VI SDK UUID": "u2", "Capacity MiB": 7} for row in rows[:1]]

    tabs = {"vInfo": [*FULL["vInfo"], *other(FULL["vInfo"])], "vDisk": [*FULL["vDisk"], *other(FULL["vDisk"])]}
    found = all_of(VM, changes(book(tmp_path / "a.xlsx", tabs)))
    assert [vm.id for vm in found] == ["vc1/vm-1", "vc1/vm-2", "vc2/vm-1"]
    assert [[disk.size_bytes >> 20 for disk in vm.disks] for vm in found] == [[40960, 1024], [], [7]]


def test_rows_without_ids_go_by_name_and_place_and_never_to_the_wrong_vm(tmp_path: Path) -> None:
    info = [{"VM": "a", "Folder": "/x"}, {"VM": "a", "Folder": "/y"}, {"VM": "b", "Folder": "/x"}]
    disks = [{"VM": "a", "Folder": "/y", "Disk": "y"}, {"VM": "b", "Folder": "/x", "Disk": "b"}]
    found = all_of(VM, changes(book(tmp_path / "a.xlsx", {"vInfo": info, "vDisk": disks})))
    assert [(vm.id, [disk.label for disk in vm.disks]) for vm in found] == [("x/a", []), ("y/a", ["y"]), ("x/b", ["b"])]
    path = book(tmp_path / "b.xlsx", {"vInfo": info, "vDisk": without(disks, "Folder")})
    assert [[disk.label for disk in vm.disks] for vm in all_of(VM, changes(path))] == [[], [], ["b"]]
    lost = [gap.text for gap in all_of(Gap, changes(path)) if gap.id.startswith("rows/")]
    assert lost == ["b.xlsx: vDisk: no VM of vInfo, or several, fit row 2 of 'a'"]


def test_clones_that_share_their_smbios_uuid_are_not_mixed_up(tmp_path: Path) -> None:
    info = [{"VM": name, "VM UUID": "4203aaaa-0000-0000-0000-000000000001", "Folder": "/x"} for name in "ab"]
    disks = [{"VM": name, "VM UUID": info[0]["VM UUID"], "Disk": name} for name in "ba"]
    found = vms(book(tmp_path / "a.xlsx", {"vInfo": info, "vDisk": disks}))
    assert [disk.label for disk in found["a"].disks] == ["a"]
    assert [disk.label for disk in found["b"].disks] == ["b"]
    assert len({vm.id for vm in found.values()}) == 2


def test_templates_placeholders_and_agents_are_judged(tmp_path: Path) -> None:
    rows = [{"VM": "t", "Template": "True"}, {"VM": "p", "SRM Placeholder": "True"}, {"VM": "vCLS-1"},
            {"VM": "o", "Connection state": "orphaned"}]  # fmt: skip
    found = vms(book(tmp_path / "a.xlsx", {"vInfo": rows}))
    assert [list(concerns(vm)) for vm in found.values()] == [
        ["rvtools.template"], ["rvtools.placeholder"], ["rvtools.agent"], ["rvtools.state"]]  # fmt: skip


def test_custom_columns_may_be_called_as_any_other(tmp_path: Path) -> None:
    rows = [{"VM": "a", "Host": "esx1", "Annotation": "x", "host": "mine", "Wave": 3, "Datacenter": "DC",
             "VM ID": "vm-1", "Late": "y"}]  # fmt: skip
    (vm,) = vms(book(tmp_path / "a.xlsx", {"vInfo": rows})).values()
    assert (vm.host, vm.notes, vm.datacenter) == ("esx1", "x", "DC")
    assert vm.attributes == {"host": "mine", "Wave": "3", "Late": "y"}


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8", ","), ("utf-8-sig", ";"), ("cp1252", ";"), ("utf-16", "\t")]
)
def test_a_folder_of_csv_files(encoding: str, delimiter: str, tmp_path: Path) -> None:
    head = delimiter.join(["VM", "CPUs", "Annotation", "VM ID"])
    line = delimiter.join(['"M\u00fcller ""x"""', "4", '"two\nlines"', "vm-1"])
    (tmp_path / "RVTools_tabvInfo.csv").write_bytes(f"{head}\r\n{line}\r\n".encode(encoding))
    disk = delimiter.join(["Disk", "Capacity MiB", "VM ID"]) + "\n" + delimiter.join(["one", "1024", "vm-1"])
    (tmp_path / "RVTools_tabvDisk.csv").write_bytes(disk.encode(encoding))
    (vm,) = vms(tmp_path).values()
    assert (vm.name, vm.cpus, vm.notes) == ('M\u00fcller "x"', 4, "two\nlines")
    assert [disk.size_bytes for disk in vm.disks] == [1 << 30]


def test_csv_whose_quotes_were_not_doubled_names_its_row(tmp_path: Path) -> None:
    (tmp_path / "RVTools_tabvInfo.csv").write_text('"VM","CPUs"\n"a","1"\n"b","note "x", y","2"\n')
    with pytest.raises(Refused, match=r"RVTools_tabvInfo.csv row 3 has 4 cells, its head 2"):
        changes(tmp_path)


def test_only_what_changed_is_told_again(tmp_path: Path) -> None:
    first = changes(book(tmp_path / "a.xlsx", FULL))
    since = first[-1].value  # type: ignore[union-attr]
    assert [type(one).__name__ for one in changes(tmp_path / "a.xlsx", since)] == ["Revision"]
    info = [{**FULL["vInfo"][0], "CPUs": 8}]
    later = changes(book(tmp_path / "a.xlsx", {**FULL, "vInfo": info}), since)
    assert [vm.cpus for vm in all_of(VM, later)] == [8]
    assert [repr(one) for one in later if type(one).__name__ == "Removal"] == ["Removal(kind='vm', id='vm-2')"]
