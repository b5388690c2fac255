"""Services, Routes and PriorityClasses beside a VM."""

from dataclasses import replace
from typing import Any

from mtv.converters.manifests import documents, priority_class, rules
from mtv.model.plans import Door, VmPlan, Wanted
from tests.converters.manifests.estate import LINUX, WEB, plan


def beside(wanted: VmPlan) -> list[Any]:
    return [one for one in documents(wanted, LINUX, namespace="n") if one["kind"] in ("Service", "Route")]


def asking(*doors: Door, name: str = "web") -> VmPlan:
    return replace(plan(replace(WEB, name=name)), wanted=Wanted(services=doors))


def test_nobody_asks_for_one() -> None:
    assert beside(plan(WEB)) == []


def test_one_service_has_all_ports_and_leads_to_the_vms_pods() -> None:
    wanted = asking(Door(port=22), Door(port=53, protocol="UDP"))
    (service,) = beside(wanted)
    assert [port["name"] for port in service["spec"]["ports"]] == ["tcp-22", "udp-53"]
    machine: Any = documents(wanted, LINUX)[-1]
    assert service["spec"]["selector"].items() <= machine["spec"]["template"]["metadata"]["labels"].items()


def test_a_route_leads_to_the_port_by_its_name() -> None:
    service, secure, open_ = beside(asking(Door(port=443, route="a.org"), Door(port=80, name="web", route="b.org")))
    assert rules.check([secure, open_]) == []
    assert secure["spec"]["to"]["name"] == service["metadata"]["name"]
    assert secure["spec"]["port"]["targetPort"] == "tcp-443"
    assert (secure["spec"]["tls"], "tls" in open_["spec"]) == ({"termination": "passthrough"}, False)
    assert secure["metadata"]["name"] != open_["metadata"]["name"]


def test_the_name_of_a_service_begins_with_a_letter() -> None:
    (service,) = beside(asking(Door(port=22), name="01-web"))
    assert service["metadata"]["name"][0].isalpha()


def test_a_priority_class_belongs_to_no_namespace() -> None:
    made = priority_class("vm-high", 1000)
    assert made["value"] == 1000
    assert "namespace" not in made["metadata"]  # type: ignore[operator]
