"""The programs of the cluster: how each is called, started and ended."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.kube.inside.layout import Layout
from tests.kube.inside.network import APISERVER, NODE, SERVICES

ETCD = "http://127.0.0.1:2379"
LOST_S = 8  # until a node that does not say that it lives is lost; the default is 50
TOLERATED_S = 2  # and until its Pods are deleted; the default is 300
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Places:
    """Where the programs lie."""

    servers: Path
    containers: Path

    def path(self) -> str:
        return ":".join([f"{self.containers}/usr/bin", f"{self.containers}/usr/sbin", os.environ.get("PATH", "")])


def commands(layout: Layout, places: Places) -> dict[str, list[str]]:
    folder, servers, admin = layout.folder, places.servers, layout.admin
    return {
        "containerd": [f"{places.containers}/usr/bin/containerd", "-c", f"{folder}/containerd.toml"],
        "etcd": [
            f"{servers}/etcd", f"--data-dir={layout.databases}/etcd", f"--listen-client-urls={ETCD}",
            f"--advertise-client-urls={ETCD}", "--listen-peer-urls=http://127.0.0.1:2380", "--unsafe-no-fsync=true",
        ],
        "kube-apiserver": apiserver(layout, servers),
        "kube-controller-manager": [
            f"{servers}/kube-controller-manager", f"--kubeconfig={admin}", "--leader-elect=false",
            f"--service-account-private-key-file={layout.certificates}/accounts.key",
            f"--root-ca-file={layout.certificates}/ca.crt", "--controllers=*,-nodeipam",
            "--use-service-account-credentials=true", "--node-monitor-period=1s",
            f"--node-monitor-grace-period={LOST_S}s", "--kube-api-qps=300", "--kube-api-burst=600",
            "--flex-volume-plugin-dir=" + f"{folder}/plugins",
        ],
        "kube-scheduler": [
            f"{servers}/kube-scheduler", f"--kubeconfig={admin}", "--leader-elect=false",
            f"--authentication-kubeconfig={admin}", f"--authorization-kubeconfig={admin}",
            "--kube-api-qps=300", "--kube-api-burst=600",
        ],
        "kubelet": [
            f"{servers}/kubelet", f"--kubeconfig={admin}", f"--config={folder}/kubelet.yaml",
            f"--root-dir={folder}/kubelet", "--hostname-override=localhost", f"--node-ip={NODE}",
        ],
        "fakes": [sys.executable, "-m", "tests.kube.fakes", str(folder)],
    }  # fmt: skip


def apiserver(layout: Layout, servers: Path) -> list[str]:
    """It listens where the Service "kubernetes" is, and on loopback. Logs of Pods are fetched from the node by its
    name, which must be localhost."""
    certs = layout.certificates
    return [
        f"{servers}/kube-apiserver", f"--etcd-servers={ETCD}", "--bind-address=0.0.0.0", "--secure-port=443",
        f"--advertise-address={NODE}", f"--cert-dir={certs}", f"--tls-cert-file={certs}/apiserver.crt",
        f"--tls-private-key-file={certs}/apiserver.key", f"--service-cluster-ip-range={SERVICES}",
        "--authorization-mode=RBAC", f"--client-ca-file={certs}/ca.crt", "--allow-privileged=true",
        f"--service-account-issuer=https://{APISERVER}/", f"--service-account-key-file={certs}/accounts.pub",
        f"--service-account-signing-key-file={certs}/accounts.key", "--kubelet-preferred-address-types=Hostname",
        f"--kubelet-client-certificate={certs}/admin.crt", f"--kubelet-client-key={certs}/admin.key",
        f"--default-not-ready-toleration-seconds={TOLERATED_S}",
        f"--default-unreachable-toleration-seconds={TOLERATED_S}",
        "--enable-aggregator-routing=true", f"--requestheader-client-ca-file={certs}/ca.crt",
        "--requestheader-allowed-names=front-proxy", "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group", "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={certs}/front-proxy.crt", f"--proxy-client-key-file={certs}/front-proxy.key",
    ]  # fmt: skip


def follow_to_the_grave() -> None:
    """A program ends with the supervisor, however that ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass
class Programs:
    """Those that run, by name."""

    commands: Mapping[str, list[str]]
    logs: Path
    path: str
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        if name in self.running:
            return
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                self.commands[name], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "PATH": self.path, "PYTHONUNBUFFERED": "1"}, preexec_fn=follow_to_the_grave,  # noqa: PLW1509
            )  # fmt: skip

    def stop(self, name: str, how: int = signal.SIGKILL) -> None:
        """Killed: by TERM the apiserver and etcd linger for a minute. Containers go on without their kubelet."""
        if process := self.running.pop(name, None):
            process.send_signal(how)
            process.wait()

    def fallen(self) -> str | None:
        """One that ended of itself, with the end of its log."""
        for name, process in self.running.items():
            if process.poll() is not None:
                return f"{name} ended with {process.returncode}: {(self.logs / f'{name}.log').read_text()[-3000:]}"
        return None
