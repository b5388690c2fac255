"""Where things hang: folders, datacenters, compute resources and pools, their paths and names."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from mtv.errors import Temporary
from mtv.model.infrastructure import Place
from mtv.providers.vsphere.objects.elements import fields, reference, text, unescaped
from mtv.providers.vsphere.reading import collector
from mtv.providers.vsphere.reading.collector import Found
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import Ref, SoapFault

KINDS = {"Folder": "folder", "StoragePod": "folder", "Datacenter": "datacenter", "ResourcePool": "pool",
         "VirtualApp": "vapp"}  # fmt: skip
ANYWHERE = ("Folder", "Datacenter", "ComputeResource", "ResourcePool", "HostSystem", "Datastore", "Network")
OF_VCENTERS = ("StoragePod", "DistributedVirtualSwitch")
DEPTH = 64


@dataclass(frozen=True)
class Node:
    ref: Ref
    name: str  # as the server writes it: %2f for a slash
    parent: str


@dataclass
class Tree:
    """Nodes by id. A node whose parent we may not see begins its path itself."""

    nodes: dict[str, Node] = field(default_factory=dict)

    def add(self, found: Found) -> Node:
        node = Node(found.ref, text(found.props, "name"), reference(found.props.get("parent")) or "")
        self.nodes[found.ref] = node
        return node

    def above(self, of: str) -> Iterator[Node]:
        """The node itself, then what it hangs in, up to the root; the root folder has no parent and is left out."""
        for _ in range(DEPTH):
            node = self.nodes.get(of)
            if node is None or not node.parent and node.ref.kind == "Folder":
                return
            yield node
            of = node.parent

    def path(self, of: str) -> str:
        return "".join(f"/{node.name}" for node in reversed(list(self.above(of))))

    def nearest(self, of: str, *kinds: str) -> str:
        """Name of the nearest one of those kinds."""
        return next((unescaped(node.name) for node in self.above(of) if node.ref.kind in kinds), "")

    def datacenter(self, of: str) -> str:
        return self.nearest(of, "Datacenter")

    def places(self, source: str) -> Iterator[Place]:
        for node in self.nodes.values():
            if kind := KINDS.get(node.ref.kind):
                if not node.parent and kind == "folder":
                    continue
                yield Place(source=source, id=node.ref, name=unescaped(node.name), kind=kind,
                            path=self.path(node.ref), parent=node.parent)  # fmt: skip


class View:
    """What VMs stand on, of all kinds, in one view: to make one a server goes through all that it has, VMs too."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._of: Ref | None = None

    def each(self, kind: str, paths: Sequence[str]) -> Iterator[Found]:
        """All objects of that kind, the kinds below it included. A path that this server does not know is left out."""
        left, seen, again = list(paths), set[str](), True
        while True:
            try:
                for one in collector.retrieve(self.session, collector.of_view({kind: left}, self._view())):
                    if one.ref not in seen:
                        seen.add(one.ref)
                        yield one
                return
            except SoapFault as error:
                if again and error.name == "ManagedObjectNotFound":  # it went with a session that was lost
                    self._of, again = None, False
                else:
                    left = without(left, error)

    def drop(self) -> None:
        if self._of is not None:
            with suppress(Temporary):  # a server that is gone keeps nothing
                collector.drop(self.session, self._of)

    def _view(self) -> Ref:
        if self._of is None:
            more = OF_VCENTERS if self.session.about.is_vcenter else ()
            self._of = collector.view(self.session, *ANYWHERE, *more)
        return self._of


def without(paths: list[str], error: SoapFault) -> list[str]:
    """Those that are left when the server refused one. Raises the fault where it is about something else."""
    bad = error.detail.get("name", "")
    if error.name != "InvalidProperty" or bad not in paths:
        raise error
    return [path for path in paths if path != bad]


def attributes(session: Session) -> dict[str, str]:
    """Names of custom attributes by key; a host alone has none."""
    if "customFieldsManager" not in session.about.managers:
        return {}
    found = collector.one(session, session.manager("customFieldsManager"), ("field",)).get("field")
    told = [fields(one) for one in (() if found is None else found)]
    return {text(one, "key"): text(one, "name") for one in told}
