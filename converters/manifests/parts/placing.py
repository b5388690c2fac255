"""Where a VM may run, what brings it back, and what may move it."""

from collections.abc import Iterator

from mtv.converters.manifests.parts.labels import rule_key, rule_value
from mtv.converters.manifests.shape import Shape
from mtv.model.estate import Json
from mtv.model.plans import Bond, Toleration

HOSTNAME = "kubernetes.io/hostname"
DESCHEDULER = "descheduler.alpha.kubernetes.io"
SOFT = 100  # of a hundred: the scheduler weighs these sums


def placing(shape: Shape) -> dict[str, Json]:
    found: dict[str, Json] = {"evictionStrategy": eviction(shape)}
    if rules := affinity(shape):
        found["affinity"] = rules
    if shape.wanted.nodes:
        found["nodeSelector"] = dict(shape.wanted.nodes)
    if shape.wanted.tolerations:
        found["tolerations"] = [_toleration(one) for one in shape.wanted.tolerations]
    if shape.wanted.priority:
        found["priorityClassName"] = shape.wanted.priority
    if shape.wanted.heartbeat == "agent":
        # Windows that installs updates is silent for long
        probe: dict[str, Json] = {"guestAgentPing": {}, "initialDelaySeconds": 300, "periodSeconds": 30}
        found["livenessProbe"] = {**probe, "failureThreshold": 20}
        found["readinessProbe"] = {**probe, "initialDelaySeconds": 30}
    return found


def migratable(shape: Shape) -> bool:
    """LiveMigrate on disks that cannot follow would block the draining of a node for ever."""
    bound = any(to.startswith(("gpu:", "host:")) for to in shape.wanted.devices.values())
    return bool(shape.disks) and all(disk.access == "ReadWriteMany" for disk in shape.disks) and not bound


def eviction(shape: Shape) -> str:
    return "LiveMigrate" if migratable(shape) else "LiveMigrateIfPossible"


def annotations(shape: Shape) -> dict[str, Json]:
    """Of the Pods: whether a descheduler may move the VM, as the source's cluster did or did not."""
    if shape.near.balances is None:
        return {}
    if shape.near.balances == "fullyAutomated" and migratable(shape):
        return {f"{DESCHEDULER}/evict": "true"}
    return {f"{DESCHEDULER}/prefer-no-eviction": "true"}


def run_strategy(shape: Shape) -> str:
    """What it is to be once it may run; it is made halted."""
    if shape.wanted.run != "auto":
        return shape.wanted.run
    if shape.vm.restart_priority == "disabled":
        return "Manual"
    return "Always" if shape.near.restarts else "RerunOnFailure"


def affinity(shape: Shape) -> dict[str, Json]:
    bonds = shape.near.bonds
    found: dict[str, Json] = {}
    if nodes := _nodes(shape):
        found["nodeAffinity"] = nodes
    for kind, name in (("together", "podAffinity"), ("apart", "podAntiAffinity")):
        if rules := _pods([one for one in bonds if one.kind == kind]):
            found[name] = rules
    return found


def _pods(bonds: list[Bond]) -> dict[str, Json]:
    must = [_term(one) for one in bonds if one.mandatory]
    should: list[Json] = [{"podAffinityTerm": _term(one), "weight": SOFT} for one in bonds if not one.mandatory]
    return _both(must, should)


def _term(bond: Bond) -> Json:
    return {"labelSelector": {"matchLabels": {rule_key(bond): rule_value(bond)}}, "topologyKey": HOSTNAME}


def _nodes(shape: Shape) -> dict[str, Json]:
    must = [_node(bond, where) for bond, where in node_rules(shape) if bond.mandatory]
    should: list[Json] = [
        {"preference": {"matchExpressions": [_node(bond, where)]}, "weight": SOFT}
        for bond, where in node_rules(shape)
        if not bond.mandatory
    ]
    required: Json = {"nodeSelectorTerms": [{"matchExpressions": must}]} if must else None
    return _both(required, should)


def _both(must: Json, should: list[Json]) -> dict[str, Json]:
    late = "DuringSchedulingIgnoredDuringExecution"
    return {f"{name}{late}": rules for name, rules in (("preferred", should), ("required", must)) if rules}


def _node(bond: Bond, where: str) -> Json:
    key, _, value = where.partition("=")
    return {"key": key, "operator": "NotIn" if bond.kind == "hosts-not" else "In", "values": [value]}


def node_rules(shape: Shape) -> Iterator[tuple[Bond, str]]:
    """Rules about hosts that the plan turns into labels of nodes."""
    for bond in shape.near.bonds:
        where = shape.wanted.rules.get(bond.name, "")
        if bond.kind.startswith("hosts") and where not in ("", "none"):
            yield bond, where


def _toleration(one: Toleration) -> Json:
    found: dict[str, Json] = {"key": one.key, "operator": "Equal" if one.value else "Exists"}
    if one.value:
        found["value"] = one.value
    if one.effect:
        found["effect"] = one.effect
    return found
