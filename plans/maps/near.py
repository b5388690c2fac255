"""What stands around a VM at its source: of all that is stored of hosts, clusters and rules, what shapes this one."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from mtv.model.estate import VM, Entity
from mtv.model.infrastructure import Cluster, Host, Rule
from mtv.model.plans import Bond, Near

Surroundings = Callable[[VM], Near]


def alone(vm: VM) -> Near:
    """Of a source that knows no hosts."""
    return Near()


def surroundings(around: Iterable[Entity]) -> Surroundings:
    hosts: dict[tuple[str, str], Host] = {}
    clusters: dict[tuple[str, str], Cluster] = {}
    bonds: dict[str, list[Bond]] = defaultdict(list)
    for one in around:
        if isinstance(one, Host):
            hosts[one.datacenter, one.name] = one
        elif isinstance(one, Cluster):
            clusters[one.datacenter, one.name] = one
        elif isinstance(one, Rule) and one.enabled:
            bond = Bond(name=one.name, kind=one.kind, cluster=one.cluster, mandatory=one.mandatory, vms=len(one.vms))
            for vm in one.vms:
                bonds[vm].append(bond)

    def near(vm: VM) -> Near:
        host, cluster = hosts.get((vm.datacenter, vm.host)), clusters.get((vm.datacenter, vm.cluster))
        return Near(
            core_mhz=_core_mhz(host),
            restarts=cluster.restarts if cluster else None,
            balances=cluster.balances if cluster else None,
            evc=cluster.evc if cluster else "",
            bonds=tuple(bonds.get(vm.id, ())),
        )

    return near


def _core_mhz(host: Host | None) -> int | None:
    return host.cpu_mhz // host.cores if host and host.cpu_mhz and host.cores else None
