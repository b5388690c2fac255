"""A disk is uploaded as CDI was seen to take it: whole or not at all, and to who has a token."""

import os

import pytest

from tests.kube.api import Api, Object, Reply
from tests.kube.cluster import Namespace
from tests.kube.fakes.cdi.life import KIND
from tests.kube.fakes.cdi.test_volumes import CLAIMS, UPLOAD, done, make, phases, place, volume, write
from tests.kube.fakes.serving import PORT
from tests.kube.waiting import until

MIB = 1 << 20


@pytest.fixture
def proxy(kube: Namespace) -> Api:
    """As its CDIConfig names it; this machine reaches it by another address."""
    status = kube.api.get("cdi.kubevirt.io/v1beta1/cdiconfigs", None, "config")["status"]
    assert status["uploadProxyURL"].endswith(str(PORT))
    return Api(f"https://{kube.cluster.reach(PORT)}", kube.api.context)


def token(kube: Namespace, claim: str = "disk0") -> Reply:
    body: Object = {"apiVersion": "upload.cdi.kubevirt.io/v1beta1", "kind": "UploadTokenRequest",
                    "metadata": {"name": claim}, "spec": {"pvcName": claim}}  # fmt: skip
    where = f"/apis/upload.cdi.kubevirt.io/v1beta1/namespaces/{kube.name}/uploadtokenrequests"
    return kube.api.ask("POST", where, body)


def send(proxy: Api, given: str, data: bytes, method: str = "POST", way: str = "upload") -> Reply:
    headers = {"Authorization": f"Bearer {given}"} if given else {}
    return proxy.ask(method, f"/v1beta1/{way}", data, headers)


def test_a_disk_arrives_and_the_phase_goes_back_before_the_end(kube: Namespace, proxy: Api) -> None:
    made = make(kube, volume(UPLOAD, "local", "Block", "2Mi"))
    assert phases(kube, "UploadReady", made)[-2:] == ["UploadScheduled", "UploadReady"]
    assert kube.api.get(CLAIMS, kube.name, "disk0-scratch")["spec"]["volumeMode"] == "Filesystem"
    write(place(kube), b"x" * 2 * MIB)
    reply = token(kube)
    assert reply.status == 200, "and not 201"
    given = reply.object["status"]["token"]
    assert send(proxy, given, b"", "HEAD", "upload-async").status == 200
    image = b"a disk" + bytes(MIB - 6)
    assert send(proxy, given, image).status == 200
    assert phases(kube, "Succeeded", made)[-2:] == ["UploadScheduled", "Succeeded"]
    found = until(kube.api, KIND, kube.name, "disk0", done)
    assert found["status"]["progress"] == "N/A", "even now"
    os.sync()
    held = place(kube).read_bytes()
    assert held[:MIB] == image, "its holes are zeroed"
    assert held[MIB:] == b"x" * MIB, "what lies behind it is not"
    assert send(proxy, given, image).status == 503, "it is taken once"


def test_an_image_that_is_too_large_leaves_no_trace(kube: Namespace, proxy: Api) -> None:
    made = make(kube, volume(UPLOAD, "local", size="1Mi"))
    phases(kube, "UploadReady", made)
    given = token(kube).object["status"]["token"]
    reply = send(proxy, given, bytes(2 * MIB))
    assert (reply.status, b"is larger than" in reply.body) == (400, True)
    assert kube.api.get(KIND, kube.name, "disk0")["status"]["phase"] == "UploadReady"
    assert send(proxy, given, bytes(MIB)).status == 200, "and another whole one is taken"
    until(kube.api, KIND, kube.name, "disk0", done)


def test_who_has_no_token_is_told_so(kube: Namespace, proxy: Api) -> None:
    assert send(proxy, "", b"").status == 400
    assert send(proxy, "a.b.c", b"").status == 401
    absent = token(kube, "absent")
    assert absent.status == 200, "for a claim that is not there, too"
    assert send(proxy, absent.object["status"]["token"], b"").status == 503
