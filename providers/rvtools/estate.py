"""Hosts, clusters, pools, switches, networks and datastores out of their tabs. Each is told once, whatever book."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from mtv.model.estate import VM, Datastore, Entity, Network, kind_of
from mtv.model.infrastructure import Cluster, Host, Place, Switch
from mtv.providers.rvtools.tables import Row, Table

_ESX = re.compile(r"(?:VMware )?ESXi? ([\d.]+)(?: build-(\d+))?")
E = TypeVar("E", bound=Entity)


def things(source: str, tables: Mapping[str, Table]) -> list[Entity]:
    """All that has a tab of its own."""
    hosts = list(_once(_hosts(source, tables)))
    ids = {host.name: host.id for host in hosts}
    datacenters = {host.name: host.datacenter for host in hosts}
    return [
        *_once(_pools(source, tables)), *_once(_clusters(source, tables, hosts)), *hosts,
        *_once(_switches(source, tables, ids)), *_once(_networks(source, tables)),
        *_once(_datastores(source, tables, datacenters)),
    ]  # fmt: skip


class Named:
    """Networks and datastores that VMs name, and no tab."""

    def __init__(self, source: str, known: Iterable[Entity]) -> None:
        self._source = source
        self._known = {(type(one), one.name) for one in known}
        self._left: dict[tuple[type[Network | Datastore], str], None] = {}

    def take(self, vm: VM) -> None:
        for nic in vm.nics:
            self._name(Network, nic.network)
        for disk in vm.disks:
            self._name(Datastore, disk.datastore)

    def _name(self, kind: type[Network | Datastore], name: str) -> None:
        if name and (kind, name) not in self._known:
            self._left[kind, name] = None

    def left(self) -> list[Entity]:
        return [kind(source=self._source, id=f"{kind_of(kind)}/{name}", name=name) for kind, name in self._left]


def _rows(tables: Mapping[str, Table], tab: str) -> Iterator[Row]:
    return tables[tab].each() if tab in tables else iter(())


def _once(found: Iterable[E]) -> Iterator[E]:
    """A merged book, or a port group on each host: the first one counts."""
    seen = set()
    for one in found:
        if one.name and one.id not in seen:
            seen.add(one.id)
            yield one


def _hosts(source: str, tables: Mapping[str, Table]) -> Iterator[Host]:
    cards, adapters = (
        _of_hosts(tables, "vNIC", ("device", "mac", "speed")),
        _of_hosts(tables, "vSC_VMK", ("device", "address")),
    )
    switches = _of_hosts(tables, "vSwitch", ("name",))
    for row in _rows(tables, "vHost"):
        name, cores, speed = row.text("name"), row.whole("cores"), row.whole("speed_mhz")
        mhz, memory = cores * speed if cores and speed else None, row.whole("memory_bytes")
        esx = _ESX.match(row.text("esx"))
        yield Host(
            source=source, id=row.text("id") or f"host/{name}", name=name, cluster=row.text("cluster"),
            datacenter=row.text("datacenter"), version=esx[1] if esx else "", build=(esx[2] or "") if esx else "",
            vendor=row.text("vendor"), model=row.text("model"), cpu_model=row.text("cpu_model"),
            sockets=row.whole("sockets"), cores=cores, memory_bytes=memory, cpu_mhz=mhz,
            cpu_used_mhz=_part(mhz, row.whole("cpu_share")), memory_used_bytes=_part(memory, row.whole("memory_share")),
            maintenance=bool(row.flag("maintenance")), evc=row.text("evc"), booted_at=row.text("booted_at"),
            address=next((one.partition(" ")[2] for one in adapters.get(name, ()) if one.startswith("vmk0 ")), ""),
            nics=cards.get(name, ()), adapters=adapters.get(name, ()),
            switches=switches.get(name, ()),
        )  # fmt: skip


def _part(of: int | None, share: int | None) -> int | None:
    return None if of is None or share is None else of * share // 100


def _of_hosts(tables: Mapping[str, Table], tab: str, fields: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for row in _rows(tables, tab):
        found.setdefault(row.text("host"), []).append(" ".join(text for name in fields if (text := row.text(name))))
    return {host: tuple(told) for host, told in found.items()}


def _clusters(source: str, tables: Mapping[str, Table], hosts: Iterable[Host]) -> Iterator[Cluster]:
    for row in _rows(tables, "vCluster"):
        name = row.text("name")
        inside = [host for host in hosts if host.cluster == name]
        yield Cluster(
            source=source, id=row.text("id") or f"cluster/{name}", name=name,
            datacenter=_only(host.datacenter for host in inside),
            balances=row.text("balances") or "on" if row.flag("balanced") else "",
            restarts=bool(row.flag("restarts")), admission=bool(row.flag("admission")),
            power_saving=bool(row.flag("power_saving")), hosts=tuple(host.name for host in inside),
            cpu_mhz=row.whole("cpu_mhz"), memory_bytes=row.whole("memory_bytes"),
        )  # fmt: skip


def _only(names: Iterable[str]) -> str:
    found = set(names)
    return found.pop() if len(found) == 1 else ""


def _pools(source: str, tables: Mapping[str, Table]) -> Iterator[Place]:
    for row in _rows(tables, "vRP"):
        path = row.text("path")
        yield Place(source=source, id=row.text("id") or f"pool/{path}", name=row.text("name"), kind="pool", path=path)


def _switches(source: str, tables: Mapping[str, Table], hosts: Mapping[str, str]) -> Iterator[Switch]:
    uplinks: dict[tuple[str, str], list[str]] = {}
    for row in _rows(tables, "vNIC"):
        uplinks.setdefault((row.text("host"), row.text("switch")), []).append(row.text("device"))
    for row in _rows(tables, "vSwitch"):
        host, name = row.text("host"), row.text("name")
        yield Switch(source=source, id=f"{hosts.get(host, host)}/{name}", name=name, kind="standard", host=host,
                     datacenter=row.text("datacenter"), mtu=row.whole("mtu"),
                     uplinks=tuple(uplinks.get((host, name), ())))  # fmt: skip
    for row in _rows(tables, "dvSwitch"):
        name = row.text("name") or row.text("other_name")
        yield Switch(source=source, id=row.text("id") or f"switch/{name}", name=name, kind="distributed",
                     datacenter=row.text("datacenter"), mtu=row.whole("mtu"))  # fmt: skip


def _networks(source: str, tables: Mapping[str, Table]) -> Iterator[Network]:
    for row in _rows(tables, "dvPort"):
        name = row.text("name")
        yield Network(source=source, id=row.text("id") or f"network/{name}", name=name, kind="distributed",
                      vlan=row.text("vlan"), switch=row.text("switch"))  # fmt: skip
    for row in _rows(tables, "vPort"):
        name, datacenter = row.text("name"), row.text("datacenter")
        yield Network(source=source, id=f"network/{datacenter}/{name}", name=name, kind="standard",
                      vlan=row.text("vlan"), switch=row.text("switch"), datacenter=datacenter)  # fmt: skip


def _datastores(source: str, tables: Mapping[str, Table], datacenters: Mapping[str, str]) -> Iterator[Datastore]:
    for row in _rows(tables, "vDatastore"):
        name, hosts = row.text("name"), row.listed("hosts")
        yield Datastore(
            source=source, id=row.text("id") or f"datastore/{name}", name=name, kind=row.text("kind"),
            capacity_bytes=row.whole("capacity_bytes"), free_bytes=row.whole("free_bytes"),
            provisioned_bytes=row.whole("provisioned_bytes"), cluster=row.text("cluster"), url=row.text("url"),
            accessible=row.flag("accessible") is not False, version=row.text("version"), hosts=hosts,
            datacenter=_only(datacenters.get(host, "") for host in hosts),
        )  # fmt: skip
