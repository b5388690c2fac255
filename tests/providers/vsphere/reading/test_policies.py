"""Storage policies from a policy service that answers as a vCenter's does: the simulator knows none of a disk."""

import re
import socket
from collections.abc import Callable

import pytest

from mtv.providers.vsphere.reading.policies import policies
from mtv.providers.vsphere.wire.soap import SoapFault
from tests.providers.vsphere.opening import Impostor, http, soap

GOLD, PLAIN = "aa6d5a82-1c88-45da-85d3-3d74b91a5bad", "f4e5bade-15a2-4805-bf8e-52318c4ce443"
NAMES = {GOLD: "gold & silver", PLAIN: "plain"}
DISKS = {GOLD: ("vm-17:2000", "vm-18:2000"), PLAIN: ("vm-17:2001",)}
REFUSED = "<soapenv:Fault><faultcode>Server</faultcode><faultstring>no permission</faultstring></soapenv:Fault>"


def response(method: str, *values: str) -> str:
    told = "".join(f"<returnval>{one}</returnval>" for one in values)
    return f'<{method}Response xmlns="urn:pbm">{told}</{method}Response>'


def id_of(profile: str) -> str:
    return f"<profileId><uniqueId>{profile}</uniqueId></profileId>"


def content(profile: str) -> str:
    return f"{id_of(profile)}<name>{NAMES[profile].replace('&', '&amp;')}</name><description>of {profile}</description>"


def entities(profile: str) -> list[str]:
    return [f"<objectType>virtualDiskId</objectType><key>{one}</key><serverUuid>s</serverUuid>"
            for one in DISKS[profile]]  # fmt: skip


def service(method: str, body: str) -> str:
    """What the policy service says; it is asked for a profile's disks by the profile's id."""
    asked = re.findall("<uniqueId>([^<]*)<", body)
    match method:
        case "PbmRetrieveServiceContent":
            manager = '<profileManager type="PbmProfileProfileManager">ProfileManager</profileManager>'
            return response(method, manager)
        case "PbmQueryProfile":
            return response(method, *(f"<uniqueId>{one}</uniqueId>" for one in NAMES))
        case "PbmRetrieveContent":
            return response(method, *(content(one) for one in asked))
    assert (method, "<entityType>virtualDiskId</entityType>" in body) == ("PbmQueryAssociatedEntity", True)
    return response(method, *entities(asked[0]))


def serving(impostor: Impostor, say: Callable[[str, str], str]) -> None:
    def answer(sock: socket.socket) -> None:
        body = impostor.requests[-1].decode()
        found = re.search("<(Pbm[A-Za-z]+)", body)
        assert found
        told = http(soap(say(found[1], body)))
        sock.sendall(told.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))

    impostor.answer = answer


def test_each_disk_has_the_name_of_its_policy(impostor: Impostor) -> None:
    serving(impostor, service)
    found = policies(impostor.session(), "vc")
    assert {one.id: one.name for one in found.all} == NAMES
    assert found.all[0].description == f"of {GOLD}"
    assert found.disks == {"vm-17": {"2000": "gold & silver", "2001": "plain"}, "vm-18": {"2000": "gold & silver"}}
    assert found.missed == ""


def test_without_disks_the_policies_stay_and_the_gap_is_told(impostor: Impostor) -> None:
    serving(impostor, lambda method, body: REFUSED if "Associated" in method else service(method, body))
    found = policies(impostor.session(), "vc")
    assert [one.name for one in found.all] == list(NAMES.values())
    assert found.disks == {}
    assert "no permission" in found.missed


def test_a_service_that_says_nothing_raises(impostor: Impostor) -> None:
    serving(impostor, lambda method, body: REFUSED)
    with pytest.raises(SoapFault, match="no permission"):
        policies(impostor.session(), "vc")
