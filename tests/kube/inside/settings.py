"""The files that the cluster's programs read."""

import base64
import json
from pathlib import Path

import yaml

from tests.kube.inside.layout import Layout
from tests.kube.inside.network import PODS

PAUSE = "localhost/pause:1"

CONTAINERD = """version = 2
root = "{folder}/containers"
state = "{folder}/run"
[grpc]
  address = "{runtime}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  disable_apparmor = true
  device_ownership_from_security_context = true   # else uid 107 may not open a Block claim
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{folder}/cni"
"""

BRIDGE = {
    "cniVersion": "0.4.0",
    "name": "pods",
    "plugins": [
        {
            "type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": False,
            "ipam": {"type": "host-local", "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}]},
        },
        {"type": "loopback"},
    ],
}  # fmt: skip


def kubelet(layout: Layout) -> dict[str, object]:
    """evictionHard is zero because the file system's device cannot be found in a mount namespace of our own, and
    because the kernel's cache of what other tests read counts as memory in use: Pods would go for it."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "127.0.0.1",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": f"{layout.certificates}/ca.crt"},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": layout.cgroup,
        "enforceNodeAllocatable": [],
        "failSwapOn": False,
        "failCgroupV1": False,
        "containerRuntimeEndpoint": f"unix://{layout.runtime}",
        "evictionHard": {"nodefs.available": "0%", "imagefs.available": "0%", "memory.available": "0%"},
        "resolvConf": "/dev/null",
        "clusterDNS": ["127.0.0.1"],
        "podLogsDir": f"{layout.folder}/podlogs",
        "imageGCHighThresholdPercent": 100,
        "localStorageCapacityIsolation": False,
        "makeIPTablesUtilChains": False,
        "nodeStatusUpdateFrequency": "2s",
        "nodeLeaseDurationSeconds": 6,
        "volumePluginDir": f"{layout.folder}/plugins",
        "syncFrequency": "10s",
    }


def kubeconfig(server: str, authority: bytes, user: dict[str, object], namespace: str = "default") -> str:
    """One cluster, one user, one context, all named test."""
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "test", "cluster": {
                    "server": server, "certificate-authority-data": base64.b64encode(authority).decode(),
                }}
            ],
            "users": [{"name": "test", "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": namespace}}],
            "current-context": "test",
        },
        sort_keys=False,
    )  # fmt: skip


def certified(layout: Layout, name: str) -> dict[str, object]:
    certs = layout.certificates
    return {"client-certificate": f"{certs}/{name}.crt", "client-key": f"{certs}/{name}.key"}


def write(layout: Layout, plugins: Path) -> None:
    for folder in ("run", "cni", "volumes", "podlogs", "plugins"):
        (layout.folder / folder).mkdir()
    text = CONTAINERD.format(folder=layout.folder, runtime=layout.runtime, pause=PAUSE, plugins=plugins)
    (layout.folder / "containerd.toml").write_text(text)
    (layout.folder / "cni/10-bridge.conflist").write_text(json.dumps(BRIDGE))
    (layout.folder / "kubelet.yaml").write_text(yaml.safe_dump(kubelet(layout)))
    authority = (layout.certificates / "ca.crt").read_bytes()
    layout.admin.write_text(kubeconfig("https://127.0.0.1:443", authority, certified(layout, "admin")))
