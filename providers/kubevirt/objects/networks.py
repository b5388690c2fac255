"""Networks that VMs of a cluster can have: the pod network, attachments by Multus, user-defined networks of OVN."""

import json
from collections.abc import Iterator, Mapping

from mtv.model.estate import Entity, Network
from mtv.model.values import Json
from mtv.providers.kubevirt.fields import Object, flag, mapping, pairs, rows, text, value, whole, words
from mtv.providers.kubevirt.objects.around import Around, key

RESOURCE = "k8s.v1.cni.cncf.io/resourceName"
POD = "pod"


def pod_network(around: Around) -> Network:
    return Network(source=around.source, id=POD, name=POD, kind="pod")


def read_attachment(of: Object, around: Around) -> Iterator[Entity]:
    """Its configuration is a text of its own: one plugin, or a chain whose first counts."""
    plugin = _plugin(text(of, "spec", "config"))
    vlan = whole(plugin, "vlan") or whole(plugin, "vlanID")
    kind, topology = text(plugin, "type"), text(plugin, "topology")
    yield Network(
        source=around.source, id=f"nad:{key(of)}", name=key(of), kind=f"{kind}/{topology}" if topology else kind,
        vlan=str(vlan or _trunk(plugin)), switch=text(plugin, "bridge") or text(plugin, "physicalNetworkName"),
    )  # fmt: skip
    facts: dict[str, Json] = {
        "type": kind, "resource": pairs(of, "metadata", "annotations").get(RESOURCE, ""), "readable": bool(plugin),
        "mac_check": flag(plugin, "macspoofchk"), "mtu": whole(plugin, "mtu"), "subnets": text(plugin, "subnets"),
        "gives_addresses": bool(mapping(plugin, "ipam") or text(plugin, "subnets")),
        "ports_apart": flag(plugin, "portIsolation"), "physical": text(plugin, "physicalNetworkName"),
    }  # fmt: skip
    yield around.facility("network-attachment", of, facts)


def _plugin(config: str) -> Object:
    try:
        told = json.loads(config) if config else {}
    except (ValueError, RecursionError):
        return {}
    return next(iter(rows(told, "plugins")), {}) if value(told, "plugins") else mapping({"it": told}, "it")


def _trunk(plugin: Object) -> str:
    """The tags of a bridge's trunk: 2-4094,7."""
    found = []
    for one in rows(plugin, "vlanTrunk"):
        first, last, id_ = whole(one, "minID"), whole(one, "maxID"), whole(one, "id")
        found.append(f"{first}-{last}" if first is not None else str(id_))
    return ",".join(found)


def read_user_network(of: Object, around: Around) -> Iterator[Entity]:
    """A UserDefinedNetwork is its namespace's; the attachment that OVN makes for it is read by itself."""
    yield around.facility("user-network", of, _facts(mapping(of, "spec")) | {"ready": _is_ready(of)})


def read_cluster_network(of: Object, around: Around) -> Iterator[Entity]:
    facts = _facts(mapping(of, "spec", "network"))
    selector = mapping(of, "spec", "namespaceSelector")
    labels: dict[str, Json] = {**pairs(selector, "matchLabels")}
    yield around.facility("cluster-network", of, {**facts, "namespaces": labels, "ready": _is_ready(of)})


def _facts(spec: Object) -> dict[str, Json]:
    topology = text(spec, "topology")
    body: Mapping[str, object] = mapping(spec, topology.lower())
    return {
        "topology": topology, "role": text(body, "role"), "vlan": whole(body, "vlan", "access", "id"),
        "physical": text(body, "physicalNetworkName"), "mtu": whole(body, "mtu"),
        "subnets": list(words(body, "subnets")), "addresses": text(body, "ipam", "mode"),
        "keeps_addresses": text(body, "ipam", "lifecycle") == "Persistent",
    }  # fmt: skip


def _is_ready(of: Object) -> bool:
    return any(text(one, "type") in ("NetworkReady", "NetworkCreated") and text(one, "status") == "True"
               for one in rows(of, "status", "conditions"))  # fmt: skip
