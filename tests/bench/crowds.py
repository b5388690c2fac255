"""Hundreds of VMs into a real cluster at once, by workers that are made up: how long, how many requests, how much
memory. Requests are counted by the API server itself, of mtv's account alone."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import crowd
from tests.bench.inventories import Read
from tests.bench.pairs import Figure
from tests.bench.places import MIB, Place
from tests.kube.api import Api
from tests.kube.cluster import Namespace, cluster

VMS = 500
LONGEST_S = 180
REQUESTS = 12  # a VM
A_SECOND = 50  # requests, over any 10 s
PEAK_BYTES = 300 * MIB
WINDOW_S = 10.0
FLOW = "flowcontrol.apiserver.k8s.io/v1/flowschemas"
ACCOUNT = "mtv"
RULES = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
COUNTED = r'^apiserver_flowcontrol_dispatched_requests_total\{{.*flow_schema="{}".*\}} (\S+)$'
PLAN = """\
apiVersion: mtv/v1
name: crowd
source: estate
target: lab
namespace: {namespace}
select: "1"
networks: [{{from: "*", to: pod}}]
storage: [{{from: "*", to: csi-wffc}}]
guest: {{conversion: none, devices: compatible}}
start: never
limits: {{per_host: {vms}, per_datastore: {vms}}}
"""


def crowds(place: Place) -> list[Figure]:
    with cluster(place.folder, place.folder) as up, up.namespace("bench") as namespace:
        account = namespace.account(ACCOUNT, RULES, RULES)
        with counted(namespace) as counter:
            read = move(place.folder, account, namespace.name, VMS)
    if read.vms != VMS:
        raise RuntimeError(f"{read.vms} VMs were moved")
    return list(_figures(read, counter))


def move(folder: Path, kubeconfig: Path, namespace: str, vms: int) -> Read:
    """By an engine's process of its own; its store is in the folder."""
    env = {**os.environ, "MTV_STORE": str(folder / "crowd.db"), "XDG_DATA_HOME": str(folder), "HOME": str(folder)}
    source = f"memory:{folder}/estate?vms={vms}&disks=1&size_mib=4&flavour=untracked"
    mtv = Path(sys.executable).with_name("mtv")
    for argv in (["add", "provider", "lab", str(kubeconfig), "--kind", "kubevirt"],
                 ["add", "provider", "estate", source, "--kind", "memory"], ["refresh", "estate"]):  # fmt: skip
        subprocess.run([str(mtv), *argv], env=env, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    plan = folder / "crowd.yaml"
    plan.write_text(PLAN.format(namespace=namespace, vms=vms))
    argv = [sys.executable, crowd.__file__, str(plan), str(vms)]
    return Read(**json.loads(subprocess.run(argv, env=env, stdout=subprocess.PIPE, check=True).stdout))


@dataclass
class Counter:
    """How many requests of mtv's account the API server had dispatched, and when."""

    api: Api
    flow: str
    seen: list[tuple[float, int]] = field(default_factory=list)

    def look(self) -> None:
        since = time.monotonic()
        text = self.api.ask("GET", "/metrics").body.decode()
        at = (since + time.monotonic()) / 2  # it was counted somewhere between
        found = re.findall(COUNTED.format(re.escape(self.flow)), text, re.MULTILINE)
        self.seen.append((at, sum(int(float(one)) for one in found)))

    @property
    def whole(self) -> int:
        return self.seen[-1][1] - self.seen[0][1]

    def busiest(self) -> float:
        """Requests a second, over the busiest 10 s."""
        return busiest(self.seen)


def busiest(seen: Sequence[tuple[float, int]]) -> float:
    """Of counts that were looked at now and then, each window as long as it really was, and 10 s at the least."""
    highest, last = 0.0, 0
    for at, before in seen:
        while last < len(seen) and seen[last][0] - at < WINDOW_S:
            last += 1
        if last == len(seen):
            break
        highest = max(highest, (seen[last][1] - before) / (seen[last][0] - at))
    return highest or (seen[-1][1] - seen[0][1]) / WINDOW_S


@contextmanager
def counted(namespace: Namespace) -> Iterator[Counter]:
    """Looked at twice a second meanwhile."""
    flow = f"bench-{namespace.name}"
    subject = {"kind": "ServiceAccount", "serviceAccount": {"name": ACCOUNT, "namespace": namespace.name}}
    rule = {
        "subjects": [subject],
        "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": True,
                           "namespaces": ["*"]}],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    }  # fmt: skip
    spec = {"priorityLevelConfiguration": {"name": "workload-high"}, "matchingPrecedence": 10, "rules": [rule]}
    namespace.api.create(FLOW, None, {"metadata": {"name": flow}, "spec": spec})
    counter, ended = Counter(namespace.api, flow), threading.Event()

    def look() -> None:
        counter.look()
        while not ended.wait(0.5):
            counter.look()
        counter.look()
        counter.api.drop()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield counter
    finally:
        ended.set()
        thread.join()
        namespace.api.drop()  # its connection was idle for too long
        namespace.api.delete(FLOW, None, flow)


def _figures(read: Read, counter: Counter) -> Iterator[Figure]:
    each, busy = counter.whole / VMS, counter.busiest()
    work = f"{VMS} VMs of the memory source into a real API server, workers a fake without Pods: "
    yield _figure(f"{work}created to Succeeded", f"< {LONGEST_S} s", f"{read.seconds:.0f} s", read.seconds < LONGEST_S)
    yield _figure(
        f"{work}requests, as the API server counts them", f"<= {REQUESTS} a VM, <= {A_SECOND}/s over any 10 s",
        f"{each:.1f} a VM, {busy:.1f}/s", each <= REQUESTS and busy <= A_SECOND,
    )  # fmt: skip
    yield _figure(
        f"memory of the engine, {VMS} migrations copying at once", f"< {PEAK_BYTES // MIB} MiB",
        f"{read.peak_bytes // MIB} MiB", read.peak_bytes < PEAK_BYTES,
    )  # fmt: skip


def _figure(work: str, goal: str, found: str, is_met: bool) -> Figure:
    return Figure(
        work=work, peer="none", goal=goal, found=found, spread="one run", ours="", theirs="", rounds=1, is_met=is_met
    )
