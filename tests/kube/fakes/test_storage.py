"""Claims are bound to volumes that a Pod of uid 107 can write to, and are gone when nobody claims them."""

import os
import stat
from pathlib import Path

import pytest

from tests.kube.api import Object, path
from tests.kube.cluster import Namespace
from tests.kube.fakes.quantities import amount, said, with_overhead
from tests.kube.pods import claim, pod
from tests.kube.waiting import until

CLAIMS = "persistentvolumeclaims"
WRITE = {
    "Filesystem": "printf abc > /data/disk.img; stat -c %u /data/disk.img",
    "Block": "printf abc > /dev/data; id -u",
}


def bound(one: Object) -> bool:
    return bool(one["status"]["phase"] == "Bound")


def place(kube: Namespace, name: str) -> Path:
    volume: str = kube.api.get(CLAIMS, kube.name, name)["spec"]["volumeName"]
    return kube.cluster.layout.volumes / volume


@pytest.mark.parametrize("mode", ["Filesystem", "Block"])
def test_a_claim_is_bound_when_a_pod_wants_it_and_written_to(kube: Namespace, mode: str) -> None:
    kube.api.create(CLAIMS, kube.name, claim("data", "10Mi", mode, "local-wffc"))
    assert kube.api.get(CLAIMS, kube.name, "data")["status"]["phase"] == "Pending"
    kube.api.create("pods", kube.name, pod("writer", WRITE[mode], [("data", mode)]))
    until(kube.api, "pods", kube.name, "writer", lambda one: one["status"]["phase"] == "Succeeded")
    assert kube.api.ask("GET", path("pods", kube.name, "writer", "log")).body == b"107\n"
    os.sync()
    file = place(kube, "data")
    assert (file / "disk.img" if mode == "Filesystem" else file).read_bytes()[:3] == b"abc"
    assert mode == "Filesystem" or file.stat().st_size == 10 << 20


def test_an_immediate_claim_is_bound_at_once_and_its_volume_goes_with_it(kube: Namespace) -> None:
    kube.api.create(CLAIMS, kube.name, claim("data", "10Mi", "Block", "csi"))
    until(kube.api, CLAIMS, kube.name, "data", bound)
    file = place(kube, "data")
    (device,) = (kube.api.get("persistentvolumes", None, file.name)["spec"]["local"]["path"],)
    assert stat.S_ISBLK(os.stat(device).st_mode)
    kube.api.delete(CLAIMS, kube.name, "data")
    until(kube.api, "persistentvolumes", None, file.name, None)


def test_a_class_that_nobody_plays_binds_nothing(kube: Namespace) -> None:
    kube.api.create(CLAIMS, kube.name, claim("odd", "10Mi", "Filesystem", "odd"))
    kube.api.create(CLAIMS, kube.name, claim("data", "10Mi", "Filesystem", "local"))
    until(kube.api, CLAIMS, kube.name, "data", bound)
    assert kube.api.get(CLAIMS, kube.name, "odd")["status"]["phase"] == "Pending"


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [("1572864k", 1500 << 20), ("100Mi", 100 << 20), ("1.5Gi", 3 << 29), (512, 512), ("1e3", 1000)],
)
def test_quantities(text: str | int, size_bytes: int) -> None:
    assert amount(text) == size_bytes


def test_sizes_as_cdi_says_them() -> None:
    assert said(1500 << 20) == "1572864k"
    assert with_overhead(100 << 20) == 111149056
