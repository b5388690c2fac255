"""`mtv describe vm --plan`: what hosts, clusters and rules in the store say comes into the manifest."""

from dataclasses import replace
from pathlib import Path

import pytest

from mtv.model.details import Share
from mtv.model.estate import Revision
from mtv.model.infrastructure import Cluster, Host, Rule
from mtv.settings import settings
from mtv.store import inventory
from mtv.store.store import Store
from mtv.verbs import ends
from mtv.verbs.showing import describing
from tests.converters.manifests.estate import WEB

PLAN = """\
apiVersion: mtv/v1
name: p
source: lab
target: bundle:out
vms: [web]
networks: [{from: "*", to: pod}]
storage: [{from: "*", to: raw}]
machine: {instancetype: "", labels: all, rules: [{from: licensed, to: licence=oracle}]}
"""


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MTV_STORE", str(tmp_path / "store"))
    ends.add("lab", "memory", str(tmp_path / "lab"))
    vm = replace(WEB, datacenter="DC", host="esx1", cluster="CL-7", tags={"app": "ledger"}, cpu=Share(reservation=1300))
    rule = Rule(source="lab", id="r", name="licensed", cluster="CL-7", kind="hosts", mandatory=True, vms=("web",))
    with Store(settings().store) as store:
        work = inventory.Refresh(store, "lab", full=True)
        for one in (
            vm, rule, Host(source="lab", id="h", name="esx1", datacenter="DC", cores=8, cpu_mhz=8 * 2600),
            Cluster(source="lab", id="c", name="CL-7", datacenter="DC", restarts=True),
            Revision("1"),
        ):  # fmt: skip
            work.take(one)
        work.finish()
    (tmp_path / "plan.yaml").write_text(PLAN)
    return tmp_path / "plan.yaml"


def test_surroundings_labels_and_maps(plan: Path) -> None:
    text = describing.vm("web", str(plan))
    for said in ('cpu: "500m"', "tags.mtv/app: ledger", "key: licence", "mtv/run-strategy: Always"):
        assert said in text
    assert "manifest.run-strategy" in text


def test_an_instancetype_is_asked_for(plan: Path) -> None:
    plan.write_text(PLAN.replace('""', "u1.medium"))
    text = describing.vm("web", str(plan))
    assert "kind: VirtualMachineClusterInstancetype" in text
    assert "sockets" not in text
    assert "manifest.instancetype" in text
