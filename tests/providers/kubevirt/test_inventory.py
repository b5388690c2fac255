"""The inventory of a real API server with KubeVirt's definitions: what is there, and what an account may not see."""

from pathlib import Path

import pytest

from mtv.model.estate import VM, Datastore, Network
from mtv.model.infrastructure import Cluster, Gap, Host, Place
from mtv.providers.kubevirt.rights.roles import READING
from tests.kube.cluster import Namespace
from tests.providers.kubevirt.telling import claim, facility, inventory, machine, of, rules

VMS = "kubevirt.io/v1/virtualmachines"


@pytest.fixture
def filled(kube: Namespace) -> Namespace:
    """A VM with a claim in the test's namespace."""
    kube.api.create("persistentvolumeclaims", kube.name, claim("db01-root"))
    kube.api.create(VMS, kube.name, machine("db01"))
    return kube


def test_everything_that_an_account_with_the_role_may_see(filled: Namespace) -> None:
    found = inventory(filled.account("mtv", cluster_rules=rules()))
    (vm,) = [one for one in of(found, VM) if one.pool == filled.name]
    assert (vm.name, vm.cpus, vm.memory_bytes, vm.firmware, vm.tpm, vm.secure_boot, vm.power) == (
        "db01", 4, 2 << 30, "efi", True, False, "off",
    )  # fmt: skip
    assert [(disk.key, disk.size_bytes, disk.datastore, disk.controller) for disk in vm.disks] == [
        ("root", 10 << 30, "gold", "virtio-scsi")
    ]
    assert [(nic.network, nic.mac, nic.model) for nic in vm.nics] == [
        (f"{filled.name}/vlan-120", "02:00:00:aa:bb:cc", "virtio"), ("pod", "", "e1000e"),
    ]  # fmt: skip
    assert [(one.kind, one.key, one.label) for one in vm.devices] == [("other", "init", "cloudInitNoCloud")]
    (host,) = of(found, Host)
    assert (host.name, host.version, host.state) == ("localhost", "v1.34.4", "connected")
    assert of(found, Cluster)[0].hosts == ("localhost",)
    (place,) = [one for one in of(found, Place) if one.name == filled.name]
    assert (place.details["enforce"], place.details["phase"]) == ("restricted", "Active")
    assert "pod" in [one.name for one in of(found, Network)]
    assert facility(found, "version", "Kubernetes").facts["version"] == "v1.34.4"
    told = next(one for one in of(found, Datastore))
    assert facility(found, "storage-class", told.name).facts["provisioner"] == told.kind
    assert [gap.name for gap in of(found, Gap)] == []


@pytest.mark.parametrize("left_out", ["persistentvolumeclaims", "virtualmachines", "nodes", "storageprofiles"])
def test_a_right_that_is_missing_is_a_gap_and_the_rest_goes_on(filled: Namespace, left_out: str) -> None:
    some = [rule for rule in rules() if rule["resources"] != [left_out]]
    found = inventory(filled.account("mtv", cluster_rules=some))
    (gap,) = of(found, Gap)
    (part,) = {one.of.part for one in READING if one.resource == left_out}
    assert (gap.name, "forbidden" in gap.text or "cannot list" in gap.text) == (part, True)
    assert "mtv describe role" in gap.hint
    assert bool([one for one in of(found, VM) if one.name == "db01"]) is (left_out != "virtualmachines")


def test_who_may_see_one_namespace_sees_that_one(filled: Namespace) -> None:
    """Asked for all, the server refuses; then those of the kubeconfig's own namespace are read."""
    rule = {"apiGroups": ["kubevirt.io"], "resources": ["virtualmachines"], "verbs": ["list"]}
    found = inventory(filled.account("mtv", [rule]))
    assert [one.name for one in of(found, VM)] == ["db01"]
    (gap,) = [one for one in of(found, Gap) if one.name == "VMs"]
    assert gap.text == f"VMs: only those of namespace '{filled.name}' may be read"


def test_a_refresh_puts_it_into_the_store(filled: Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from mtv.cli import cli

    monkeypatch.setenv("MTV_DATA", str(tmp_path / "data"))

    def mtv(*words: str) -> str:
        done = CliRunner().invoke(cli, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    mtv("add", "provider", "lab", "--kind", "kubevirt", str(filled.cluster.kubeconfig))
    assert "VM" in mtv("refresh", "lab")
    mine = f"pool = '{filled.name}'"
    assert mtv("get", "vms", "--where", mine, "--columns", "name,memory_bytes", "-o", "csv") == (
        "name,memory_bytes\ndb01,2147483648\n"
    )
    where = f"kind = 'claim' AND namespace = '{filled.name}' AND facts->>'class' = 'gold'"
    assert "db01-root" in mtv("get", "facilities", "--where", where)
    assert "localhost" in mtv("get", "hosts", "--where", "source = 'lab'")
    assert mtv("get", "datastores", "--where", "source = 'lab'", "-o", "json") != "[]\n"
