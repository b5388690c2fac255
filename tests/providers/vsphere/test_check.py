"""What `mtv check provider` says beside rights: are the hosts reached, does the clock agree, what is licensed."""

import socket
import threading
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from mtv.model.estate import Level
from mtv.providers.vsphere.rights import check as checking
from mtv.providers.vsphere.rights import licences
from mtv.providers.vsphere.rights.reach import answers, reach
from mtv.providers.vsphere.wire.answer import Element
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import SoapFault
from tests.providers.vsphere.opening import session_of
from tests.vcenter.server import VCenter

XSI = 'xmlns="urn:vim25" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def test_hosts_that_answer_are_told_and_those_that_do_not_by_name() -> None:
    asked = []

    def ask(host: str, port: int) -> str:
        asked.append((host, port))
        return "no answer" if (host, port) == ("esx2", 902) else ""

    https, nfc = reach(["esx1", "esx2", "esx1"], ask)
    assert (https.ok, https.text) == (True, "port 443 of 2 hosts answers this machine")
    assert not nfc.ok
    assert nfc.level is Level.WARNING, "other ways are open"
    assert "port 902 of 1 of 2 hosts does not answer this machine (esx2: no answer)" in nfc.text
    assert nfc.fix
    assert sorted(asked) == [("esx1", 443), ("esx1", 902), ("esx2", 443), ("esx2", 902)]


def test_hosts_are_asked_at_the_same_time() -> None:
    """Eight that wait for each other: one after another none would ever answer."""
    together = threading.Barrier(8)

    def ask(host: str, port: int) -> str:
        together.wait(30)
        return ""

    assert all(one.ok for one in reach([f"esx{number}" for number in range(4)], ask))


def test_the_time_for_all_hosts_is_bounded() -> None:
    never = threading.Event()
    try:
        found = list(reach(["esx1"], lambda host, port: str(never.wait(30)), total_s=0.05))
    finally:
        never.set()
    assert ["not tried in time" in one.text for one in found] == [True, True]


def test_of_many_some_are_named() -> None:
    [first, _] = reach([f"esx{number}" for number in range(9)], lambda host, port: "no answer")
    assert "esx4: no answer and 4 more" in first.text


def test_without_hosts_nothing_is_said() -> None:
    assert not list(reach([]))


def test_a_port_that_listens_one_that_does_not_and_a_name_that_is_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert answers("127.0.0.1", port) == ""
    assert answers("127.0.0.1", port) == "connection refused"
    assert answers("no-such-host.invalid", 443) == "no such name"


@pytest.mark.parametrize(("hours", "ok"), [(0, True), (1, False), (-1, False)])
def test_a_clock_that_goes_wrong_is_told(vc: VCenter, monkeypatch: pytest.MonkeyPatch, hours: int, ok: bool) -> None:
    def told(self: Session, *_: object, **__: object) -> Element:
        moment = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return etree.fromstring(f"<a><returnval>{moment}</returnval></a>")

    session = session_of(vc)
    monkeypatch.setattr(Session, "call", told)
    found = checking._clock(session)
    assert found.ok is ok
    assert ("ahead" if hours > 0 else "behind") in found.text or ok


def described(name: str, product: str = "VMware ESX Server", features: str = "", hours: str = "") -> Element:
    """As vCenter tells of a licence."""
    value = '<value xsi:type="KeyValue"><key>{}</key><value>x</value></value>'
    listed = "".join(f"<properties><key>feature</key>{value.format(one)}</properties>" for one in features.split())
    until = f"<properties><key>expirationHours</key><value>{hours}</value></properties>" if hours else ""
    return etree.fromstring(
        f"<l {XSI}><name>{name}</name><properties><key>ProductName</key><value>{product}</value></properties>"
        f"{listed}{until}</l>"
    )


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (described("VMware vSphere 8 Enterprise Plus", features="vimapi storageapi"), ""),
        (described("VMware vSphere 8 Enterprise Plus"), ""),
        (described("vCenter Server 8 Standard", "VMware VirtualCenter Server", "dvs"), ""),
        (described("Evaluation Mode", hours="1440"), ""),
        (described("Evaluation Mode", hours="100"), "runs out in 4 days"),
        (described("VMware vSphere Hypervisor"), "allows no snapshot"),
        (described("VMware ESXi 8 (free)"), "allows no snapshot"),
        (described("VMware vSphere 8 Essentials", features="vimapi vsmp"), "storageapi VMware's library"),
        (described("Odd", features="storageapi"), "no orders by their API"),
        (described("Odd", hours="soon"), ""),
    ],
)
def test_what_a_licence_lacks(told: Element, problem: str) -> None:
    said = "; ".join(text for text, _ in licences._lacks(licences.licence(told)))
    assert problem in said if problem else not said


def test_each_licence_is_named_and_the_right_to_ask_for_them(vc: VCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    session = session_of(vc)
    [found] = licences.check_licences(session)
    assert (found.ok, found.text) == (True, "Evaluation Mode")

    def refused(*_: object) -> None:
        raise SoapFault("NoPermission", "", {"privilegeId": "Global.Licenses"})

    monkeypatch.setattr("mtv.providers.vsphere.reading.collector.one", refused)
    [found] = licences.check_licences(session)
    assert "Global.Licenses" in found.fix
