"""Everything that a cluster has for VMs, page by page. What fails is a gap, and the rest goes on."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from mtv.errors import MtvError
from mtv.model.estate import Change, Entity, Removal, Revision, kind_of
from mtv.model.infrastructure import Cluster, Gap
from mtv.providers.kubevirt.fields import Object, text
from mtv.providers.kubevirt.objects import configuration, machines, networks, nodes, storage
from mtv.providers.kubevirt.objects.around import Around
from mtv.providers.kubevirt.reading import wanted
from mtv.providers.kubevirt.reading.discovery import Served, discover
from mtv.providers.kubevirt.reading.wanted import READ, Wanted
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api
from mtv.providers.kubevirt.wire.pages import AHEAD, Pages, begun, in_turn, pages

Reader = Callable[[Object, Around], Iterable[Entity]]
READERS: Mapping[Wanted, Reader] = {
    wanted.CSI_NODES: nodes.read_limits, wanted.NODES: nodes.read_node, wanted.NODE_NETWORKS: nodes.read_network,
    wanted.NODE_POLICIES: nodes.read_policy, wanted.NAMESPACES: nodes.read_namespace,
    wanted.QUOTAS: configuration.read_quota, wanted.LIMITS: configuration.read_limits,
    wanted.PROFILES: storage.read_profile, wanted.CLASSES: storage.read_class, wanted.DRIVERS: storage.read_driver,
    wanted.SNAPSHOT_CLASSES: storage.read_snapshot_class, wanted.CLAIMS: storage.read_claim,
    wanted.ATTACHMENTS: networks.read_attachment, wanted.USER_NETWORKS: networks.read_user_network,
    wanted.CLUSTER_NETWORKS: networks.read_cluster_network, wanted.KUBEVIRT: configuration.read_kubevirt,
    wanted.CDI: configuration.read_cdi, wanted.CDI_CONFIG: configuration.read_cdi_config,
    wanted.HCO: configuration.read_hco, wanted.MAC_POOL: configuration.read_mac_pool,
    wanted.OPENSHIFT: configuration.read_openshift, wanted.CLUSTER_SIZES: machines.read_size,
    wanted.SIZES: machines.read_size, wanted.CLUSTER_PREFERENCES: machines.read_preference,
    wanted.PREFERENCES: machines.read_preference, wanted.INSTANCES: machines.read_instance,
    wanted.MACHINES: machines.read_machine,
}  # fmt: skip


class Inventory:
    """Of one cluster, once."""

    def __init__(self, api: Api, source: str) -> None:
        self._api = api
        self._around = Around(source, api.access.cluster or api.access.where, api.access.namespace)

    def pages(self, parts: Sequence[Wanted] = READ) -> Iterator[list[Change]]:
        """A Revision comes last: an empty one, for there is nothing to go on from."""
        with self._api.said("reading the inventory"):
            served = discover(self._api)
            told = text(self._api.get("/version"), "gitVersion")
        yield [configuration.version(self._around, "Kubernetes", told), networks.pod_network(self._around)]
        with ThreadPoolExecutor(AHEAD, "kubevirt-page") as ahead:

            def begin(one: Wanted) -> Pages | None:
                path = served.path(one)
                return begun(ahead, self._api, path, one.size, one.labelled) if served.version(one) else None

            for one, listed in in_turn(parts, begin):
                yield from self._part(one, served, listed)
        yield [self._cluster(), Revision("")]

    def _part(self, one: Wanted, served: Served, listed: Pages | None) -> Iterator[list[Change]]:
        if listed is None:
            if why := _unserved(one, served):
                yield [self._gap(one, *why)]
            return
        try:
            yield from self._read(one, listed)
        except Status as status:
            if status.code != 403 or not one.namespaced:
                yield [self._gap(one, status.message or str(status.code), _advice(status))]
                return
            yield from self._own(one, served)
        except MtvError as error:
            yield [self._gap(one, error.fault.text, error.fault.hint)]

    def _own(self, one: Wanted, served: Served) -> Iterator[list[Change]]:
        """Who may not list them all may perhaps list those of the namespace that is meant."""
        namespace = self._around.namespace
        try:
            yield from self._read(one, pages(self._api, served.path(one, namespace), one.size, one.labelled))
            why = f"only those of namespace '{namespace}' may be read"
            yield [self._gap(one, why, "`mtv describe role --kind kubevirt --way read` says what to grant")]
        except Status as status:
            yield [self._gap(one, status.message or str(status.code), _advice(status))]
        except MtvError as error:
            yield [self._gap(one, error.fault.text, error.fault.hint)]

    def _read(self, one: Wanted, listed: Pages) -> Iterator[list[Change]]:
        """A list that had to begin anew may have lost what it told before."""
        reader, around = READERS[one], self._around
        old: set[tuple[str, str]] = set()
        told: set[tuple[str, str]] = set()
        for page in listed:
            if page.begins:
                old, told = old | told, set()
            found: list[Change] = []
            for item in page.items:
                for entity in reader(item, around):
                    told.add((kind_of(type(entity)), entity.id))
                    found.append(entity)
            yield found
        if gone := old - told:
            yield [Removal(*key) for key in sorted(gone)]

    def _gap(self, one: Wanted, why: str, hint: str) -> Gap:
        return Gap(source=self._around.source, id=one.part, name=one.part, text=f"{one.part}: {why}", hint=hint)

    def _cluster(self) -> Cluster:
        around = self._around
        return Cluster(source=around.source, id=around.cluster, name=around.cluster, hosts=tuple(around.hosts))


def _advice(status: Status) -> str:
    if status.code == 403:
        return "`mtv describe role --kind kubevirt --way read` says what to grant"
    return "try again: mtv refresh"


def _unserved(one: Wanted, served: Served) -> tuple[str, str] | None:
    """Why, and what to do; None where nobody misses it."""
    if why := served.broken.get(one.group):
        return f"{one.group} does not answer: {why}", "is its server up? kubectl get apiservices"
    if (others := served.versions.get(one.group)) and not set(others) & set(one.versions):
        return f"served as {', '.join(others)} of {one.group}, and known is {', '.join(one.versions)}", "update mtv"
    return (f"the cluster does not serve them: {one.without}", "") if one.without else None
