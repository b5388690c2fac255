"""Which snapshot class KubeVirt would take for a storage class."""

import pytest

from mtv.providers.kubevirt.snapshots.classes import hindrance
from tests.kube.api import Object

FAST: Object = {"metadata": {"name": "fast"}, "provisioner": "rbd.csi"}


def known(name: str, driver: str = "rbd.csi", **annotations: str) -> Object:
    return {"metadata": {"name": name, "annotations": annotations}, "driver": driver}


def of(name: str) -> Object:
    return {"status": {"snapshotClass": name}}


DEFAULT = {"snapshot.storage.kubernetes.io/is-default-class": "true"}


@pytest.mark.parametrize(
    ("profile", "classes", "why"),
    [
        ({}, [known("a")], ""),
        ({}, [known("a"), known("b", "nfs.csi")], ""),
        ({}, [known("a"), known("b", **DEFAULT)], ""),
        (of("b"), [known("a"), known("b")], ""),
        (of("b"), [known("b", "nfs.csi")], ""),
        (of("b"), [known("a")], "its StorageProfile names snapshot class 'b', and there is none"),
        ({}, [], "no VolumeSnapshotClass is of its driver rbd.csi"),
        ({}, [known("b", "nfs.csi")], "no VolumeSnapshotClass is of its driver rbd.csi"),
        ({}, [known("b"), known("a")], "its driver rbd.csi has several snapshot classes and none is the default: a, b"),
    ],
)
def test_why_kubevirt_takes_none(profile: Object, classes: list[Object], why: str) -> None:
    assert hindrance(FAST, profile, classes) == why
