"""What people and rules wrote about a VM, as labels: clean enough for Kubernetes, the whole text beside them."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mtv.converters.manifests.names import LONGEST, hashed
from mtv.converters.manifests.shape import Shape
from mtv.model.estate import Json
from mtv.model.plans import Bond

MOST = 100  # labels of a VM that come from its source
TEXT_LONGEST = 1000
RULES = "rules.mtv"
_MEMBERS = ("together", "apart")


@dataclass(frozen=True, kw_only=True)
class Label:
    """One tag or attribute. `changed` where the label is not the text itself; `twin` where two had one name."""

    origin: str  # tag app
    key: str
    value: str
    text: str
    changed: bool = False
    twin: bool = False


def own(shape: Shape) -> dict[str, Json]:
    """By these all that belongs to a VM is found, in a backup's selector too."""
    return {"app.kubernetes.io/managed-by": "mtv", "app.kubernetes.io/name": shape.name}


def of_machine(shape: Shape) -> dict[str, Json]:
    """Of the VirtualMachine."""
    told: dict[str, Json] = {one.key: one.value for one in told_labels(shape)[:MOST]}
    return told | dict(shape.wanted.add_labels) | own(shape)


def of_template(shape: Shape) -> dict[str, Json]:
    """Of its Pods: rules and policies of networks find them by these."""
    rules: dict[str, Json] = {rule_key(one): rule_value(one) for one in shape.near.bonds if one.kind in _MEMBERS}
    return of_machine(shape) | rules


def texts(shape: Shape) -> dict[str, Json]:
    """Annotations: what a label could not hold whole, and the notes, where OpenShift's console shows them."""
    found: dict[str, Json] = {
        one.key: f"{one.origin.partition(' ')[2]}: {one.text}"[:TEXT_LONGEST]
        for one in told_labels(shape)[:MOST]
        if one.changed or one.twin
    }
    if shape.vm.notes:
        found["description"] = shape.vm.notes[:TEXT_LONGEST]
    return found


def told_labels(shape: Shape) -> list[Label]:
    """In order; two whose names would become equal both get digits of their own name's hash."""
    if shape.wanted.labels == "none":
        return []
    sources: list[tuple[str, Mapping[str, str]]] = [("tag", shape.vm.tags)]
    if shape.wanted.labels == "all":
        sources.append(("attribute", shape.vm.attributes))
    return [label for what, told in sources for label in _labels(what, told)]


def _labels(what: str, told: Mapping[str, str]) -> Iterator[Label]:
    names = {name: clean(name) or hashed("", name) for name in sorted(told)}
    times = Counter(names.values())
    for name, key in names.items():
        twin = times[key] > 1
        last = hashed(key, name) if twin else key
        value = clean(told[name])
        yield Label(
            origin=f"{what} {name}", key=f"{what}s.mtv/{last}", value=value, text=told[name],
            changed=key != name or value != told[name], twin=twin,
        )  # fmt: skip


def clean(text: str) -> str:
    """As a label's name or value may be: letters, digits and -_. within, 63 at most; "" if nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    left = re.sub(r"[^A-Za-z0-9_.]+", "-", plain)
    return left.strip("-_.")[:LONGEST].strip("-_.")


def rule_key(bond: Bond) -> str:
    return f"{RULES}/{clean(bond.name) if clean(bond.name) == bond.name else hashed(clean(bond.name), bond.name)}"


def rule_value(bond: Bond) -> str:
    """Two clusters may have a rule of one name."""
    return clean(bond.cluster) or "cluster"
