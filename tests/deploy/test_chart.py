"""The chart is what helm takes, the plain YAML is made of it, and a real cluster runs what it describes."""

from itertools import product

import pytest
import yaml

from mtv.providers.kubevirt.engine.home import LABEL
from tests.deploy.charts import CHART, HEAD, PLAIN, ROOT, RULES, called, objects, rules, text
from tests.kube.api import Answer, Api, Object, path
from tests.kube.cluster import Namespace
from tests.kube.pods import WRITER
from tests.kube.waiting import until

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
PLURALS = {
    "ServiceAccount": "serviceaccounts", "PersistentVolumeClaim": "persistentvolumeclaims",
    "ClusterRole": "rbac.authorization.k8s.io/v1/clusterroles", "Role": "rbac.authorization.k8s.io/v1/roles",
    "ClusterRoleBinding": "rbac.authorization.k8s.io/v1/clusterrolebindings", "Namespace": "namespaces",
    "RoleBinding": "rbac.authorization.k8s.io/v1/rolebindings", "Deployment": "apps/v1/deployments",
}  # fmt: skip


def apply(api: Api, made: list[Object]) -> None:
    """Any order will do; unknown fields are refused."""
    for one in made:
        api.apply(PLURALS[one["kind"]], one["metadata"].get("namespace"), one)


def by_kind(made: list[Object], kind: str) -> list[Object]:
    return [one for one in made if one["kind"] == kind]


def where(one: Object) -> str:
    return str(one["metadata"]["namespace"])


@pytest.mark.slow
def test_helm_finds_nothing_wrong() -> None:
    assert "0 chart(s) failed" in called("lint", "--strict", str(CHART))


@pytest.mark.slow
def test_the_plain_yaml_is_the_chart_s() -> None:
    assert (ROOT / "deploy/mtv.yaml").read_text() == HEAD + text(*PLAIN), "run scripts/plain-yaml"


@pytest.mark.slow
def test_every_value_says_something() -> None:
    """What a value changes is seen in the Deployment or in a role."""
    plain = objects("a", "--namespace=b")
    given = {
        "pull": "Never", "pullSecrets": "{p}", "namespaces": "{x,y}", "createNamespace": "true", "store.class": "gold",
        "store.size": "9Gi", "user": "null", "resources.limits.memory": "2Gi", "nodeSelector.disk": "ssd",
        "tolerations[0].key": "vms", "secrets": "{vcenter}", "worker.scratchClass": "fast", "worker.cpu": "2",
        "worker.memory": "3Gi", "worker.nodes.disk": "ssd", "worker.kvm": "none", "worker.network": "net/fast",
        "worker.vddkImage": "vddk:8", "worker.ca": "bundle", "worker.httpsProxy": "http://p", "worker.noProxy": ".lan",
        "worker.leaseSeconds": "60", "image": "other:1",
    }  # fmt: skip
    assert {name.partition("[")[0] for name in given} >= set(names(yaml.safe_load((CHART / "values.yaml").read_text())))
    for name, value in given.items():
        assert objects("a", "--namespace=b", f"--set={name}={value}") != plain, name


def names(values: Object, before: str = "") -> list[str]:
    """Of values that hold no others; those of resources are Kubernetes' own, and left to it."""
    found = []
    for name, value in values.items():
        if isinstance(value, dict) and value and name != "resources":
            found += names(value, f"{before}{name}.")
        elif name not in ("resources", "nodes", "nodeSelector"):
            found.append(f"{before}{name}")
    return found


@pytest.mark.slow
def test_it_may_what_the_printed_roles_say_and_no_more() -> None:
    made = objects("mtv", "--namespace=mtv", "--set=namespaces={vms}")
    reading, who = (one["rules"] for one in by_kind(made, "ClusterRole"))
    assert reading == rules("ClusterRole"), "run scripts/plain-yaml"
    assert [rule["verbs"] for rule in who] == [["get"]]
    moving, own = (one for one in sorted(by_kind(made, "Role"), key=where, reverse=True))
    assert moving["rules"] == rules("Role"), "run scripts/plain-yaml"
    assert (where(moving), where(own)) == ("vms", "mtv")
    given = [word for kind in RULES for rule in rules(kind) for word in (*rule["verbs"], *rule["resources"])]
    assert "*" not in given


def test_the_engine_becomes_ready_in_a_restricted_namespace(kube: Namespace, worker_image: str) -> None:
    """The same image serves as engine; the claim is bound, and the heart beats."""
    options = ["mtv", f"--namespace={kube.name}", f"--set=image={worker_image}", "--set=pull=Never"]
    made = objects(*options, "--set=store.class=csi", "--set=store.size=64Mi")
    try:
        apply(kube.api, made)
        found = until(kube.api, PLURALS["Deployment"], kube.name, "mtv", is_available)
        assert found["status"]["readyReplicas"] == 1
        (pod,) = kube.api.items("pods", kube.name)
        log = kube.api.ask("GET", path("pods", kube.name, pod["metadata"]["name"], "log")).body.decode()
        lease = kube.api.get("coordination.k8s.io/v1/leases", kube.name, "mtv")
        assert pod["metadata"]["name"] in lease["spec"]["holderIdentity"]
        assert log == "serving store /data/store.db\n"
        assert pod["metadata"]["labels"].items() >= dict(one.split("=") for one in LABEL.split(",")).items()
        assert pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"]
        assert pod["spec"]["securityContext"]["runAsUser"] == WRITER
        token = f"/api/v1/namespaces/{kube.name}/serviceaccounts/mtv/token"
        given = kube.api.want("POST", token, {"spec": {"expirationSeconds": 600}})["status"]["token"]
        account = kube.cluster.write(f"{kube.name}-engine", {"token": given}, kube.name)
        its_rights(Api.read(account), kube.name)
    finally:
        for one in (one for one in made if one["kind"].startswith("ClusterRole")):
            kube.api.delete(PLURALS[one["kind"]], None, one["metadata"]["name"])


def is_available(deployment: Object) -> bool:
    conditions = deployment.get("status", {}).get("conditions") or []
    return any(one["type"] == "Available" and one["status"] == "True" for one in conditions)


def its_rights(api: Api, namespace: str) -> None:
    """Everything in its own namespace that a move asks for, and nothing in another."""
    for rule in rules("Role"):
        for resource, verb in product(rule["resources"], rule["verbs"]):
            plural, _, part = resource.partition("/")
            asked = {"group": rule["apiGroups"][0], "resource": plural, "subresource": part, "verb": verb}
            assert may(api, {**asked, "namespace": namespace}), asked
    assert may(api, {"verb": "list", "resource": "nodes"})
    assert not may(api, {"verb": "create", "resource": "secrets", "namespace": "default"})
    assert not may(api, {"verb": "create", "resource": "pods", "namespace": namespace})
    assert not may(api, {"verb": "get", "resource": "secrets"})


def may(api: Api, asked: Object) -> bool:
    made = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked}}  # fmt: skip
    return bool(api.want("POST", REVIEWS, made)["status"]["allowed"])


def test_an_unknown_field_would_be_refused(kube: Namespace) -> None:
    (made,) = by_kind(objects("mtv", f"--namespace={kube.name}"), "PersistentVolumeClaim")
    with pytest.raises(Answer, match="acessModes"):
        apply(kube.api, [{**made, "spec": {**made["spec"], "acessModes": []}}])
