"""containerd's folder with the tools root's layer in it: importing that takes half a minute, once. A cluster gets it by
links; what containerd writes later are files of the cluster's own."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from mtv import toolsroot
from tests.guests.cache import kept
from tests.kube.building import containers
from tests.kube.images.oci import Image, write
from tests.kube.images.worker import CODE, Tree, config, tree

READY_S = 60
CONFIG = """version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{folder}/socket"
"""


def seed() -> Path | None:
    """None where there is no tools root: Pods of that cluster cannot be workers."""
    if not toolsroot.available():
        return None
    layer = tree()
    return (
        kept("worker-seed", [layer.blob.digest, Path(__file__), *CODE], lambda folder: _plant(folder, layer)) / "root"
    )


def _plant(folder: Path, layer: Tree) -> None:
    tar = folder / "tree.tar"
    write(tar, Image.of(config(), [layer.blob]), [layer.name], {layer.blob: layer.file})
    (folder / "containerd.toml").write_text(CONFIG.format(folder=folder))
    _import(folder)
    tar.unlink()
    content = folder / "root/io.containerd.content.v1.content" / layer.blob.path
    content.unlink()
    content.hardlink_to(layer.file)  # the cache holds it once


def _import(folder: Path) -> None:
    programs = containers() / "usr/bin"
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    argv: list[str | Path] = [programs / "containerd", "--config", folder / "containerd.toml"]
    with (folder / "log").open("wb") as log, subprocess.Popen(argv, stdout=log, stderr=log, env=environment) as server:
        try:
            _await(folder / "socket", server)
            ctr: list[str | Path] = [programs / "ctr", "--address", folder / "socket", "--namespace", "k8s.io"]
            subprocess.run([*ctr, "images", "import", folder / "tree.tar"], check=True, capture_output=True)
        finally:
            server.send_signal(signal.SIGTERM)


def _await(socket: Path, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_S
    while not socket.exists():
        if server.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"containerd does not start: {(socket.parent / 'log').read_text()[-2000:]}")
        time.sleep(0.02)


def sow(folder: Path) -> None:
    """As the root folder of a containerd that is not running yet. Its databases are written in place: they are copied,
    and so is everything where the cache lies on another file system."""
    if (source := seed()) is None:
        return
    linked = source.stat().st_dev == folder.parent.stat().st_dev
    subprocess.run(["cp", "--archive", *(["--link"] if linked else []), source, folder], check=True)
    for database in source.rglob("*.db"):
        copy = folder / database.relative_to(source)
        copy.unlink()
        shutil.copy2(database, copy)
