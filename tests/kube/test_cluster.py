"""The cluster is real: Pods run in it, accounts may what they may, and it ends with who uses it."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.kube.api import Answer, Api, Object, path
from tests.kube.cluster import ROOT, Cluster, Namespace
from tests.kube.inside.cgroups import hierarchies
from tests.kube.inside.layout import Layout
from tests.kube.inside.network import MAC
from tests.kube.outside import sweep
from tests.kube.pods import claim, pod
from tests.kube.waiting import until

READ_PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
ALONE = """if True:
    import sys
    from pathlib import Path
    from tests.kube.cluster import cluster
    folder = Path(sys.argv[1])
    with cluster(folder, folder) as up:
        print(up.layout.folder, flush=True)
        sys.stdin.read()"""


def test_a_restricted_pod_runs_and_reaches_the_apiserver(kube: Namespace) -> None:
    script = "id -u; wget -q --no-check-certificate -O- https://10.0.0.1/version; cat /proc/net/arp"
    kube.api.create("pods", kube.name, pod("worker", script))
    until(kube.api, "pods", kube.name, "worker", lambda one: one["status"]["phase"] == "Succeeded")
    said = kube.api.ask("GET", path("pods", kube.name, "worker", "log")).body.decode()
    assert said.startswith("107\n")
    assert '"gitVersion": "v1.34.4"' in said
    assert MAC in said, "the gateway's own, and not that of the Pod which happens to have the lowest"


def test_pod_security_refuses_what_is_not_restricted(kube: Namespace) -> None:
    lax = pod("lax", "true")
    del lax["spec"]["containers"][0]["securityContext"]
    with pytest.raises(Answer, match=r"violates PodSecurity .{1,2}restricted") as caught:
        kube.api.create("pods", kube.name, lax)
    assert caught.value.status == 403


def test_a_job_runs_to_its_end(kube: Namespace) -> None:
    template = pod("unused", "true")
    spec = {"backoffLimit": 0, "podReplacementPolicy": "Failed", "template": {"spec": template["spec"]}}
    kube.api.create("batch/v1/jobs", kube.name, {"metadata": {"name": "job"}, "spec": spec})
    until(kube.api, "batch/v1/jobs", kube.name, "job", lambda job: bool(job["status"].get("succeeded")))


def test_an_account_may_what_its_rules_say(kube: Namespace) -> None:
    api = Api.read(kube.account("reader", [READ_PODS], [{**READ_PODS, "resources": ["nodes"]}]))
    assert api.items("pods", kube.name) == []
    assert [node["metadata"]["name"] for node in api.items("nodes")] == ["localhost"]
    assert api.ask("GET", path("secrets", kube.name)).status == 403
    assert api.ask("GET", path("pods", "default")).status == 403


def test_what_an_owner_owned_goes_with_it(kube: Namespace) -> None:
    owner = kube.api.create("configmaps", kube.name, {"metadata": {"name": "owner"}})
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    owned = {"metadata": {"name": "owned", "ownerReferences": [reference]}}
    kube.api.create("configmaps", kube.name, owned)
    kube.api.delete("configmaps", kube.name, "owner")
    until(kube.api, "configmaps", kube.name, "owned", None)


def test_an_apiserver_that_was_away_knows_what_it_knew(kube: Namespace) -> None:
    kube.api.create("configmaps", kube.name, {"metadata": {"name": "kept"}, "data": {"a": "b"}})
    with kube.cluster.stopped("kube-apiserver"), pytest.raises(ConnectionError):
        kube.api.get("configmaps", kube.name, "kept")
    assert kube.api.get("configmaps", kube.name, "kept")["data"] == {"a": "b"}


def test_a_connection_that_the_server_ended_meanwhile_is_not_written_to(kube: Namespace) -> None:
    """As it does with idle ones: a POST on it would be lost, and nobody could say whether it was heard."""
    kube.api.get("namespaces", None, kube.name)
    with kube.cluster.stopped("kube-apiserver"):
        pass
    kube.api.create("configmaps", kube.name, {"metadata": {"name": "later"}})


def test_pods_reach_a_server_of_this_machine_s(kube: Namespace, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("from outside")
    argv = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(tmp_path), "0"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            address = kube.cluster.expose(int(line.split(" port ")[1].split()[0]))
            kube.api.create("pods", kube.name, pod("reader", f"wget -q -O- http://{address}/"))
            until(kube.api, "pods", kube.name, "reader", lambda one: one["status"]["phase"] == "Succeeded")
        finally:
            server.kill()
    assert kube.api.ask("GET", path("pods", kube.name, "reader", "log")).body == b"from outside"


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Layout]]:
    """A second cluster beside the first, its only user, and where it lies."""
    argv = [sys.executable, "-c", ALONE, str(tmp_path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as user:
        yield user, Layout(Path((user.stdout.readline() if user.stdout else "").strip()))
        user.kill()


def processes(layout: Layout) -> list[int]:
    """What names its folder: its programs, the shims of its containers, and who holds it."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(layout.folder) in (folder / "cmdline").read_text():
                found.append(os.pidfd_open(int(folder.name)))
    return found


def wait_for_ends(ends: list[int]) -> None:
    for end in ends:
        assert select.select([end], [], [], 60)[0]
        os.close(end)


@pytest.mark.slow
def test_nothing_is_left_of_one_whose_user_was_killed(
    one_cluster: Cluster, alone: tuple[subprocess.Popen[str], Layout]
) -> None:
    user, layout = alone
    ends = processes(layout)
    assert len(ends) > 6
    user.send_signal(signal.SIGKILL)
    wait_for_ends(ends)
    assert not layout.folder.exists()
    assert [one for one in hierarchies() if Path(f"{one}{layout.cgroup}").exists()] == []
    assert one_cluster.api.items("nodes")


@pytest.mark.slow
def test_all_of_it_ends_with_its_holder_and_the_next_one_sweeps(alone: tuple[subprocess.Popen[str], Layout]) -> None:
    _, layout = alone
    ends = processes(layout)
    os.kill(int((layout.folder / "lock").read_text()), signal.SIGKILL)
    wait_for_ends(ends)
    sweep(layout.folder.parent, layout.folder.name)
    assert not layout.folder.exists()
    assert [one for one in hierarchies() if Path(f"{one}{layout.cgroup}").exists()] == []


@pytest.mark.slow
def test_a_node_whose_kubelet_is_gone_is_lost_and_its_containers_go_on(kube: Namespace) -> None:
    """Which is why a writer must stop by its Lease: it still writes."""
    kube.api.create("persistentvolumeclaims", kube.name, claim("data", "1Mi", "Filesystem", "local"))
    kube.api.create(
        "pods", kube.name, pod("writer", "while date > /data/now; do sleep 0.2; done", [("data", "Filesystem")])
    )
    until(kube.api, "pods", kube.name, "writer", lambda one: one["status"]["phase"] == "Running")
    found = kube.api.get("persistentvolumeclaims", kube.name, "data")
    file = kube.cluster.layout.volumes / found["spec"]["volumeName"] / "now"
    with kube.cluster.stopped("kubelet"):
        until(kube.api, "nodes", None, "localhost", lambda one: not node_ready(one))
        before = file.stat().st_mtime_ns
        deadline = time.monotonic() + 30
        while file.stat().st_mtime_ns == before and time.monotonic() < deadline:
            time.sleep(0.1)
        assert file.stat().st_mtime_ns > before
    until(kube.api, "nodes", None, "localhost", node_ready)


def node_ready(node: Object) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in node["status"]["conditions"])
