"""A whole cluster's VMs and claims into the store, beside what only reads and parses the same pages. The API server is
a real one, and it is what both wait for most."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench import listing
from tests.bench.inventories import Read
from tests.bench.pairs import Figure, figure, take_turns
from tests.bench.places import MIB, Place
from tests.kube.cluster import Namespace, cluster
from tests.providers.kubevirt.telling import claim, machine

VMS = 10_000
PEAK_BYTES = 250 * MIB
PADDING = "kubectl.kubernetes.io/last-applied-configuration"  # what most objects of people carry
THREADS = 8


def lists(place: Place) -> list[Figure]:
    with cluster(place.folder, place.folder) as up, up.namespace("bench", level="privileged") as namespace:
        fill(namespace, VMS)
        ours, theirs = Reads("store", up.kubeconfig, place), Reads("raw", up.kubeconfig, place)
        work = f"list of {VMS:,} VMs and as many claims of a real API server, into the store"
        peer = "the same pages by plain HTTP and orjson, and nothing done with them"
        pairs = take_turns(work, ours.seconds, theirs.seconds, place.rounds, warm_up=False)
        up.api.drop()  # its connection was idle for too long
        return [figure(work, peer, pairs, 1.5, "time"), _room(place, ours)]


def fill(namespace: Namespace, number: int) -> None:
    """VMs of about 4 kB, each with a claim."""

    def make(index: int) -> None:
        name = f"vm{index:05}"
        made = machine(name)
        made["metadata"]["annotations"] = {PADDING: json.dumps(made)}
        namespace.api.create("persistentvolumeclaims", namespace.name, claim(f"{name}-root"))
        namespace.api.create("kubevirt.io/v1/virtualmachines", namespace.name, made)

    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(make, range(number)):
            pass


class Reads:
    """Each time by a process of its own."""

    def __init__(self, how: str, kubeconfig: Path, place: Place) -> None:
        self._argv = [sys.executable, listing.__file__, how, str(kubeconfig)]
        self._folder = place.folder
        self.peaks: list[int] = []

    def seconds(self) -> float:
        store = self._folder / "list.db"
        for file in self._folder.glob("list.db*"):
            file.unlink()
        done = subprocess.run([*self._argv, str(store)], stdout=subprocess.PIPE, check=True)
        read = Read(**json.loads(done.stdout))
        if read.vms != VMS:
            raise RuntimeError(f"{read.vms} VMs were read")
        self.peaks.append(read.peak_bytes)
        return read.seconds


def _room(place: Place, ours: Reads) -> Figure:
    return Figure(
        work=f"memory of that process, {VMS:,} VMs", peer="none", goal=f"< {PEAK_BYTES // MIB} MiB",
        found=f"{max(ours.peaks) // MIB} MiB", spread=f"{min(ours.peaks) // MIB} to {max(ours.peaks) // MIB} MiB",
        ours="", theirs="", rounds=place.rounds, is_met=max(ours.peaks) < PEAK_BYTES,
    )  # fmt: skip
