"""What VMs stand on, read once a refresh. Each part by itself: one that fails is a gap, and the rest goes on."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from mtv.errors import CheckFailed, MtvError, Temporary
from mtv.model.estate import Entity
from mtv.model.infrastructure import Gap, Rule
from mtv.providers.vsphere.objects import clusters, hosts, stores
from mtv.providers.vsphere.objects.devices import Names
from mtv.providers.vsphere.objects.elements import references, unescaped
from mtv.providers.vsphere.objects.vm import Around
from mtv.providers.vsphere.reading import events, tree
from mtv.providers.vsphere.reading.policies import Policies
from mtv.providers.vsphere.reading.policies import policies as read_policies
from mtv.providers.vsphere.reading.tags import Tags
from mtv.providers.vsphere.reading.tags import tags as read_tags
from mtv.providers.vsphere.reading.tree import Tree, View
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import SoapFault


@dataclass
class Survey:
    """`around` is for VMs, `parts` for the store, gaps included."""

    source: str
    tree: Tree = field(default_factory=Tree)
    parts: list[Entity] = field(default_factory=list)
    hosts: dict[str, str] = field(default_factory=dict)
    clusters: dict[str, str] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    priorities: dict[str, str] = field(default_factory=dict)
    datastores: dict[str, str] = field(default_factory=dict)
    networks: dict[str, str] = field(default_factory=dict)
    groups: dict[tuple[str, str], set[tuple[str, str]]] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    tags: Tags = field(default_factory=dict)
    policies: Policies = Policies((), {})

    @property
    def around(self) -> Around:
        nodes = self.tree.nodes
        return Around(
            source=self.source,
            names=Names(datastores=self.datastores, networks=self.networks),
            hosts=self.hosts,
            clusters=self.clusters,
            pools={id_: unescaped(node.name) for id_, node in nodes.items() if node.ref.kind == "ResourcePool"},
            paths={id_: self.tree.path(id_) for id_, node in nodes.items() if node.ref.kind in tree.KINDS},
            datacenters={id_: self.tree.datacenter(id_) for id_ in nodes},
            fields=self.fields,
            tags=self.tags,
            rules=clusters.rules_by_vm(self.rules),
            priorities=self.priorities,
            policies=self.policies.disks,
        )


def survey(session: Session, source: str) -> Survey:
    """Raises CheckFailed (the password, the certificate) and what the first call already raises."""
    made, view = Survey(source), View(session)
    try:
        for name, read in PARTS:
            _part(name, read, view, made)
    finally:
        view.drop()
    made.parts += made.tree.places(source)
    return made


def _part(name: str, read: Callable[[View, Survey], None], view: View, made: Survey) -> None:
    try:
        read(view, made)
    except CheckFailed as error:
        if error.fault.code != "vsphere.permission":
            raise
        _miss(made, name, error.fault.text)
    except (SoapFault, MtvError) as error:
        if isinstance(error, Temporary) and name == "folders":
            raise
        _miss(made, name, str(error))


def _miss(made: Survey, name: str, why: str) -> None:
    logging.getLogger(__name__).info("%s: %s could not be read: %s", made.source, name, why)
    hint = HINTS.get(name, f"`mtv check provider {made.source}` names what is missing")
    made.parts.append(Gap(source=made.source, id=name, name=name, text=f"{name} could not be read: {why}"[:500],
                          hint=hint))  # fmt: skip


HINTS = {
    "tags": "tags stay empty: is the service at /rest reachable, and may the account read tags?",
    "policies of disks": "which disk has which policy stays empty: this server does not tell",
    "policies": "storage policies stay empty: grant StorageProfile.View at the vCenter itself",
}


def _folders(view: View, made: Survey) -> None:
    for kind in ("Folder", "Datacenter"):
        for found in view.each(kind, ("name", "parent")):
            made.tree.add(found)


def _pools(view: View, made: Survey) -> None:
    for found in view.each("ResourcePool", ("name", "parent")):
        made.tree.add(found)


def _computers(view: View, made: Survey) -> None:
    for found in view.each("ComputeResource", ("name", "parent", "host")):
        node = made.tree.add(found)
        if node.ref.kind == "ClusterComputeResource":
            made.clusters.update({one: unescaped(node.name) for one in references(found.props.get("host"))})


def _hosts(view: View, made: Survey) -> None:
    for found in view.each("HostSystem", hosts.PATHS):
        made.tree.add(found)
        one = hosts.host(found, made.source, made.tree)
        made.hosts[one.id] = one.name
        made.parts += [one, *hosts.switches(found, one)]
        for name, vlan, switch in hosts.port_groups(found):
            made.groups.setdefault((one.datacenter, name), set()).add((vlan, switch))


def _clusters(view: View, made: Survey) -> None:
    if not view.session.about.is_vcenter:
        return
    for found in view.each("ClusterComputeResource", clusters.PATHS):
        read = clusters.cluster(found, made.source, made.tree, made.hosts)
        made.parts += [read.cluster, *read.rules]
        made.rules += read.rules
        made.priorities.update(read.priorities)


def _datastores(view: View, made: Survey) -> None:
    if view.session.about.is_vcenter:
        for found in view.each("StoragePod", ("name", "parent")):
            made.tree.add(found)
    for found in view.each("Datastore", stores.STORE_PATHS):
        made.tree.add(found)
        one = stores.datastore(found, made.source, made.tree, made.hosts)
        made.datastores[one.id] = one.name
        made.parts.append(one)


def _networks(view: View, made: Survey) -> None:
    made.parts += _switches(view, made)
    seen: set[str] = set()
    kinds: list[tuple[str, Sequence[str]]] = [("Network", stores.NETWORK_PATHS)]
    if view.session.about.is_vcenter:
        kinds = [("DistributedVirtualPortgroup", stores.GROUP_PATHS), ("OpaqueNetwork", stores.OPAQUE_PATHS), *kinds]
    for kind, paths in kinds:
        for found in view.each(kind, paths):
            if found.ref in seen:
                continue
            seen.add(found.ref)
            made.tree.add(found)
            one = stores.network(found, made.source, made.tree, made.groups)
            made.networks.update(dict.fromkeys(stores.keys(found), one.name))
            made.parts.append(one)


def _switches(view: View, made: Survey) -> Iterator[Entity]:
    if view.session.about.is_vcenter:
        for found in view.each("DistributedVirtualSwitch", stores.SWITCH_PATHS):
            made.tree.add(found)
            yield stores.switch(found, made.source, made.tree)


def _attributes(view: View, made: Survey) -> None:
    made.fields = tree.attributes(view.session)


def _tags(view: View, made: Survey) -> None:
    if view.session.about.is_vcenter:
        made.tags = read_tags(view.session)


def _policies(view: View, made: Survey) -> None:
    if view.session.about.is_vcenter:
        made.policies = read_policies(view.session, made.source)
        made.parts += made.policies.all
        if made.policies.missed:
            _miss(made, "policies of disks", made.policies.missed)


def _events(view: View, made: Survey) -> None:
    made.parts += events.events(view.session, made.source)


PARTS: tuple[tuple[str, Callable[[View, Survey], None]], ...] = (
    ("folders", _folders), ("pools", _pools), ("compute resources", _computers), ("hosts", _hosts),
    ("clusters", _clusters), ("datastores", _datastores), ("networks", _networks), ("attributes", _attributes),
    ("tags", _tags), ("policies", _policies), ("events", _events),
)  # fmt: skip
