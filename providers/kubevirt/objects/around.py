"""What objects are understood by: kept while an inventory is read, small and by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mtv.model.infrastructure import Facility
from mtv.model.values import Json
from mtv.providers.kubevirt.fields import Object, text


@dataclass(frozen=True)
class Claim:
    """What a disk has of its claim. Ten thousand of them are a few MiB."""

    size_bytes: int
    class_: str
    shared: bool


@dataclass(frozen=True)
class Instance:
    """What a VM has of its running instance."""

    host: str = ""
    os_name: str = ""
    hostname: str = ""
    agent: bool = False
    nics: tuple[tuple[str, str, tuple[str, ...]], ...] = ()  # name, MAC, addresses


@dataclass(frozen=True)
class Size:
    cpus: int
    memory_bytes: int


@dataclass
class Around:
    """Filled by the readers in their order."""

    source: str
    cluster: str
    namespace: str  # that we were asked about
    hosts: list[str] = field(default_factory=list)
    attach_limits: dict[str, dict[str, Json]] = field(default_factory=dict)  # by node, by driver
    profiles: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    sizes: dict[str, Size] = field(default_factory=dict)  # instancetypes, by namespace/name
    claims: dict[str, Claim] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)

    def facility(self, kind: str, of: Object, facts: Mapping[str, Json]) -> Facility:
        name, namespace = text(of, "metadata", "name"), text(of, "metadata", "namespace")
        return Facility(
            source=self.source, id="/".join(filter(None, (kind, namespace, name))), name=name, kind=kind,
            namespace=namespace, facts=facts,
        )  # fmt: skip


def key(of: Object) -> str:
    """namespace/name, as VMs name claims and instances."""
    return f"{text(of, 'metadata', 'namespace')}/{text(of, 'metadata', 'name')}"
