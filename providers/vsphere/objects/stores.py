"""Datastores and networks."""

from collections.abc import Collection, Iterable, Mapping

from mtv.model.estate import Datastore, Network
from mtv.model.infrastructure import Switch
from mtv.providers.vsphere.objects.elements import all_of, fields, flag, kind, number, reference, text, texts, unescaped
from mtv.providers.vsphere.reading.collector import Found
from mtv.providers.vsphere.reading.tree import Tree
from mtv.providers.vsphere.wire.answer import Element

STORE_PATHS = ("name", "parent", "summary", "info", "host")
NETWORK_PATHS = ("name", "parent")
OPAQUE_PATHS = ("name", "parent", "summary")
GROUP_PATHS = ("name", "parent", "key", "config.defaultPortConfig", "config.distributedVirtualSwitch")
SWITCH_PATHS = ("name", "parent", "config")
Groups = Mapping[tuple[str, str], Collection[tuple[str, str]]]
"""VLAN and switch of standard port groups, by datacenter and name."""


def datastore(found: Found, source: str, tree: Tree, hosts: Mapping[str, str]) -> Datastore:
    summary = fields(found.props.get("summary"))
    capacity, free = number(summary, "capacity"), number(summary, "freeSpace")
    ahead = number(summary, "uncommitted")
    mounts = [reference(fields(one).get("key")) for one in found.props.get("host", ())]
    volume = fields(fields(found.props.get("info")).get("vmfs")) or fields(fields(found.props.get("info")).get("nas"))
    return Datastore(
        source=source,
        id=found.ref,
        name=unescaped(text(found.props, "name")),
        kind=text(summary, "type"),
        capacity_bytes=capacity,
        free_bytes=free,
        datacenter=tree.datacenter(found.ref),
        cluster=tree.nearest(tree.nodes[found.ref].parent, "StoragePod"),
        url=text(summary, "url"),
        accessible=flag(summary, "accessible") or "accessible" not in summary,
        maintenance=text(summary, "maintenanceMode").removeprefix("normal"),
        version=text(volume, "version"),
        hosts=tuple(hosts.get(one, one) for one in mounts if one),
        provisioned_bytes=None if capacity is None or free is None else capacity - free + (ahead or 0),
    )


def network(found: Found, source: str, tree: Tree, groups: Groups) -> Network:
    """A standard one is a port group of that name on each host of its datacenter, which may differ: all are told."""
    sort = {"OpaqueNetwork": "opaque", "DistributedVirtualPortgroup": "distributed"}.get(found.ref.kind, "standard")
    of = reference(found.props.get("config.distributedVirtualSwitch"))
    switch = tree.nodes.get(of) if of else None
    name, datacenter = unescaped(text(found.props, "name")), tree.datacenter(found.ref)
    alike = groups.get((datacenter, name), ()) if sort == "standard" else ()
    vlan = _vlan(fields(found.props.get("config.defaultPortConfig")).get("vlan"))
    return Network(
        source=source,
        id=found.ref,
        name=name,
        kind=sort,
        vlan=_each(vlan for vlan, _ in alike) if alike else vlan,
        datacenter=datacenter,
        switch=unescaped(switch.name) if switch else _each(switch for _, switch in alike),
    )


def _each(values: Iterable[str]) -> str:
    return ",".join(sorted({one for one in values if one}))


def switch(found: Found, source: str, tree: Tree) -> Switch:
    config = fields(found.props.get("config"))
    uplinks = config.get("uplinkPortPolicy")
    return Switch(
        source=source, id=found.ref, name=unescaped(text(found.props, "name")), kind="distributed",
        datacenter=tree.datacenter(found.ref), mtu=number(config, "maxMtu"), uplinks=texts(uplinks, "uplinkPortName"),
    )  # fmt: skip


def keys(found: Found) -> list[str]:
    """What NICs name that network by: its id, its portgroup key, its opaque id."""
    opaque = text(fields(found.props.get("summary")), "opaqueNetworkId")
    return [one for one in (str(found.ref), text(found.props, "key"), opaque) if one]


def _vlan(vlan: Element | None) -> str:
    """120; 0 where frames have no tag; 0-4094 for a trunk; private 120; "" unknown."""
    if vlan is None:
        return ""
    sort = kind(vlan)
    if sort.endswith("TrunkVlanSpec"):
        ranges = [fields(one) for one in all_of(vlan, "vlanId")]
        return ",".join(f"{text(one, 'start')}-{text(one, 'end')}" for one in ranges)
    if sort.endswith("PvlanSpec"):
        return f"private {text(fields(vlan), 'pvlanId')}"
    return text(fields(vlan), "vlanId")
