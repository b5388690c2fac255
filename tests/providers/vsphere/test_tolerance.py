"""Servers that serve less: an old vCenter, one without the services beside the main one, an ESXi alone."""

from collections.abc import Iterator

import pytest

from mtv.model.estate import VM, Change, Datastore, Network
from mtv.model.infrastructure import Cluster, Gap, Host, Place, Policy
from mtv.model.login import Login
from mtv.providers.vsphere import VSphere
from mtv.providers.vsphere.rights.check import check
from tests.providers.vsphere.opening import OPEN, read, vms
from tests.vcenter.estate import estate
from tests.vcenter.lax import PASSWORD, USER, Lax, lax
from tests.vcenter.shape import ODD_NAMES, Shape

COUNT = 120


@pytest.fixture(scope="module", params=["old", "current"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lax]:
    """Neither has tags, policies or any rule of ours; the old one says that it is a vCenter 6.5."""
    with lax(tmp_path_factory.mktemp("lax"), estate(COUNT), old=request.param == "old") as made:
        yield made


@pytest.fixture(scope="module")
def esxi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lax]:
    with lax(tmp_path_factory.mktemp("esxi"), esxi=True) as made:
        yield made


def source(server: Lax) -> VSphere:
    made = VSphere("vc", server.url, {"password": PASSWORD.encode()}, Login(user=USER, ca=str(server.ca)))
    OPEN.extend([made.session, made.copier])
    return made


def gaps(found: list[Change]) -> dict[str, Gap]:
    return {one.name: one for one in found if isinstance(one, Gap)}


def test_what_is_not_served_is_a_gap_and_the_rest_is_read(server: Lax) -> None:
    found, _ = read(source(server))
    assert set(gaps(found)) == {"tags", "policies"}
    assert all("404" in one.text and one.hint for one in gaps(found).values())
    told = {one.id: one for one in found if isinstance(one, VM)}
    assert len(told) == COUNT
    assert {VM, Datastore, Network, Host, Cluster, Place} <= {type(one) for one in found}


def test_each_vm_is_as_the_estate_has_it(server: Lax) -> None:
    told = {one.id: one for one in read(source(server))[0] if isinstance(one, VM)}
    for shape in map(Shape, range(COUNT)):
        vm = told[shape.id]
        assert (vm.cpus, vm.memory_bytes >> 20, vm.template) == (shape.cpus, shape.memory_mib, shape.template)
        assert [disk.size_bytes for disk in vm.disks] == [shape.disk_bytes(disk) for disk in range(shape.disks)]
        assert [nic.mac for nic in vm.nics] == [shape.mac(card) for card in range(shape.cards)]
        assert (vm.power == "on", vm.tpm, len(vm.snapshots)) == (shape.on, shape.tpm, shape.snapshots)
        assert vm.guest.address == (shape.address(0) if shape.on else "")
        assert all(nic.network and "dvportgroup" not in nic.network for nic in vm.nics)
        assert any(disk.raw == "physical" for disk in vm.disks) is shape.rdm


def test_odd_names_are_right_there_too(server: Lax) -> None:
    names = [one.name for one in read(source(server))[0] if isinstance(one, VM)]
    assert {name for name in ODD_NAMES if "%" not in name} <= set(names)
    assert names.count("twin") == 2


def test_nothing_is_told_again_while_nothing_changed(server: Lax) -> None:
    _, since = read(source(server))
    again, _ = read(source(server), since)
    assert not [one for one in again if isinstance(one, VM)]


def test_an_esxi_alone_has_vms_and_no_clusters(esxi: Lax) -> None:
    found, _ = read(source(esxi))
    told = vms(found)
    assert len(told) == 2
    assert {one.host for one in told.values()} == {one.name for one in found if isinstance(one, Host)}
    assert all(one.disks and one.nics and one.cluster == "" for one in told.values())
    assert not [one for one in found if isinstance(one, Cluster | Policy)]
    assert set(gaps(found)) == {"events"}, "clusters, tags and policies it does not have, so they are not missing"


def test_a_check_of_an_esxi_says_what_it_is(esxi: Lax) -> None:
    one = source(esxi)
    told = {found.name: found for found in check("esx", one.session, one.copier, one.login)}
    assert told["login"].ok
    assert "ESXi alone" in told["kind"].text
