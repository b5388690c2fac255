"""A wrong plan is refused with file, line, column and the nearest right word, all of it at once."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
networks: [{from: V, to: "nad:v", make: {kind: bridge, name: b, port: p, mtu: 900, subnets: []}}, {from: lab, to: pod}]
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
overrides: [{vm: db01, disks: [{disk: 1, to: qcow2}], machine: &usual {instancetype: u1.medium, preference: auto,
  labels: tags, add_labels: {a.org/b: c}, run: Always, cpu: dedicated, hugepages: 2Mi, tpm: none, timezone: Etc/UTC,
  heartbeat: agent, nodes: {a: b}, tolerations: [{key: a, value: b, effect: NoExecute}],
  priorities: [{from: high, to: urgent, value: 7}], rules: [{from: licensed, to: a.org/licence=oracle}],
  devices: [{from: grid_v100, to: "gpu:nvidia.com/V100"}], claims: datavolumes, snapshot: first_boot,
  services: [{port: 443, name: https, protocol: TCP, route: db.example.org}]}, order: 1}]
read: auto
machine: *usual
"""


def found(text: str) -> list[Problem]:
    return problems.read(document.parse(text, "plan.yaml"))[1]


def test_the_good_plan_is_good() -> None:
    plan, wrong = problems.read(document.parse(GOOD, "plan.yaml"))
    assert wrong == []
    assert isinstance(plan, PlanFile)
    assert plan.storage[0].from_ == "ova"


@pytest.mark.parametrize(
    ("change", "where", "said"),
    [
        (("journey: cold", "journey: hot"), "plan.yaml:6:1", "it must be 'cold' or 'warm'"),
        (("name: finance-wave-1", "name: 5"), "plan.yaml:2:1", "'name' is 5: it must be lower-case letters"),
        (("grace_s: 600", "grace_s: soon"), "plan.yaml:11:13", "'grace_s' is 'soon': it must be a whole number"),
        (("grace_s: 600", "grace_s: -1"), "plan.yaml:11:13", "'grace_s' is -1: it must be 1 or more"),
        (("vms: [db01]", "vms: db01"), "plan.yaml:5:1", "'vms' is 'db01': it must be a list"),
        (("vms: [db01]", "vms: [db01, [a]]"), "plan.yaml:5:13", "'vms' row 2 is a list: it must be text"),
        (("400M", "0"), "plan.yaml:14:41", "'bytes_per_second' is 0: it must be a number of bytes from 1"),
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
        (("per_host: 4", "per_node: 4"), "plan.yaml:14:10", "key 'per_node': this version cannot do limits"),
    ],
)
def test_wrong_values_name_their_place(change: tuple[str, str], where: str, said: str) -> None:
    wrong = found(GOOD.replace(*change))
    assert any(one.where.startswith(where) and said in one.text for one in wrong), wrong


def test_an_empty_key_of_a_later_feature_asks_for_nothing() -> None:
    assert found(GOOD + "hooks: []\nwindows: []\n") == []


@pytest.mark.parametrize("keys", ["[{vm: a, device: b, secret: hunter2}]", "{secret: hunter2}", "[hunter2]", "hunter2"])
def test_a_secret_that_stands_in_the_plan_itself_is_not_shown(keys: str) -> None:
    wrong = found(GOOD.partition("guest:")[0] + f"guest: {{keys: {keys}}}\n")
    assert wrong
    assert "hunter2" not in str(wrong)


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


@pytest.mark.parametrize("text", ["- a\n" * 60_000, "[" + "a," * 60_000, "".join(f"k{n}: 1\n" for n in range(30_000))])
def test_values_without_end_are_not_read_to_their_end(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "NODE_LIMIT", 5000)
    since = time.monotonic()
    with pytest.raises(Refused, match=r"plan.yaml:\d+:\d+: over 5000 values"):
        document.parse(text, "plan.yaml")
    assert time.monotonic() - since < 2, "all of them take longer"


WORDS = (
    r""": - [ ] { } & * ! | > # % @ , ? << !!int 0x 1e999 1:99 .inf 2001-99-99 --- ... &a *a ~ vms ' " guest: limits:"""
)
BREAKS = ["\n", "\t", "\x00", "\ufeff", "\ud800", "- ", "a: ", "apiVersion: mtv/v1\n", "guest: {keys: ", "9" * 5000]
PARTS = st.sampled_from([*WORDS.split(), *BREAKS])


@given(st.lists(PARTS | st.text(max_size=4), max_size=30).map("".join))
def test_whatever_the_text_it_is_a_plan_or_says_what_is_wrong(text: str) -> None:
    try:
        plan, wrong = problems.read(document.parse(text, "plan.yaml"))
    except Refused as error:
        plan, wrong = None, [Problem(str(error), error.fault.text)]
    assert plan or wrong
    assert all(one.where.startswith("plan.yaml") and one.text for one in wrong)
