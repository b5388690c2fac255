"""Builds Kubernetes and etcd from the Go modules that go.sum names, and keeps them in the tests' cache: four and a
half minutes on two cores, once."""

import hashlib
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

from tests.guests.cache import kept
from tests.vcenter.building import environment, toolchain, version_of

SOURCE = Path(__file__).parent / "servers"
VERSION = "v1.34.4"
ETCD = "go.etcd.io/etcd/server/v3"
BUSYBOX = Path("/bin/busybox")  # Debian's static one
IMAGES = ("localhost/pause:1", "localhost/busybox:1")
SERVERS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet")


def servers() -> Path:
    """The folder with etcd and the four of Kubernetes."""
    go = toolchain()
    parts: list[Path | str] = [SOURCE / "go.mod", SOURCE / "go.sum", VERSION, ".".join(map(str, version_of(go)))]
    return kept("kube", parts, lambda folder: _build(go, folder))


def _build(go: Path, folder: Path) -> None:
    """They say their version in the client's handshake and in the node's status, so it is told to the linker."""
    major, minor = VERSION.removeprefix("v").split(".")[:2]
    told = {"gitVersion": VERSION, "gitMajor": major, "gitMinor": minor}
    flags = " ".join(["-s -w", *(f"-X k8s.io/component-base/version.{name}={value}" for name, value in told.items())])
    argv: list[str | Path] = [go, "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", f"{folder}/"]
    argv += [ETCD, *(f"k8s.io/kubernetes/cmd/{name}" for name in SERVERS)]
    done = subprocess.run(argv, cwd=SOURCE, capture_output=True, text=True, check=False, env=environment())
    if done.returncode:
        raise RuntimeError(f"Kubernetes does not build: {done.stderr}")
    (folder / "server").rename(folder / "etcd")


def containers() -> Path:
    """containerd, runc and the plugins of Pods' networks, as scripts/setup unpacks Debian's packages."""
    place = Path(os.environ.get("MTV_CACHE") or Path.home() / ".cache/mtv") / "containers"
    if not (place / "usr/bin/containerd").exists():
        raise RuntimeError("no containerd in the cache; scripts/setup unpacks one")
    return place


def image() -> Path:
    """A shell and its tools; started without a command it waits for ever, as the holder of a Pod's namespaces does."""
    return kept("kube-image", [BUSYBOX, Path(__file__)], _pack) / "image.tar"


def _pack(folder: Path) -> None:
    listed = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split()
    with tarfile.open(folder / "layer.tar", "w") as layer:
        layer.add(BUSYBOX, "bin/busybox", filter=_anybody_s)
        for name in set(listed) - {"busybox"}:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            layer.addfile(link)
        for name, mode in (("tmp", 0o1777), ("etc", 0o755)):
            made = tarfile.TarInfo(name)
            made.type, made.mode = tarfile.DIRTYPE, mode
            layer.addfile(made)
    wrap(folder / "layer.tar", folder / "image.tar", IMAGES, ["/bin/busybox", "tail", "-f", "/dev/null"])


def _anybody_s(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.mode, info.uid, info.gid, info.uname, info.gname = 0o755, 0, 0, "", ""
    return info


def wrap(layer: Path, out: Path, names: Sequence[str], entrypoint: Sequence[str]) -> None:
    """A root file system as an image that containerd imports."""
    with layer.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        "config": {"Entrypoint": list(entrypoint), "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]},
    }).encode()  # fmt: skip
    called = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = json.dumps([{"Config": called, "RepoTags": list(names), "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(out, "w") as tar:
        for name, data in ((called, config), ("manifest.json", manifest)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        tar.add(layer, "layer.tar")
