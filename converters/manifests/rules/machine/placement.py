"""Where an instance may run and what it is called there: names, labels, affinity, spread, tolerations, DNS, probes."""

from collections.abc import Iterator

from mtv.converters.manifests.rules import forms
from mtv.converters.manifests.rules.machine.instance import Instance
from mtv.converters.manifests.rules.rule import Book, Complaint
from mtv.converters.manifests.rules.view import View

BOOK = Book("placement", "https://kubevirt.io/user-guide/compute/node_assignment/")
HOSTNAME = BOOK.refused(
    "hostname", "a hostname is a DNS label: at most 63 of a-z, 0-9 and -", "write it in lower case, shorter"
)
SUBDOMAIN = BOOK.refused("subdomain", "a subdomain is DNS labels with dots between", "write it in lower case")
EVICTION = BOOK.refused(
    "eviction", "an evictionStrategy is LiveMigrate, LiveMigrateIfPossible, None or External", "use one of them"
)
START = BOOK.refused("start", "a startStrategy is Paused, and goes with no liveness probe", "leave one of them")
LABEL_OWN = BOOK.refused("label-reserved", "this label is KubeVirt's own", "leave it out")
ANNOTATION = BOOK.refused("annotation-gate", "this annotation needs a feature gate", "switch it on, or leave it out")
AFFINITY = BOOK.refused("affinity", "the scheduler cannot read this affinity", "mend it")
SPREAD = BOOK.refused("spread", "the scheduler cannot read this topology spread constraint", "mend it")
LABEL_VALUE = BOOK.broken("label", "a label's value is at most 63 characters: the instance is refused", "shorten it")
TOLERATION = BOOK.broken("toleration", "this is no toleration: the Pod is refused, and nothing starts", "mend it")
SELECTOR = BOOK.broken("node-selector", "no node has such a label: the Pod is refused", "mend the key or value")
GRACE = BOOK.broken("grace", "a grace period is not below 0: the Pod is refused", "write 0 or more")
DNS = Book("dns", "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/")
DNS_POLICY = DNS.refused(
    "policy", "a dnsPolicy is ClusterFirst, ClusterFirstWithHostNet, Default or None", "use one of them"
)
DNS_NONE = DNS.refused("none", "dnsPolicy None needs a nameserver in dnsConfig", "add one")
DNS_SERVERS = DNS.refused("nameservers", "there are at most three nameservers, each an IP address", "mend the list")
DNS_SEARCHES = DNS.refused(
    "searches", "there are at most six search paths of 256 characters together, each a DNS name", "mend the list"
)
DNS_OPTION = DNS.refused("option", "a resolver option has a name", "name it")
PROBES = Book("probe", "https://kubevirt.io/user-guide/user_workloads/liveness_and_readiness_probes/")
PROBE = PROBES.refused(
    "one", "a probe is exactly one of httpGet, tcpSocket, exec and guestAgentPing", "leave one of them"
)
PROBE_NETWORK = PROBES.refused(
    "network", "a probe over the network needs the pod network", "use guestAgentPing or exec"
)

_OWN = ("created-by", "migrationJobUID", "nodeName", "migrationTargetNodeName", "schedulable", "install-strategy")
_RESERVED = {f"kubevirt.io/{name}" for name in _OWN}
_ANNOTATIONS = {"kubevirt.io/ignitiondata": "ExperimentalIgnitionSupport", "hooks.kubevirt.io/hookSidecars": "Sidecar"}
_PROBES = ("httpGet", "tcpSocket", "exec", "guestAgentPing")


def check(machine: Instance) -> Iterator[Complaint]:
    spec = machine.spec
    if spec.text("hostname") and not forms.is_label(spec.text("hostname")):
        yield HOSTNAME.at(spec.at("hostname"))
    if spec.text("subdomain") and not forms.is_subdomain(spec.text("subdomain")):
        yield SUBDOMAIN.at(spec.at("subdomain"))
    if spec.has("evictionStrategy") and spec.text("evictionStrategy") not in _EVICTIONS:
        yield EVICTION.at(spec.at("evictionStrategy"))
    if spec.has("startStrategy") and (spec.text("startStrategy") != "Paused" or spec.has("livenessProbe")):
        yield START.at(spec.at("startStrategy"))
    yield from _labels(machine)
    yield from _affinity(spec.at("affinity"))
    yield from _spread(spec)
    yield from _pod(spec)
    yield from _dns(spec)
    for name in ("readinessProbe", "livenessProbe"):
        yield from _probe(spec.at(name), machine)


_EVICTIONS = {"LiveMigrate", "LiveMigrateIfPossible", "None", "External"}


def _labels(machine: Instance) -> Iterator[Complaint]:
    for key, value in machine.meta.pairs("labels"):
        if key in _RESERVED:
            yield LABEL_OWN.at(value)
        if not forms.is_label_key(key) or not forms.is_label_value(str(value.value)):
            yield LABEL_VALUE.at(value)
    for key, gate in _ANNOTATIONS.items():
        if machine.meta.at("annotations").fields.get(key) and not machine.gate(gate):
            yield ANNOTATION.at(View(None, f"{machine.meta.path}.annotations.{key}"), gate)


def _affinity(affinity: View) -> Iterator[Complaint]:
    required, preferred = (f"{one}DuringSchedulingIgnoredDuringExecution" for one in ("required", "preferred"))
    nodes = affinity.at("nodeAffinity")
    if nodes.has(required):
        terms = nodes.each(required, "nodeSelectorTerms")
        if not terms:
            yield AFFINITY.at(nodes.at(required), "no term")
        yield from (bad for term in terms for bad in _term(term))
    for one in nodes.each(preferred):
        yield from _weight(one)
        yield from _term(one.at("preference"))
    for kind in ("podAffinity", "podAntiAffinity"):
        for term in affinity.each(kind, required):
            yield from _pods(term)
        for one in affinity.each(kind, preferred):
            yield from _weight(one)
            yield from _pods(one.at("podAffinityTerm"))


def _weight(one: View) -> Iterator[Complaint]:
    if not 1 <= one.number("weight") <= 100:
        yield AFFINITY.at(one.at("weight"), "1 to 100")


def _term(term: View) -> Iterator[Complaint]:
    for one in term.each("matchExpressions"):
        yield from _requirement(one, {"Gt": 1, "Lt": 1})
    for one in term.each("matchFields"):
        values = one.each("values")
        if one.text("operator") not in ("In", "NotIn") or len(values) != 1 or one.text("key") != "metadata.name":
            yield AFFINITY.at(one, "metadata.name In or NotIn one name")


def _requirement(one: View, single: dict[str, int]) -> Iterator[Complaint]:
    operator, count = one.text("operator"), len(one.each("values"))
    wanted = {"In": count > 0, "NotIn": count > 0, "Exists": count == 0, "DoesNotExist": count == 0}
    wanted |= {name: count == number for name, number in single.items()}
    if not wanted.get(operator, False):
        yield AFFINITY.at(one, f"{operator or 'no operator'} with {count} values")
    if not forms.is_label_key(one.text("key")):
        yield AFFINITY.at(one.at("key"), "no label's key")


def _pods(term: View) -> Iterator[Complaint]:
    for name in ("labelSelector", "namespaceSelector"):
        yield from (bad for one in term.each(name, "matchExpressions") for bad in _requirement(one, {}))
        for key, value in term.pairs(name, "matchLabels"):
            if not forms.is_label_key(key) or not forms.is_label_value(str(value.value)):
                yield AFFINITY.at(value, "no label")
    for one in term.each("namespaces"):
        if not forms.is_label(str(one.value)):
            yield AFFINITY.at(one, "no namespace's name")
    if not forms.is_label_key(term.text("topologyKey")):
        yield AFFINITY.at(term.at("topologyKey"), "no label's key")


def _spread(spec: View) -> Iterator[Complaint]:
    seen: set[tuple[str, str]] = set()
    for one in spec.each("topologySpreadConstraints"):
        key, action = one.text("topologyKey"), one.text("whenUnsatisfiable")
        domains = one.at("minDomains")
        if one.number("maxSkew") < 1:
            yield SPREAD.at(one.at("maxSkew"), "1 or more")
        if not key:
            yield SPREAD.at(one.at("topologyKey"), "none")
        if action not in ("DoNotSchedule", "ScheduleAnyway"):
            yield SPREAD.at(one.at("whenUnsatisfiable"), "DoNotSchedule or ScheduleAnyway")
        if (key, action) in seen:
            yield SPREAD.at(one, "the same as another")
        if domains and (one.number("minDomains") < 1 or action != "DoNotSchedule"):
            yield SPREAD.at(domains, "1 or more, with DoNotSchedule")
        seen.add((key, action))


def _pod(spec: View) -> Iterator[Complaint]:
    for one in spec.each("tolerations"):
        operator, effect = one.text("operator"), one.text("effect")
        sound = operator in ("", "Equal", "Exists") and effect in ("", "NoSchedule", "PreferNoSchedule", "NoExecute")
        named = one.text("key") == "" and operator == "Exists" or forms.is_label_key(one.text("key"))
        value = not (operator == "Exists" and one.text("value"))
        timed = not one.has("tolerationSeconds") or effect == "NoExecute"
        if not (sound and named and value and timed):
            yield TOLERATION.at(one)
    for key, chosen in spec.pairs("nodeSelector"):
        if not forms.is_label_key(key) or not forms.is_label_value(str(chosen.value)):
            yield SELECTOR.at(chosen)
    if spec.number("terminationGracePeriodSeconds") < 0:
        yield GRACE.at(spec.at("terminationGracePeriodSeconds"))


def _dns(spec: View) -> Iterator[Complaint]:
    policy, config = spec.text("dnsPolicy"), spec.at("dnsConfig")
    servers, searches = config.each("nameservers"), config.each("searches")
    if policy not in ("", "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"):
        yield DNS_POLICY.at(spec.at("dnsPolicy"))
    if policy == "None" and not servers:
        yield DNS_NONE.at(spec.at("dnsPolicy"))
    if len(servers) > 3 or not all(forms.is_address(str(one.value)) for one in servers):
        yield DNS_SERVERS.at(config.at("nameservers"))
    paths = [str(one.value) for one in searches]
    if len(paths) > 6 or len(" ".join(paths)) > 256 or not all(forms.is_subdomain(one) for one in paths):
        yield DNS_SEARCHES.at(config.at("searches"))
    yield from (DNS_OPTION.at(one.at("name")) for one in config.each("options") if not one.text("name"))


def _probe(probe: View, machine: Instance) -> Iterator[Complaint]:
    if not probe:
        return
    if sum(probe.has(kind) for kind in _PROBES) != 1:
        yield PROBE.at(probe)
    if not any(one.has("pod") for one in machine.networks.values()) and (machine.networks or machine.nics
            or machine.devices.truth("autoattachPodInterface") is False):  # fmt: skip
        yield from (PROBE_NETWORK.at(probe.at(kind)) for kind in ("httpGet", "tcpSocket") if probe.has(kind))
