"""The least roles, made of the table of what is read: nothing is granted that no request of ours needs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mtv.errors import Refused
from mtv.providers.kubevirt.reading.wanted import CONSTRAINTS, NAMESPACES, READ, Wanted

SCC = (CONSTRAINTS,)


@dataclass(frozen=True)
class Rule:
    group: str
    resource: str
    verb: str
    why: str
    of: Wanted

    @property
    def line(self) -> str:
        """As it is added to a ClusterRole."""
        return f'- {{apiGroups: ["{self.group}"], resources: ["{self.resource}"], verbs: ["{self.verb}"]}}'


READING = (
    *(Rule(one.group, one.plural, "list", one.part, one) for one in (*READ, *SCC)),
    Rule("", "namespaces", "get", "the namespace that VMs go to", NAMESPACES),
)
ROLES = {"read": READING}


def role(name: str) -> str:
    """YAML of the role and of its binding. Raises Refused `kubevirt.role`."""
    if name not in ROLES:
        raise Refused("kubevirt.role", f"there is no role '{name}': there are {', '.join(ROLES)}")
    return "\n".join(_yaml(f"mtv-{name}", ROLES[name]))


def _yaml(name: str, rules: Sequence[Rule]) -> Iterator[str]:
    yield "# reads the inventory and checks the target; changes nothing"
    yield from (
        "apiVersion: rbac.authorization.k8s.io/v1",
        "kind: ClusterRole",
        "metadata:",
        f"  name: {name}",
        "rules:",
    )
    for (group, verb), resources in _grouped(rules).items():
        yield f'  - apiGroups: ["{group}"]'
        yield f"    resources: [{', '.join(resources)}]"
        yield f"    verbs: [{verb}]"
    yield from (
        "---", "apiVersion: rbac.authorization.k8s.io/v1", "kind: ClusterRoleBinding", "metadata:", f"  name: {name}",
        "roleRef:", "  apiGroup: rbac.authorization.k8s.io", "  kind: ClusterRole", f"  name: {name}", "subjects:",
        "  - kind: ServiceAccount # or User, Group: who your kubeconfig logs in as",
        "    name: mtv", "    namespace: mtv", "",
    )  # fmt: skip


def _grouped(rules: Sequence[Rule]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for rule in rules:
        found[rule.group, rule.verb].append(rule.resource)
    return found
