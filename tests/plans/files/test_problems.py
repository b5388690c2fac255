"""A wrong plan is refused with file, line, column and the nearest right word, all of it at once."""

import pytest
import yaml

from mtv.errors import Refused
from mtv.plans.files import document, problems
from mtv.plans.files.problems import Problem
from mtv.plans.files.schema import PlanFile

GOOD = """\
apiVersion: mtv/v1
name: finance-wave-1
source: ova:in
target: bundle:out
vms: [db01]
journey: cold
networks: [{from: VLAN-120, to: "nad:net/vlan-120"}, {from: lab, to: pod}]
storage: [{from: ova, to: raw, access: ReadWriteOnce, volume: Block}]
names: {case: lower, collision: fail}
guest: {conversion: auto, agent: install, addresses: keep, devices: virtio, keys: [{vm: a, device: b, secret: "env:k"}]}
power_off: {grace_s: 600, then: hold}
start: as_source
precopy: {every_min: 60}
limits: {per_host: 4, per_datastore: 8, bytes_per_second: 400M}
worker: auto
accept: [{id: ova.cdrom, reason: not needed, who: me}]
on_failure: rollback
probation_h: 72
overrides: [{vm: db01, disks: [{disk: 1, to: qcow2}], order: 1}]
"""


def found(text: str) -> list[Problem]:
    return problems.read(document.parse(text, "plan.yaml"))[1]


def keys(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [one for key, inner in value.items() for one in [(*path, key), *keys(inner, (*path, key))]]
    if isinstance(value, list):
        return [one for place, inner in enumerate(value) for one in keys(inner, (*path, place))]
    return []


PATHS = keys(yaml.safe_load(GOOD))


def test_the_good_plan_is_good() -> None:
    plan, wrong = problems.read(document.parse(GOOD, "plan.yaml"))
    assert wrong == []
    assert isinstance(plan, PlanFile)
    assert plan.storage[0].from_ == "ova"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_every_key_misspelt_is_named_with_its_nearest(path: tuple[str | int, ...]) -> None:
    data = yaml.safe_load(GOOD)
    part = data
    for step in path[:-1]:
        part = part[step]
    key = str(path[-1])
    wrong = key[:1] + key[2:] + "x" if len(key) > 3 else key + key[-1]
    moved = {(wrong if one == key else one): value for one, value in part.items()}
    part.clear()
    part.update(moved)
    text = yaml.safe_dump(data, sort_keys=False, width=10_000)
    line = 1 + next(n for n, row in enumerate(text.splitlines()) if f"{wrong}:" in row)
    assert any(
        one.where.startswith(f"plan.yaml:{line}:") and f"'{wrong}'" in one.text and f"did you mean '{key}'" in one.text
        for one in found(text)
    ), found(text)


@pytest.mark.parametrize(
    ("change", "where", "said"),
    [
        (("journey: cold", "journey: hot"), "plan.yaml:6:1", "it must be 'cold' or 'warm'"),
        (("name: finance-wave-1", "name: 5"), "plan.yaml:2:1", "valid string"),
        (("grace_s: 600", "grace_s: soon"), "plan.yaml:11:13", "valid integer"),
        (("grace_s: 600", "grace_s: -1"), "plan.yaml:11:13", "greater than or equal to 1"),
        (("vms: [db01]", "vms: db01"), "plan.yaml:5:1", "valid list"),
        (("apiVersion: mtv/v1", "apiVersion: mtv/v9"), "plan.yaml:1:1", "'mtv/v1'"),
        (("name: finance-wave-1\n", ""), "plan.yaml", "'name' is missing"),
        (("on_failure: rollback", "hooks: [{run: x}]"), "plan.yaml:17:1", "key 'hooks': this version cannot do hooks"),
        (
            ("on_failure: rollback", "windows: [{what: x}]"),
            "plan.yaml:17:1",
            "this version cannot do migration windows",
        ),
        (("on_failure: rollback", "checks: [{tcp: 22}]"), "plan.yaml:17:1", "this version cannot do checks"),
        (("on_failure: rollback", "audit: 1%"), "plan.yaml:17:1", "this version cannot do the audit"),
    ],
)
def test_wrong_values_name_their_place(change: tuple[str, str], where: str, said: str) -> None:
    wrong = found(GOOD.replace(*change))
    assert any(one.where.startswith(where) and said in one.text for one in wrong), wrong


def test_an_empty_key_of_a_later_feature_asks_for_nothing() -> None:
    assert found(GOOD + "hooks: []\nwindows: []\n") == []


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    wrong = found(GOOD.replace("journey: cold", "jorney: cold").replace("worker: auto", "worker: mine"))
    assert [one.where.split(":")[1] for one in wrong] == ["6", "15"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2\n", "plan.yaml:2:1: duplicate key 'a'"),
        ("a:\n\t- b\n", "plan.yaml:2:1: found a tab"),
        ("a: [1, 2\n", "plan.yaml:2:1"),
        ("a: &a [*a]\n", "explode"),
        ("a: !!python/object/apply:os.system [x]\n", "is not for plans"),
        ("", "is empty"),
        ("[1]: 2\n", "a key must be a word"),
        ("a: " + "[" * 200 + "]" * 200, "explode"),
    ],
)
def test_bad_yaml_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(Refused, match="plan.yaml") as caught:
        document.parse(text, "plan.yaml")
    assert said in str(caught.value)
    assert caught.value.exit_code == 2


def test_aliases_that_multiply_are_refused() -> None:
    rows = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(Refused, match="explode"):
        document.parse("\n".join(rows), "plan.yaml")
