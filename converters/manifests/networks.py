"""The documents that make a source's network at the target: a bridge or OVN's localnet with its VLAN, or a network of
the namespace's own. The shapes are those of KubeVirt's, OVN-Kubernetes' and nmstate's own documentation."""

import json
import re
from collections.abc import Mapping

from mtv.model.estate import Json
from mtv.model.plans import Making

VLANS = (1, 4094)
_RANGE = re.compile(r"(\d{1,4})-(\d{1,4})")
OURS: Mapping[str, Json] = {"app.kubernetes.io/managed-by": "mtv"}


def network_documents(made: Making, namespace: str) -> list[dict[str, Json]]:
    """What the nodes need first, where a port of theirs is named. `namespace` is that of the VMs."""
    nodes = [_policy(made)] if made.port else []
    if made.kind == "cudn":
        return [*nodes, _cluster_network(made, namespace)]
    if made.kind == "udn":
        return [_primary(made, namespace)]
    return [*nodes, _attachment(made, namespace)]


def loss(made: Making) -> str:
    """Why that network cannot be made in that way; "" if it can."""
    vlan = made.vlan
    if made.kind == "udn":
        return "" if made.subnets else "a network of the namespace's own needs `subnets`"
    if vlan.startswith("private"):
        return f"its VLAN is {vlan}: who may talk to whom there is known to the switch alone"
    if not vlan.isdecimal() and not all(map(_RANGE.fullmatch, vlan.split(","))) and vlan:
        return f"its VLAN differs from host to host ({vlan})"
    if trunk(vlan) and made.kind != "bridge":
        return f"it carries VLANs {vlan}, and OVN's networks carry one"
    return ""


def trunk(vlan: str) -> list[tuple[int, int]]:
    """Ranges of VLANs that a guest tags itself."""
    found = [(int(one[1]), int(one[2])) for one in map(_RANGE.fullmatch, vlan.split(",")) if one]
    return [(max(first, VLANS[0]), min(last, VLANS[1])) for first, last in found if first <= last and last]


def _tag(vlan: str) -> int | None:
    return int(vlan) if vlan.isdecimal() and VLANS[0] <= int(vlan) <= VLANS[1] else None


def _place(made: Making, namespace: str) -> tuple[str, str]:
    """Namespace and name of the attachment that the plan names."""
    where, _, name = made.to.partition(":")[2].rpartition("/")
    return where or namespace, name


def _attachment(made: Making, namespace: str) -> dict[str, Json]:
    where, name = _place(made, namespace)
    bridge = made.kind == "bridge"
    config = _bridge(made, name) if bridge else _localnet(made, f"{where}/{name}")
    metadata: dict[str, Json] = {"labels": dict(OURS), "name": name, "namespace": where}
    if bridge:  # else a Pod lands where the bridge is not
        metadata["annotations"] = {"k8s.v1.cni.cncf.io/resourceName": f"bridge.network.kubevirt.io/{made.name}"}
    return {
        "apiVersion": "k8s.cni.cncf.io/v1",
        "kind": "NetworkAttachmentDefinition",
        "metadata": metadata,
        "spec": {"config": json.dumps(config, sort_keys=True)},
    }


def _bridge(made: Making, name: str) -> dict[str, Json]:
    found: dict[str, Json] = {
        "bridge": made.name, "cniVersion": "0.3.1", "disableContainerInterface": True, "ipam": {}, "macspoofchk": True,
        "name": name, "preserveDefaultVlan": False, "type": "bridge",
    }  # fmt: skip
    if tag := _tag(made.vlan):
        found["vlan"] = tag
    if ranges := trunk(made.vlan):
        found["vlanTrunk"] = [{"maxID": last, "minID": first} for first, last in ranges]
    if made.mtu:
        found["mtu"] = made.mtu
    return found


def _localnet(made: Making, attachment: str) -> dict[str, Json]:
    """Without subnets: the guest keeps its addresses."""
    found: dict[str, Json] = {
        "cniVersion": "0.4.0", "name": attachment.replace("/", "-"), "netAttachDefName": attachment,
        "physicalNetworkName": made.name, "topology": "localnet", "type": "ovn-k8s-cni-overlay",
    }  # fmt: skip
    if tag := _tag(made.vlan):
        found["vlanID"] = tag
    if made.mtu:
        found["mtu"] = made.mtu
    return found


def _cluster_network(made: Making, namespace: str) -> dict[str, Json]:
    """OVN makes the attachment itself, in each namespace that is chosen."""
    where, name = _place(made, namespace)
    localnet: dict[str, Json] = {
        "ipam": {"mode": "Disabled"}, "physicalNetworkName": made.name, "role": "Secondary",
    }  # fmt: skip
    if tag := _tag(made.vlan):
        localnet["vlan"] = {"access": {"id": tag}, "mode": "Access"}
    if made.mtu:
        localnet["mtu"] = made.mtu
    return {
        "apiVersion": "k8s.ovn.org/v1",
        "kind": "ClusterUserDefinedNetwork",
        "metadata": {"labels": dict(OURS), "name": name},
        "spec": {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": where}},
            "network": {"localnet": localnet, "topology": "Localnet"},
        },
    }


def _primary(made: Making, namespace: str) -> dict[str, Json]:
    layer: dict[str, Json] = {
        "ipam": {"lifecycle": "Persistent"}, "role": "Primary", "subnets": list[Json](made.subnets),
    }  # fmt: skip
    return {
        "apiVersion": "k8s.ovn.org/v1",
        "kind": "UserDefinedNetwork",
        "metadata": {"labels": dict(OURS), "name": made.name, "namespace": namespace},
        "spec": {"layer2": layer, "topology": "Layer2"},
    }


def _policy(made: Making) -> dict[str, Json]:
    """On the nodes: the bridge on a port that nothing else uses, a trunk for all that stands on it."""
    linux = made.kind == "bridge"
    name = made.name if linux else f"ovs-{made.name}"[:15]
    off: Json = {"enabled": False}
    bridge: dict[str, Json] = (
        {"options": {"stp": off}, "port": [{"name": made.port, "vlan": _all_tags()}]}
        if linux
        else {"allow-extra-patch-ports": True, "options": {"stp": off}, "port": [{"name": made.port}]}
    )
    interface: dict[str, Json] = {
        "bridge": bridge, "name": name, "state": "up", "type": "linux-bridge" if linux else "ovs-bridge",
    }  # fmt: skip
    if linux:
        interface |= {"ipv4": off, "ipv6": off} | ({"mtu": made.mtu} if made.mtu else {})
    desired: dict[str, Json] = {"interfaces": [interface]}
    if not linux:
        desired["ovn"] = {"bridge-mappings": [{"bridge": name, "localnet": made.name, "state": "present"}]}
    return {
        "apiVersion": "nmstate.io/v1",
        "kind": "NodeNetworkConfigurationPolicy",
        "metadata": {"labels": dict(OURS), "name": made.name},
        "spec": {
            "desiredState": desired,
            "maxUnavailable": "10%",
            "nodeSelector": {"node-role.kubernetes.io/worker": ""},
        },
    }


def _all_tags() -> Json:
    return {"mode": "trunk", "trunk-tags": [{"id-range": {"max": 4094, "min": 2}}]}
