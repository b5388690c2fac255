"""Nodes: hosts, what KubeVirt found out about their CPUs, what they can attach, and their bridges."""

from collections.abc import Iterator

from mtv.model.estate import Entity
from mtv.model.infrastructure import Host, Place, Switch
from mtv.model.values import Json
from mtv.providers.kubevirt.fields import Object, flag, mapping, pairs, rows, text, whole
from mtv.providers.kubevirt.objects.around import Around
from mtv.providers.kubevirt.objects.quantities import size, thousandths

MARK = ".node.kubevirt.io/"  # labels of KubeVirt's own look at the node
KVM = "devices.kubevirt.io/kvm"


def read_limits(of: Object, around: Around) -> Iterator[Entity]:
    """A CSINode: how many volumes of each driver its node can hold."""
    around.attach_limits[text(of, "metadata", "name")] = {
        text(one, "name"): whole(one, "allocatable", "count") for one in rows(of, "spec", "drivers")
    }
    yield from ()


def read_node(of: Object, around: Around) -> Iterator[Entity]:
    name, info = text(of, "metadata", "name"), mapping(of, "status", "nodeInfo")
    labels = pairs(of, "metadata", "labels")
    capacity = mapping(of, "status", "capacity")
    around.hosts.append(name)
    yield Host(
        source=around.source, id=name, name=name, cluster=around.cluster, address=_address(of),
        version=text(info, "kubeletVersion"), build=f"{text(info, 'osImage')}, {text(info, 'kernelVersion')}",
        cpu_model=next(iter(_marked(labels, "host-model-cpu")), ""), threads=size(capacity.get("cpu")),
        memory_bytes=size(capacity.get("memory")), state="connected" if _is_ready(of) else "disconnected",
        maintenance=flag(of, "spec", "unschedulable"),
    )  # fmt: skip
    yield around.facility("node", of, _facts(of, labels) | {"attach_limits": dict(around.attach_limits.get(name, {}))})


def _facts(of: Object, labels: dict[str, str]) -> dict[str, Json]:
    allocatable = mapping(of, "status", "allocatable")
    return {
        "labels": {name: said for name, said in labels.items() if MARK not in name},
        "taints": [_taint(one) for one in rows(of, "spec", "taints")],
        "cpu_thousandths": thousandths(allocatable.get("cpu")),
        "allocatable": {name: size(said) for name, said in allocatable.items() if "/" not in name and name != "cpu"},
        "devices": {name: size(said) for name, said in allocatable.items() if "/" in name},
        "cpu_models": list(_marked(labels, "cpu-model")),
        "machine_types": list(_marked(labels, "machine-type")),
        "vendor": next(iter(_marked(labels, "cpu-vendor")), ""),
        "schedulable": labels.get("kubevirt.io/schedulable") == "true",
        "dedicated_cpus": labels.get("cpumanager") == "true",
        "tsc_hz": size(labels.get("cpu-timer.node.kubevirt.io/tsc-frequency")),
        "architecture": text(of, "status", "nodeInfo", "architecture"),
        "runtime": text(of, "status", "nodeInfo", "containerRuntimeVersion"),
    }  # fmt: skip


def _taint(one: Object) -> str:
    return f"{text(one, 'key')}={text(one, 'value')}:{text(one, 'effect')}"


def _marked(labels: dict[str, str], mark: str) -> tuple[str, ...]:
    start = mark + MARK
    return tuple(
        sorted(name[len(start) :] for name, said in labels.items() if name.startswith(start) and said == "true")
    )


def _address(of: Object) -> str:
    found = {text(one, "type"): text(one, "address") for one in rows(of, "status", "addresses")}
    return found.get("InternalIP") or found.get("Hostname", "")


def _is_ready(of: Object) -> bool:
    said = {text(one, "type"): text(one, "status") for one in rows(of, "status", "conditions")}
    return said.get("Ready") == "True"


def read_network(of: Object, around: Around) -> Iterator[Entity]:
    """A NodeNetworkState: bridges and VLANs that the node really has, and which localnets lead to them."""
    host, state = text(of, "metadata", "name"), mapping(of, "status", "currentState")
    vlans: list[Json] = []
    for one in rows(state, "interfaces"):
        kind = text(one, "type")
        if kind in ("linux-bridge", "ovs-bridge"):
            yield Switch(
                source=around.source, id=f"{host}/{text(one, 'name')}", name=text(one, "name"), kind=kind, host=host,
                mtu=whole(one, "mtu"), uplinks=tuple(text(port, "name") for port in rows(one, "bridge", "port")),
            )  # fmt: skip
        elif kind == "vlan":
            id_, base = whole(one, "vlan", "id"), text(one, "vlan", "base-iface")
            vlans.append({"name": text(one, "name"), "id": id_, "base": base})
    localnets: dict[str, Json] = {
        text(one, "localnet"): text(one, "bridge") for one in rows(state, "ovn", "bridge-mappings")
    }
    yield around.facility("node-network", of, {"vlans": vlans, "localnets": localnets})


def read_policy(of: Object, around: Around) -> Iterator[Entity]:
    """A NodeNetworkConfigurationPolicy: what nodes shall have, and whether they do."""
    wanted = mapping(of, "spec", "desiredState")
    conditions = {text(one, "type"): one for one in rows(of, "status", "conditions")}
    said = next((one for one in conditions.values() if text(one, "status") == "True"), {})
    yield around.facility("node-network-policy", of, {
        "interfaces": [f"{text(one, 'name')} {text(one, 'type')}".strip() for one in rows(wanted, "interfaces")],
        "localnets": {text(one, "localnet"): text(one, "bridge") for one in rows(wanted, "ovn", "bridge-mappings")},
        "nodes": dict(pairs(of, "spec", "nodeSelector")), "state": text(said, "type"), "why": text(said, "reason"),
    })  # fmt: skip


def read_namespace(of: Object, around: Around) -> Iterator[Entity]:
    labels, name = pairs(of, "metadata", "labels"), text(of, "metadata", "name")
    start = "pod-security.kubernetes.io/"
    details = {mark[len(start) :]: said for mark, said in labels.items() if mark.startswith(start)}
    details["phase"] = text(of, "status", "phase")
    if "k8s.ovn.org/primary-user-defined-network" in labels:
        details["primary-user-defined-network"] = "true"
    if labels.get("mutatevirtualmachines.kubemacpool.io") == "ignore":
        details["kubemacpool"] = "ignore"
    yield Place(source=around.source, id=name, name=name, kind="namespace", path=name, details=details)
