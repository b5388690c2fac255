"""The certificate is compared at every connection: ours, and those of pyVmomi's calls."""

import logging
import ssl
import subprocess
import sys
from typing import Any

import pytest
from pyVmomi import SoapStubAdapter, vim

from mtv.errors import CheckFailed, MtvError, Refused
from mtv.providers.vsphere.wire import vmomi
from mtv.providers.vsphere.wire.address import Address, read_address
from mtv.providers.vsphere.wire.soap import Ref
from mtv.providers.vsphere.wire.trust import Trust, trust
from tests.providers.vsphere.opening import session_of
from tests.vcenter.server import VCenter

SERVICE = Ref("ServiceInstance", "ServiceInstance")


def pinned(vc: VCenter) -> Trust:
    return trust(fingerprint=vc.certificate.sha256)


def test_a_ca_and_a_pin_each_lead_in(vc: VCenter) -> None:
    for how in (trust(ca=str(vc.authority.file)), pinned(vc), trust(str(vc.authority.file), vc.certificate.sha256)):
        session = session_of(vc, trust=how)
        assert session.call("CurrentTime", SERVICE)[0].text
        session.close()


def test_the_systems_cas_do_not_know_the_tests_one(vc: VCenter) -> None:
    with pytest.raises(CheckFailed) as caught:
        session_of(vc, trust=trust()).call("CurrentTime", SERVICE)
    assert caught.value.fault.code == "vsphere.certificate"
    assert "--ca" in caught.value.fault.hint


def test_a_wrong_pin_is_refused_although_the_ca_is_right(vc: VCenter) -> None:
    how = trust(str(vc.authority.file), "ab" * 32)
    with pytest.raises(CheckFailed, match="is not the pinned one: found") as caught:
        session_of(vc, trust=how).call("CurrentTime", SERVICE)
    assert caught.value.fault.code == "vsphere.certificate-changed"


def test_a_sha1_is_a_pin_too_where_a_vcenter_says_no_more_of_its_host(vc: VCenter) -> None:
    right = vc.certificate.sha1.replace(":", "").lower()
    assert session_of(vc, trust=Trust(fingerprint=right)).call("CurrentTime", SERVICE)[0].text
    with pytest.raises(CheckFailed, match="is not the pinned one"):
        session_of(vc, trust=Trust(fingerprint="ab" * 20)).call("CurrentTime", SERVICE)


def test_an_expired_certificate_is_named(vc: VCenter) -> None:
    vc.show_certificate(vc.authority.issue("old", days=-3))
    with pytest.raises(CheckFailed, match="has expired"):
        session_of(vc).call("CurrentTime", SERVICE)


@pytest.mark.parametrize("insecure", [False, True])
def test_a_certificate_that_changes_while_we_work_is_refused_by_name(vc: VCenter, insecure: bool) -> None:
    session = session_of(vc, trust=trust(insecure=True) if insecure else pinned(vc))
    session.call("CurrentTime", SERVICE)
    vc.show_certificate(vc.authority.issue("other"))
    session.call("CurrentTime", SERVICE)  # the connection that is open already goes on
    session._idle.pop().close()
    with pytest.raises(CheckFailed, match="changed while we worked"):
        session.call("CurrentTime", SERVICE)


def test_insecure_is_loud(vc: VCenter, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        session_of(vc, trust=trust(insecure=True))
    assert "INSECURE" in caplog.text


def test_pyvmomis_own_hole_is_still_there(vc: VCenter) -> None:
    """Why its transport is not used: a pin and a context of one's own, and the second connection is not looked at."""
    stub = SoapStubAdapter(
        vc.host, vc.port, version="vim.version.v8_0_3_0", thumbprint=vc.certificate.sha256.replace(":", ""),
        sslContext=ssl.create_default_context(),
    )  # fmt: skip
    service = vim.ServiceInstance("ServiceInstance", stub)
    assert service.content.about.apiType == "VirtualCenter"
    vc.show_certificate(vc.authority.issue("other"))
    stub.DropConnections()
    assert service.RetrieveContent().about.apiType, "pyVmomi has closed its hole: its transport may do"
    stub.DropConnections()


def test_over_our_connections_pyvmomi_refuses_what_we_refuse(vc: VCenter) -> None:
    session = session_of(vc, trust=pinned(vc))
    service: Any = vmomi.service(session)
    assert service.content.about.apiType == "VirtualCenter"
    vc.show_certificate(vc.authority.issue("other"))
    service._stub.DropConnections()
    with pytest.raises(CheckFailed, match="changed while we worked"):
        service.CurrentTime()
    service._stub.DropConnections()


def test_pyvmomi_shares_our_session_and_its_new_login(vc: VCenter) -> None:
    session = session_of(vc)
    service: Any = vmomi.service(session)
    assert service.content.rootFolder.name == "Datacenters"
    vc.expire()
    assert service.content.rootFolder.name == "Datacenters"
    assert session.logins == 2
    service._stub.DropConnections()
    session.close()
    assert not vc.state()["sessions"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("vc01", Address("vc01")),
        ("vc01.example.com:8443", Address("vc01.example.com", 8443)),
        ("https://vc01/sdk", Address("vc01")),
        ("https://vc01/ui/", Address("vc01")),
        ("[2001:db8::1]", Address("2001:db8::1")),
        ("2001:db8::1", Address("2001:db8::1")),
        ("https://[2001:db8::1]:444/sdk", Address("2001:db8::1", 444)),
    ],
)
def test_addresses(text: str, found: Address) -> None:
    assert read_address(text) == found
    assert read_address(str(found)) == found


@pytest.mark.parametrize(
    "text", ["", "http://vc01", "https://u:p@vc01", "vc01/folder", "vc01:99999", "https://vc01?x=1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read_address(text)
    assert caught.value.fault.code == "vsphere.address"
    assert "u:p" not in caught.value.fault.text


@pytest.mark.parametrize("given", ["ab" * 20, "xyz", "ab:cd"])
def test_what_is_no_sha256_is_refused(given: str) -> None:
    with pytest.raises(Refused, match="no SHA-256 fingerprint"):
        trust(fingerprint=given)


def test_insecure_goes_with_nothing_else(tmp_path: Any) -> None:
    with pytest.raises(Refused, match="contradict"):
        trust(fingerprint="ab" * 32, insecure=True)
    with pytest.raises(MtvError, match="not there"):
        trust(ca=str(tmp_path / "ca.pem"))


def test_who_only_reads_disks_does_not_load_pyvmomi() -> None:
    """0.2 s of each worker's start."""
    code = "import sys, mtv.providers as p; p.openers(); p.checks(); sys.exit('pyVmomi' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0
