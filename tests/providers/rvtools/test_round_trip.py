"""What is written comes back: the same model, for what a book holds."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings

from mtv.formats.rvtools.filling import Estate, fill, survey
from mtv.formats.rvtools.tab import Around
from mtv.formats.rvtools.writing import Writing
from mtv.model.estate import VM, Datastore, Network, Revision
from mtv.model.infrastructure import Cluster, Gap, Host, Place, Switch
from tests.providers.rvtools.estates import STORES, estates, networks, plain
from tests.providers.rvtools.reading import all_of, changes


def write(path: Path, estate: Estate) -> list[str]:
    seen = survey(estate.vms())
    with path.open("wb") as file:
        with Writing(file, seen.columns) as book:
            fill(book, estate, seen, Around(server="vc.example", version="mtv"), lambda number, what: None)
        return book.losses()


def test_what_vms_stand_on_comes_back(tmp_path: Path) -> None:
    """A host's usage in whole percent, and without what no tab has: its threads, its state."""
    host = Host(
        source="book", id="host-1", name="esx1", cluster="CL-1", datacenter="DC", address="10.0.0.1", version="8.0.2",
        build="7", vendor="Dell", model="R750", cpu_model="Xeon", sockets=2, cores=32, memory_bytes=1 << 40,
        cpu_mhz=96000, cpu_used_mhz=48000, memory_used_bytes=1 << 39, maintenance=True, evc="intel-cascadelake",
        booted_at="2026-01-02T03:04:05Z", nics=("vmnic0 00:aa 10000", "vmnic1 00:ab"),
        adapters=("vmk0 10.0.0.1", "vmk1"),
        switches=("vSwitch0",),
    )  # fmt: skip
    told = [
        Place(source="book", id="resgroup-1", name="=pool", kind="pool", path="/DC/CL-1/=pool"),
        Cluster(source="book", id="domain-c1", name="CL-1", datacenter="DC", balances="manual", restarts=True,
                admission=True, power_saving=True, hosts=("esx1",), cpu_mhz=96000, memory_bytes=1 << 40),
        host,
        Switch(source="book", id="host-1/vSwitch0", name="vSwitch0", kind="standard", host="esx1", datacenter="DC",
               mtu=1500, uplinks=("vmnic0",)),
        Switch(source="book", id="dvs-1", name="DS\n", kind="distributed", datacenter="DC", mtu=9000),
        Network(source="book", id="dvportgroup-1", name="VLAN 7", kind="distributed", vlan="0-4094", switch="DS\n"),
        Network(source="book", id="network/DC/lab", name="lab", kind="standard", datacenter="DC"),
        Datastore(source="book", id="datastore-1", name="a] b", kind="VMFS", capacity_bytes=10 << 20,
                  free_bytes=3 << 20, datacenter="DC", cluster="pod", url="ds:///x/", accessible=False,
                  version="6.82", hosts=("esx1",),
                  provisioned_bytes=99 << 20),
    ]  # fmt: skip
    estate = Estate(
        vms=lambda: [VM(source="book", id="vm-1", name="a")], hosts=[host], places=all_of(Place, told),
        clusters=all_of(Cluster, told), switches=all_of(Switch, told), networks=all_of(Network, told),
        datastores=all_of(Datastore, told),
    )  # fmt: skip
    assert write(tmp_path / "a.xlsx", estate) == []
    assert [one for one in changes(tmp_path / "a.xlsx") if not isinstance(one, VM | Revision)] == told


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(estates())
def test_vms_come_back_as_they_were(vms: list[VM]) -> None:
    stores = [Datastore(source="book", id=f"datastore-{number}", name=name) for number, name in enumerate(STORES)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "estate.xlsx"
        assert write(path, Estate(vms=lambda: vms, networks=networks(), datastores=stores)) == []
        found = changes(path)
    assert [plain(vm) for vm in all_of(VM, found)] == [plain(vm) for vm in vms]
    assert all_of(Network, found) == networks()
    assert all_of(Gap, found) == []
