import copy
from typing import Any

import pytest

from mtv.converters.manifests import check, documents
from tests.converters.manifests.estate import LINUX, WEB, plan


@pytest.fixture
def machine() -> Any:
    return copy.deepcopy(documents(plan(WEB), LINUX)[-1])


def test_unknown_fields_are_refused_at_every_depth(machine: Any) -> None:
    machine["spec"]["foo"] = 1
    machine["spec"]["template"]["spec"]["domain"]["devices"]["disks"][0]["disk"]["boss"] = "ide"
    found = [(finding.name, finding.text) for finding in check(machine)]
    assert [name for name, _ in found] == [
        "spec.foo",
        "spec.template.spec.domain.devices.disks[0].disk.boss",
    ]
    assert "nobody knows this field" in found[0][1]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.template.spec.domain.cpu.cores", "2"),
        ("spec.template.spec.domain.memory.guest", [1]),
        ("spec.runStrategy", True),
        ("metadata.name", "Upper"),
        ("metadata.name", "n" * 64),
        ("metadata.name", "a.b"),
        ("metadata.labels.x", "v" * 64),
        ("spec.template.spec.domain.devices.rng", 1),
        ("metadata.annotations", None),
    ],
)
def test_wrong_values_are_named_by_field(machine: Any, path: str, value: object) -> None:
    *way, last = path.split(".")
    place = machine
    for key in way:
        place = place[key]
    place[last] = value
    (finding,) = check(machine)
    assert finding.name == path
    assert not finding.ok


def test_what_must_be_there(machine: Any) -> None:
    del machine["spec"]["template"]
    assert "spec.template" in [finding.name for finding in check(machine)]


def test_a_kind_that_we_do_not_write() -> None:
    assert [finding.name for finding in check({"apiVersion": "v1", "kind": "Secret"})] == ["kind"]


def test_claims() -> None:
    claim: Any = copy.deepcopy(documents(plan(WEB), LINUX)[0])
    assert check(claim) == []
    claim["spec"]["volumeMode"] = "Blok"
    claim["spec"]["resources"]["requests"]["storage"] = "2 GB"
    assert [finding.name for finding in check(claim)] == ["spec.resources.requests.storage", "spec.volumeMode"]
