"""A book as another program reads it; what Excel cannot hold; and what the page of documents says of it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from mtv.formats.rvtools import writing
from mtv.formats.rvtools.book import TABS
from mtv.formats.rvtools.filling import Estate, fill, survey
from mtv.formats.rvtools.tab import Around
from mtv.formats.rvtools.writing import Writing
from mtv.model.details import GuestNic, GuestView, Share
from mtv.model.estate import VM, Datastore, Disk, Network, Nic
from mtv.model.infrastructure import Cluster, Host, Place, Switch

PAGE = Path(__file__).parents[3] / "docs/rvtools.md"
MIB = 1 << 20
NIC = Nic(key="4000", label="Network adapter 1", network="VLAN 7", mac="00:50:56:00:00:01", model="vmxnet3")
DB = VM(
    source="vc", id="vm-1", name="db01", path="/DC/vm/prod/db01", cpus=4, cores_per_socket=2, memory_bytes=8 << 30,
    power="on", host="esx1", cluster="CL-1", datacenter="DC", os_id="rhel9_64Guest", os_name="RHEL 9.4", nics=(NIC,),
    disks=(Disk(key="2000", size_bytes=3 * MIB + 1, datastore="gold", path="[gold] db01/db01.vmdk"),),
    tags={"app": "ledger", "owner": "t"}, attributes={"owner": "ann"}, notes="=cmd|' /C calc'!A0",
    created_at="2026-03-31T23:59:58.5Z", used_bytes=1, cpu=Share(level="normal", shares=4000),
    guest=GuestView(os_name="RHEL 9.4", nics=(GuestNic(nic="4000", addresses=("10.0.0.5/24", "fe80::1/64")),)),
)  # fmt: skip
HOST = Host(source="vc", id="host-1", name="esx1", cluster="CL-1", datacenter="DC", version="8.0.2", build="7",
            sockets=2, cores=32, threads=64, cpu_mhz=96000, cpu_used_mhz=48000, memory_bytes=1 << 40,
            nics=("vmnic0 00:aa 10000",), adapters=("vmk0 10.0.0.1",), switches=("vSwitch0",))  # fmt: skip
REST = Estate(
    vms=list, hosts=[HOST],
    clusters=[Cluster(source="vc", id="domain-c1", name="CL-1", datacenter="DC", hosts=("esx1",))],
    places=[Place(source="vc", id="resgroup-1", name="Resources", kind="pool", path="/DC/CL-1/Resources")],
    switches=[Switch(source="vc", id="host-1/vSwitch0", name="vSwitch0", kind="standard", host="esx1", mtu=1500,
                     uplinks=("vmnic0",)), Switch(source="vc", id="dvs-1", name="DS", kind="distributed")],
    networks=[Network(source="vc", id="dvportgroup-1", name="VLAN 7", kind="distributed", vlan="7", switch="DS"),
              Network(source="vc", id="network-1", name="lab", kind="standard", datacenter="DC")],
    datastores=[Datastore(source="vc", id="datastore-1", name="gold", capacity_bytes=10 * MIB, free_bytes=MIB,
                          hosts=("esx1",))],
)  # fmt: skip


def write(path: Path, *vms: VM) -> list[str]:
    estate = replace(REST, vms=lambda: vms)
    seen = survey(vms)
    with path.open("wb") as file:
        with Writing(file, seen.columns) as book:
            fill(book, estate, seen, Around(server="vc.example", version="mtv 1"), lambda number, what: None)
        return book.losses()


def read(path: Path) -> dict[str, list[dict[str, object]]]:
    """As openpyxl has it: rows by the heads of their tab."""
    found: dict[str, list[dict[str, object]]] = {}
    for page in openpyxl.load_workbook(path).worksheets:
        heads, *rows = page.iter_rows(values_only=True)
        found[page.title] = [
            {str(head): value for head, value in zip(heads, row, strict=True) if value is not None} for row in rows
        ]
    return found


@pytest.fixture(scope="module")
def tabs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, object]]]:
    path = tmp_path_factory.mktemp("book") / "a.xlsx"
    assert write(path, DB, replace(DB, id="vm-2", name="tpl", template=True)) == []
    return read(path)


def test_all_tabs_are_there_in_their_order(tabs: dict[str, list[dict[str, object]]]) -> None:
    assert list(tabs) == [tab.name for tab in TABS]
    assert len(tabs) == 27


def test_a_vm_has_its_values_and_nothing_that_is_not_known(tabs: dict[str, list[dict[str, object]]]) -> None:
    row = tabs["vInfo"][0]
    assert {
        "VM": "db01", "Powerstate": "poweredOn", "Template": "False", "CPUs": 4, "Memory": 8192, "In Use MiB": 1,
        "Total disk capacity MiB": 4, "Network #1": "VLAN 7", "Folder": "/DC/vm/prod", "VI SDK Server": "vc.example",
        "OS according to the configuration file": "Red Hat Enterprise Linux 9 (64-bit)",
        "OS according to the VMware Tools": "RHEL 9.4", "owner (tag)": "t", "owner": "ann", "app": "ledger",
        "Creation date": datetime(2026, 3, 31, 23, 59, 58, 500000),
    }.items() <= row.items()  # fmt: skip
    assert not {"Provisioned MiB", "Heartbeat", "VI SDK UUID", "PowerOn", "Change Version"} & row.keys()
    assert tabs["vCPU"][0]["Limit"] == -1
    assert "Limit" not in tabs["vMemory"][0], "nobody told it"
    network = tabs["vNetwork"][0]
    assert (network["IPv4 Address"], network["IPv6 Address"], network["Switch"]) == ("10.0.0.5", "fe80::1", "DS")


def test_a_disk_is_never_smaller_than_it_is(tabs: dict[str, list[dict[str, object]]]) -> None:
    assert tabs["vDisk"][0]["Capacity MiB"] == 4


def test_what_vms_stand_on_counts_them(tabs: dict[str, list[dict[str, object]]]) -> None:
    (host,) = tabs["vHost"]
    assert {"# VMs total": 2, "# VMs": 1, "# vCPUs": 4, "Speed": 3000, "Cores per CPU": 16, "CPU usage %": 50,
            "HT Active": "True", "ESX Version": "VMware ESXi 8.0.2 build-7"}.items() <= host.items()  # fmt: skip
    (store,) = tabs["vDatastore"]
    assert {"# VMs total": 2, "In Use MiB": 9, "Free %": 10, "# Hosts": 1, "Hosts": "esx1"}.items() <= store.items()
    assert tabs["vCluster"][0]["NumCpuThreads"] == 64
    assert tabs["vNIC"][0]["Switch"] == "vSwitch0"
    assert [row["Port"] for row in tabs["dvPort"]] == ["VLAN 7"]
    assert [row["Port Group"] for row in tabs["vPort"]] == ["lab"]
    assert tabs["vSC_VMK"][0]["IP Address"] == "10.0.0.1"
    assert tabs["vMetaData"][0]["RVTools version"] == "mtv 1"


def test_no_text_is_a_formula(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx", replace(DB, name="=HYPERLINK(1)", notes="+1", attributes={"=a": "@b", "-c": "-1"}))
    for page in openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets:
        for cells in page.iter_rows():
            assert all(cell.data_type != "f" for cell in cells)
            assert all(cell.hyperlink is None for cell in cells)
    row = read(tmp_path / "a.xlsx")["vInfo"][0]
    assert (row["VM"], row["Annotation"], row["=a"], row["-c"]) == ("=HYPERLINK(1)", "+1", "@b", "-1")


@pytest.mark.parametrize("letter", ["x", "\N{GRINNING FACE}"])
def test_long_text_is_cut_where_excel_ends_and_told(letter: str, tmp_path: Path) -> None:
    losses = write(tmp_path / "a.xlsx", replace(DB, notes=letter * 40_000))
    found = str(read(tmp_path / "a.xlsx")["vInfo"][0]["Annotation"])
    assert set(found) == {letter}
    assert len(found.encode("utf-16-le")) // 2 in (32_766, 32_767)
    assert losses[0] == "vInfo row 2: 'Annotation': cut to the 32767 characters that Excel takes"


def test_rows_that_excel_does_not_take_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "ROWS", 3)
    losses = write(tmp_path / "a.xlsx", *[replace(DB, id=f"vm-{number}") for number in range(5)])
    assert "vInfo: Excel takes 3 rows, 3 rows left out" in losses
    assert len(read(tmp_path / "a.xlsx")["vInfo"]) == 2


def test_columns_that_excel_does_not_take_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "COLUMNS", 92)
    losses = write(tmp_path / "a.xlsx", replace(DB, tags={}, attributes={f"a{number}": "x" for number in range(5)}))
    assert losses == ["Excel takes 92 columns: 3 custom attributes left out"]
    row = read(tmp_path / "a.xlsx")["vInfo"][0]
    assert (row["a1"], row["Datacenter"], "a2" in row) == ("x", "DC", False)


def test_what_no_xml_holds_is_replaced(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx", replace(DB, name="a\ud800b\uffff"))
    assert read(tmp_path / "a.xlsx")["vInfo"][0]["VM"] == "a\ufffdb\ufffd"


def rows_of(page: str) -> Sequence[tuple[str, str, list[str]]]:
    found = re.findall(r"^\| (\w+) \| (\d+) \| (.*) \|$", page, re.MULTILINE)
    return [(name, number, re.findall("`([^`]+)`", told)) for name, number, told in found]


def test_the_page_names_the_columns_that_are_filled() -> None:
    told = {name: (int(number), columns) for name, number, columns in rows_of(PAGE.read_text())}
    known = {tab.name: (len(tab.columns), [tab.columns[place].name for place, _, _ in tab.known]) for tab in TABS}
    never = {"SRM Placeholder", "VI SDK UUID"}  # read where RVTools wrote them
    assert told == {name: (number, [one for one in columns if one not in never])
                    for name, (number, columns) in known.items()}  # fmt: skip
