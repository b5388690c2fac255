"""What stands around a VM at its source."""

from mtv.model.estate import VM
from mtv.model.infrastructure import Cluster, Host, Rule
from mtv.model.plans import Bond, Near
from mtv.plans.maps.near import alone, surroundings

WEB = VM(source="s", id="vm-1", name="web", datacenter="DC", host="esx1", cluster="CL-7")
HOST = Host(source="s", id="host-1", name="esx1", datacenter="DC", cores=16, cpu_mhz=16 * 2600)
CLUSTER = Cluster(source="s", id="c-1", name="CL-7", datacenter="DC", balances="manual", restarts=True, evc="intel-x")


def rule(name: str, *vms: str, enabled: bool = True) -> Rule:
    return Rule(source="s", id=name, name=name, cluster="CL-7", kind="apart", enabled=enabled, mandatory=True, vms=vms)


def test_its_host_its_cluster_and_the_rules_that_name_it() -> None:
    rules = [rule("a", "vm-1", "vm-2"), rule("b", "vm-2"), rule("off", "vm-1", enabled=False)]
    near = surroundings([HOST, CLUSTER, *rules])
    bond = Bond(name="a", kind="apart", cluster="CL-7", mandatory=True, vms=2)
    assert near(WEB) == Near(core_mhz=2600, restarts=True, balances="manual", evc="intel-x", bonds=(bond,))


def test_one_of_another_datacenter_is_another() -> None:
    other = VM(source="s", id="vm-9", name="x", datacenter="DC2", host="esx1", cluster="CL-7")
    assert surroundings([HOST, CLUSTER])(other) == Near()


def test_what_nobody_tells_is_not_made_up() -> None:
    silent = Host(source="s", id="h", name="esx1", datacenter="DC", cpu_mhz=1000)
    assert surroundings([silent])(WEB) == Near() == alone(WEB)
