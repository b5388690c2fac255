"""The least roles, made of the tables of what is read and of what a move needs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mtv.errors import Refused
from mtv.providers.kubevirt.reading.wanted import CAPACITIES, CONSTRAINTS, NAMESPACES, READ, Wanted
from mtv.providers.kubevirt.rights.moving import NAMESPACED

BESIDE = (CONSTRAINTS, CAPACITIES)  # for the check, and before claims are made
NAMESPACE = "vms"  # in what is printed: its reader puts his own there


@dataclass(frozen=True)
class Rule:
    group: str
    resource: str
    verb: str
    why: str

    @property
    def line(self) -> str:
        """As it is added to a role."""
        return f'- {{apiGroups: ["{self.group}"], resources: ["{self.resource}"], verbs: ["{self.verb}"]}}'


@dataclass(frozen=True)
class Reads(Rule):
    of: Wanted


READING = (
    *(Reads(one.group, one.plural, "list", one.part, one) for one in (*READ, *BESIDE)),
    Reads("", "namespaces", "get", "the namespace that VMs go to", NAMESPACES),
)
MOVING = tuple(
    Rule(need.group, resource, verb, need.why)
    for need in NAMESPACED
    for resource in need.resources
    for verb in need.verbs
)


@dataclass(frozen=True)
class Role:
    """Of the whole cluster, or of a namespace."""

    kind: str
    rules: Sequence[Rule]
    said: str

    @property
    def within(self) -> list[str]:
        return [f"  namespace: {NAMESPACE}"] if self.kind == "Role" else []


ROLES = {
    "read": Role("ClusterRole", READING, "reads the inventory and checks the target; changes nothing"),
    "move": Role("Role", MOVING, f"moves VMs into namespace {NAMESPACE}, beside the role above: one for each of them"),
}


def role(name: str) -> str:
    """YAML of the role and of its binding; all of them can be put together. Raises Refused `kubevirt.role`."""
    if name not in ROLES:
        raise Refused("kubevirt.role", f"there is no role '{name}': there are {', '.join(ROLES)}")
    before = "---\n" if name == "move" else ""
    return before + "\n".join(_yaml(f"mtv-{name}", ROLES[name]))


def _yaml(name: str, one: Role) -> Iterator[str]:
    yield f"# {one.said}"
    yield from (
        "apiVersion: rbac.authorization.k8s.io/v1", f"kind: {one.kind}", "metadata:", f"  name: {name}", *one.within,
        "rules:",
    )  # fmt: skip
    for (group, resources), verbs in _grouped(one.rules).items():
        yield f'  - apiGroups: ["{group}"]'
        yield f"    resources: [{', '.join(resources)}]"
        yield f"    verbs: [{', '.join(verbs)}]"
    yield from (
        "---", "apiVersion: rbac.authorization.k8s.io/v1", f"kind: {one.kind}Binding", "metadata:", f"  name: {name}",
        *one.within, "roleRef:", "  apiGroup: rbac.authorization.k8s.io", f"  kind: {one.kind}", f"  name: {name}",
        "subjects:", "  - kind: ServiceAccount # or User, Group: who your kubeconfig logs in as", "    name: mtv",
        "    namespace: mtv", "",
    )  # fmt: skip


def _grouped(rules: Sequence[Rule]) -> dict[tuple[str, tuple[str, ...]], tuple[str, ...]]:
    """Resources of a group that are allowed the same verbs stand together."""
    verbs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for rule in rules:
        verbs[rule.group, rule.resource].append(rule.verb)
    found: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (group, resource), allowed in verbs.items():
        found[group, tuple(allowed)].append(resource)
    return {(group, tuple(resources)): allowed for (group, allowed), resources in found.items()}
