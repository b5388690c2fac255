"""A VM that shall really boot: from a file and from a device, as its manifest says, and its own guest answers."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.guests.guests import Guest
from tests.kube.api import Object
from tests.kube.cluster import Namespace
from tests.kube.fakes.kubevirt.booting import BOOT, SEEN
from tests.kube.fakes.kubevirt.life import VMIS
from tests.kube.fakes.kubevirt.machines import VMS
from tests.kube.fakes.kubevirt.state import says
from tests.kube.fakes.kubevirt.vms import vm
from tests.kube.pods import WRITER, claim
from tests.kube.waiting import until

CLAIMS, BOOTS_S = "persistentvolumeclaims", 300


def place(kube: Namespace, name: str) -> Path:
    found = until(kube.api, CLAIMS, kube.name, name, lambda one: one["status"].get("phase") == "Bound")
    volume = kube.api.get("persistentvolumes", None, found["spec"]["volumeName"])
    return Path(volume["spec"]["local"]["path"])


def fill(kube: Namespace, name: str, disk: Path, mode: str) -> None:
    """A claim of that mode that holds the disk."""
    kube.api.create(CLAIMS, kube.name, claim(name, str(disk.stat().st_size), mode, "local"))
    into = place(kube, name)
    if mode == "Filesystem":
        into /= "disk.img"
        shutil.copy(disk, into)
        os.chown(into, WRITER, WRITER)
    else:
        subprocess.run(["qemu-img", "convert", "-n", "-O", "raw", "-f", "raw", disk, into], check=True)


def booting(name: str, claims: list[str]) -> Object:
    made = vm(name, strategy="Always", memory={"guest": "512Mi"}, cpu={"cores": 2})
    made["metadata"]["labels"] = {BOOT: "true"}
    spec = made["spec"]["template"]["spec"]
    spec["domain"]["devices"]["disks"] = [{"name": one, "disk": {"bus": "virtio"}} for one in claims]
    spec["volumes"] = [{"name": one, "persistentVolumeClaim": {"claimName": one}} for one in claims]
    return made


@pytest.mark.appliance
def test_a_guest_comes_up_from_its_claims_and_answers_itself(kube: Namespace, fit_debian: Guest) -> None:
    for number, (disk, mode) in enumerate(zip(fit_debian.disks, ("Filesystem", "Block"), strict=True)):
        fill(kube, f"disk{number}", disk, mode)
    kube.api.create(VMS, kube.name, booting("db01", ["disk0", "disk1"]))
    answers = until(kube.api, VMIS, kube.name, "db01", lambda one: bool(says(one, "AgentConnected")), BOOTS_S)
    assert says(answers, "AgentConnected")["status"] == "True"
    found = kube.api.get(VMS, kube.name, "db01")
    assert found["metadata"]["annotations"][SEEN] == f"login prompt of {fit_debian.hostname}"
    where = f"/apis/subresources.kubevirt.io/v1/namespaces/{kube.name}/virtualmachineinstances/db01/guestosinfo"
    assert kube.api.want("GET", where)["hostname"] == fit_debian.hostname
    kube.api.delete(VMS, kube.name, "db01")
