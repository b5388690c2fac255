"""Moves into the tests' cluster as a user makes them. The vCenter and the API server are reached by the same addresses
from `mtv` and from Pods: `mtv` runs in the cluster's network."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtv.providers.vsphere.rights.roles import FOLDER, Role
from tests.e2e.moving import Desk
from tests.e2e.vsphere import NAME, Yard
from tests.kube.api import path
from tests.kube.cluster import Cluster, Namespace
from tests.kube.fakes.kubevirt.booting import SEEN
from tests.kube.fakes.kubevirt.machines import VMS
from tests.kube.pods import place
from tests.kube.waiting import until
from tests.vcenter.machines import allow
from tests.vcenter.server import ADMIN, COPY, VCenter

LAB, LOOK_S, BOOTS_S = "lab", 0.1, 300


def network(cluster: Cluster) -> Path:
    """The cluster's own, by a process that lives in it."""
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"tests.kube.fakes" in words and str(cluster.layout.folder).encode() in words:
            return folder / "ns/net"
    raise LookupError("no process of the cluster is there")


def workers(namespace: str) -> list[int]:
    """The processes of the workers of that namespace, as this machine numbers them."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"--lease" in words and any(word.startswith(f"{namespace}/".encode()) for word in words):
            found.append(int(folder.name))
    return sorted(found)


@dataclass(frozen=True)
class Inside(Desk):
    """Commands run in the cluster's network."""

    network: Path = Path()
    environment: Mapping[str, str] = field(default_factory=dict)

    def argv(self, *words: str) -> list[str]:
        return ["nsenter", f"--net={self.network}", str(Path(sys.executable).with_name("mtv")), *words]

    def settings(self) -> dict[str, str]:
        return {**os.environ, "MTV_DATA": str(self.folder / "data"), **self.environment}

    def mtv(self, *arguments: str, timeout_s: float = 900) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.argv(*arguments), cwd=self.folder, env=self.settings(), capture_output=True, text=True,
            timeout=timeout_s, check=False,
        )  # fmt: skip


def chosen(image: str) -> dict[str, str]:
    """How workers run: their image is in the cluster."""
    return {"MTV_WORKER_IMAGE": image, "MTV_WORKER_PULL": "Never", "MTV_WORKER_SCRATCH_CLASS": "local-wffc"}


@dataclass(frozen=True)
class Harbour(Yard):
    """A desk that knows a vCenter and the cluster."""

    kube: Namespace

    @classmethod
    def at(cls, vc: VCenter, kube: Namespace, image: str, folder: Path, of: Role = FOLDER) -> "Harbour":
        made = cls(vc, Inside(folder, network(kube.cluster), chosen(image)), kube)
        with vc.connected() as service:
            allow(service, COPY, of.given)
        secret, copy_secret = made._secret("control", ADMIN), made._secret("copy", COPY)
        url = f"https://{kube.cluster.expose(vc.port)}/sdk"
        made.mtv(
            "add", "provider", NAME, url, "--kind", "vsphere", "--user", ADMIN, "--secret", secret,
            "--copy-user", COPY, "--copy-secret", copy_secret, "--fingerprint", vc.certificate.sha256,
        )  # fmt: skip
        made.mtv("add", "provider", LAB, f"{kube.cluster.layout.admin}?namespace={kube.name}", "--kind", "kubevirt")
        return made

    def into(self, storage: str = '[{from: "*", to: csi-wffc, volume: Filesystem}]', **keys: str) -> dict[str, str]:
        """A plan's keys for a move into the test's namespace."""
        return {"target": LAB, "namespace": self.kube.name, "storage": storage, **keys}

    def move(self, names: Sequence[str], storage: str, **keys: str) -> str:
        """Read the estate, and run a plan for these to its end. Gives all that was said."""
        self.mtv("refresh", NAME)
        return self.go_on(self.plan(names, **self.into(storage, **keys)))

    def seen(self, name: str) -> str:
        """What a VM that boots showed, once it did."""
        noted = until(
            self.kube.api, VMS, self.kube.name, name, lambda one: SEEN in one["metadata"]["annotations"], BOOTS_S
        )
        return str(noted["metadata"]["annotations"][SEEN])

    def vm(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.kube.api.get(VMS, self.kube.name, name)
        return found

    def left(self) -> set[str]:
        """Names of all that mtv made in the namespace but VMs and what stands beside them."""
        kinds = (
            "persistentvolumeclaims",
            "secrets",
            "serviceaccounts",
            "batch/v1/jobs",
            "coordination.k8s.io/v1/leases",
        )
        ours = {"labelSelector": "app.kubernetes.io/managed-by=mtv"}
        found = [one for kind in kinds for one in self.kube.api.items(kind, self.kube.name, **ours)]
        return {one["metadata"]["name"] for one in found}

    @contextmanager
    def running(self, plan: Path) -> Iterator["subprocess.Popen[str]"]:
        """An engine, ended with the block."""
        assert isinstance(self.desk, Inside)
        with subprocess.Popen(
            self.desk.argv("run", str(plan)), cwd=self.desk.folder, env=self.desk.settings(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as engine:  # fmt: skip
            try:
                yield engine
            finally:
                engine.kill()

    def kill_container(self, worker: str) -> None:
        """With signal 9, from the node, once the worker of that step and attempt has said hello."""
        until(self.kube.api, "pods", self.kube.name, self._pod(worker), lambda one: one["status"]["phase"] == "Running")
        where = path("pods", self.kube.name, self._pod(worker), "log")
        while b'"hello"' not in self.kube.api.ask("GET", where).body:
            time.sleep(LOOK_S)
        for process in workers(self.kube.name):
            with suppress(ProcessLookupError):  # they go with the first one
                os.kill(process, signal.SIGKILL)

    def _pod(self, worker: str) -> str:
        """Waits until it is there: each look is a request of the test's own."""
        while True:
            for one in self.kube.api.items("pods", self.kube.name):
                name: str = one["metadata"]["name"]
                if f"-{worker}-" in name:
                    return name
            time.sleep(LOOK_S)

    def stored(self, name: str, size_bytes: int) -> bytes:
        """What a claim's disk holds; nothing lies behind its end."""
        found = place(self.kube, name)
        os.sync()
        held = (found if found.is_block_device() else found / "disk.img").read_bytes()
        assert not any(held[size_bytes:])
        return held[:size_bytes]
