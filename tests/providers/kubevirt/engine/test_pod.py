"""An engine in a Pod of a real cluster, and who talks to it: exec, marks, and the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mtv.errors import CheckFailed, MtvError
from mtv.providers.kubevirt import KubeVirt
from mtv.providers.kubevirt.connect.address import read_address
from mtv.providers.kubevirt.connect.inside import find
from mtv.providers.kubevirt.engine import marks
from mtv.providers.kubevirt.engine.pipe import PROTOCOLS, PodPipe
from mtv.providers.kubevirt.wire.api import Api
from tests.kube.cluster import Namespace
from tests.kube.pods import pod
from tests.kube.waiting import until
from tests.plans.engines import until as soon

CSR = "certificatesigningrequests"
GROUP = "certificates.k8s.io"
ASKS = [{"apiGroups": [GROUP], "resources": [CSR], "verbs": ["create"]}]
READS = [{"apiGroups": [GROUP], "resources": [CSR], "verbs": ["get", "delete"]}]
SITS = [{"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "create", "update"]}]
REACHES = [
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
    {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create", "get"]},
]


@contextmanager
def api_of(kubeconfig: Path) -> Iterator[Api]:
    made = Api(find(read_address(str(kubeconfig))))
    yield made
    made.close()


def up(kube: Namespace, name: str) -> None:
    until(kube.api, "pods", kube.name, name, lambda found: found["status"]["phase"] == "Running")


def test_lines_go_into_a_pod_and_come_out(kube: Namespace) -> None:
    kube.api.create("pods", kube.name, pod("box", "sleep 1000"))
    up(kube, "box")
    with api_of(kube.cluster.kubeconfig) as api:
        pipe = PodPipe(api, kube.name, "box", "main", ["cat"])
        assert pipe.protocol == PROTOCOLS[0]
        lines = pipe.lines()
        for said in (b"one\n", b"\xff\0two\n", b"x" * 300_000 + b"\n"):
            pipe.send(said)
            assert next(lines) == said
        pipe.close()
        told = PodPipe(api, kube.name, "box", "", ["sh", "-c", "echo a; echo b; exit 0"])
        assert list(told.lines()) == [b"a\n", b"b\n"]
        told.close()
        for words, code in (
            (["sh", "-c", "echo last; exit 3"], "kubevirt.exec"), (["nothing"], "kubevirt.exec"),
            (["sh", "-c", "kill -9 $$"], "kubevirt.exec-killed"),
        ):  # fmt: skip
            failing = PodPipe(api, kube.name, "box", "main", words)
            with pytest.raises(MtvError) as caught:
                list(failing.lines())
            assert caught.value.fault.code == code
            failing.close()
        with pytest.raises(MtvError) as caught:
            PodPipe(api, kube.name, "absent", "", ["cat"])
        assert caught.value.fault.code == "kubevirt.not-found"
    with api_of(kube.account("nobody")) as api:
        with pytest.raises(CheckFailed) as refused:
            PodPipe(api, kube.name, "box", "main", ["cat"])
        assert refused.value.fault.code == "kubevirt.forbidden"


def test_a_mark_says_whose_it_is(kube: Namespace) -> None:
    name = f"mtv-{os.urandom(16).hex()}"
    engine = KubeVirt("engine", str(kube.account("engine", cluster_rules=READS)))
    with pytest.raises(CheckFailed) as caught:
        engine.whose(name)
    assert caught.value.fault.code == "kubevirt.no-mark"
    with api_of(kube.account("ann", cluster_rules=ASKS)) as api:
        marks.leave(api, name)
    assert engine.whose(name) == f"system:serviceaccount:{kube.name}:ann"
    with pytest.raises(CheckFailed):
        engine.whose(name)
    with api_of(kube.account("eve")) as api, pytest.raises(CheckFailed) as forbidden:
        marks.leave(api, name)
    assert forbidden.value.fault.code == "kubevirt.forbidden"
    engine._api.close()


def typed(folder: Path, kubeconfig: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-P", "-m", "mtv", "--via", str(kubeconfig), *words]
    env = {**os.environ, "MTV_DATA": str(folder / "data")}
    return subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_line_steers_an_engine_in_a_pod_as_its_kubernetes_user(
    kube: Namespace, worker_image: str, tmp_path: Path
) -> None:
    kube.account("engine", SITS, READS)
    made = pod("mtv", "")
    container = made["spec"]["containers"][0]
    container.pop("command")
    container |= {
        "name": "engine", "image": worker_image, "args": ["serve", "--lease", "engine"],
        "env": [{"name": "MTV_DATA", "value": "/tmp/mtv"}],
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        "resources": {"requests": {"cpu": "500m"}},  # without any it starves on a busy node: its Lease lapses
    }  # fmt: skip
    made["metadata"]["labels"] = {"app.kubernetes.io/name": "mtv"}
    made["spec"] |= {"serviceAccountName": "engine", "volumes": [{"name": "tmp", "emptyDir": {}}]}
    kube.api.create("pods", kube.name, made)
    up(kube, "mtv")
    user = kube.account("ann", REACHES, ASKS)
    (tmp_path / "plan.yaml").write_text(
        "{apiVersion: mtv/v1, name: demo, source: 'memory:estate?flavour=snapshots&vms=1&seed=3', "
        "target: 'memory:target', vms: [vm001], journey: warm, networks: [{from: '*', to: pod}], "
        "storage: [{from: '*', to: fast}]}\n"
    )

    def mtv(*words: str) -> "subprocess.CompletedProcess[str]":
        return typed(tmp_path, user, *words)

    until(
        kube.api, "coordination.k8s.io/v1/leases", kube.name, "engine", lambda one: bool(one["spec"]["holderIdentity"])
    )
    soon(lambda: mtv("get", "runs").returncode == 0)
    begun = mtv("run", "plan.yaml", "--detach")
    assert begun.returncode == 0, begun
    soon(lambda: json.loads(mtv("status", "-o", "json").stdout)[0]["state"] == "waiting")
    held = mtv("hold", "demo-1")
    assert held.returncode == 0, held
    assert f"held by system:serviceaccount:{kube.name}:ann" in mtv("why", "demo-1").stdout
    assert not (tmp_path / "data").exists()
    stranger = kube.account("eve", REACHES)
    refused = typed(tmp_path, stranger, "resume", "demo-1")
    assert (refused.returncode, "the mark that says who asks" in refused.stderr) == (4, True), refused
