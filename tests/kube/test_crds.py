"""The custom resources are served complete, and the apiserver holds objects against their rules."""

import pytest

from tests.kube import crds
from tests.kube.api import Answer
from tests.kube.cluster import Namespace

NETWORKS = "k8s.ovn.org/v1/userdefinednetworks"
VMS = "kubevirt.io/v1/virtualmachines"


def test_all_are_served_with_their_rules(kube: Namespace) -> None:
    assert crds.established(kube.api)
    served = {crd["metadata"]["name"]: str(crd["spec"]) for crd in kube.api.items(crds.KIND)}
    for crd in crds.all_of_them():
        rules = str(crd["spec"]).count("x-kubernetes-validations")
        assert served[crd["metadata"]["name"]].count("x-kubernetes-validations") == rules
    assert sum("x-kubernetes-validations" in text for text in served.values()) == 11


def network(**layer2: object) -> dict[str, object]:
    return {
        "apiVersion": "k8s.ovn.org/v1", "kind": "UserDefinedNetwork", "metadata": {"name": "tenant"},
        "spec": {"topology": "Layer2", "layer2": {"role": "Primary", "subnets": ["10.20.0.0/16"], **layer2}},
    }  # fmt: skip


def test_what_breaks_a_rule_in_cel_is_refused(kube: Namespace) -> None:
    with pytest.raises(Answer, match="CIDR is invalid") as caught:
        kube.api.apply(NETWORKS, kube.name, network(subnets=["10.20.0.0/99"]))
    assert caught.value.status == 422
    assert kube.api.apply(NETWORKS, kube.name, network())["spec"]["topology"] == "Layer2"


def vm(**spec: object) -> dict[str, object]:
    template = {"spec": {"domain": {"devices": {}, "memory": {"guest": "1Gi"}}}}
    return {
        "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "db01"},
        "spec": {"runStrategy": "Halted", "template": template, **spec},
    }  # fmt: skip


def test_an_unknown_field_is_dropped_with_a_warning_and_strictly_refused(kube: Namespace) -> None:
    """201, and a header that nobody reads."""
    reply = kube.api.ask("POST", f"/apis/kubevirt.io/v1/namespaces/{kube.name}/virtualmachines", vm(colour="blue"))
    assert reply.status == 201
    assert r"unknown field \"spec.colour\"" in reply.headers["warning"]
    assert "colour" not in reply.object["spec"]
    with pytest.raises(Answer, match=r"colour: field not declared in schema|unknown field") as caught:
        kube.api.create(VMS, kube.name, vm(colour="blue"), fieldValidation="Strict")
    assert caught.value.status in (400, 409)
    with pytest.raises(Answer, match="colour"):
        kube.api.apply(VMS, kube.name, vm(colour="blue"))
