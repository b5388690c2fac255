"""Logging in, staying in, and what a stranger answers instead of a vCenter."""

import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from mtv.errors import CheckFailed, MtvError, Temporary
from mtv.providers.vsphere.wire import link
from mtv.providers.vsphere.wire.address import Address
from mtv.providers.vsphere.wire.answer import VIM
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import Ref, SoapFault
from tests.providers.vsphere.opening import Impostor, http, session_of, soap
from tests.vcenter.machines import allow
from tests.vcenter.server import ADMIN, COPY, VCenter

SERVICE = Ref("ServiceInstance", "ServiceInstance")
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'


def ask(session: Session) -> str:
    return session.call("CurrentTime", SERVICE)[0].text or ""


def test_a_refused_password_is_never_tried_again(vc: VCenter) -> None:
    before = refused(vc)
    for _ in range(3):
        with pytest.raises(CheckFailed, match="not tried again") as caught:
            ask(session_of(vc, password="wrong"))
        assert caught.value.fault.code == "vsphere.password"
        assert "wrong" not in caught.value.fault.text
    assert refused(vc) - before == 1
    assert ask(session_of(vc))


def test_a_locked_account_is_refused_with_its_right_password_and_asked_once(vc: VCenter) -> None:
    """The server does not say that it is locked."""
    before = refused(vc, COPY)
    vc.timings(lock_out_after=1)
    with pytest.raises(CheckFailed):
        ask(session_of(vc, COPY, password="wrong"))
    for _ in range(2):
        with pytest.raises(CheckFailed) as caught:
            ask(session_of(vc, COPY))
        assert caught.value.fault.code == "vsphere.password"
        assert "locked" in caught.value.fault.hint
    assert refused(vc, COPY) - before == 2, "the wrong one, and the right one once"


def refused(vc: VCenter, user: str = ADMIN) -> int:
    return int(vc.state()["logins"].get(user, {}).get("refused", 0))


def test_a_session_that_ended_is_begun_again_once_a_call(vc: VCenter) -> None:
    session = session_of(vc)
    session.call("CreateContainerView", session.manager("viewManager"), view(session))
    vc.expire(ADMIN)
    session.call("CreateContainerView", session.manager("viewManager"), view(session))
    assert session.logins == 2
    session.close()


def view(session: Session) -> str:
    root = session.manager("rootFolder")
    return f'<container type="Folder">{root}</container><type>VirtualMachine</type><recursive>true</recursive>'


def test_a_session_is_kept_alive(vc: VCenter) -> None:
    session = session_of(vc)
    session.limits = replace(session.limits, session_keep_s=0.05)
    ask(session)
    before = asked(vc)
    deadline = time.monotonic() + 10
    while asked(vc) == before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert asked(vc) > before
    session.close()


def asked(vc: VCenter) -> int:
    return int(vc.state()["requests"].get("sdk", 0))


def test_two_accounts_have_a_session_each(vc: VCenter, admin: Any) -> None:
    allow(admin, COPY, [])
    one, other = session_of(vc), session_of(vc, COPY)
    assert one.cookie != other.cookie
    one.close()
    assert ask(other)
    other.close()


def test_a_passing_fault_is_tried_again_and_a_lasting_one_named(vc: VCenter) -> None:
    session = session_of(vc)
    ask(session)
    vc.spoil("/sdk", "status", status=503, times=2)
    assert ask(session)
    vc.spoil("/sdk", "status", status=503, times=50)
    with pytest.raises(Temporary) as caught:
        ask(session)
    assert caught.value.fault.code == "vsphere.busy"
    vc.mend()
    session.close()


def test_nothing_listens_and_no_such_host() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Temporary, match="nothing listens"), link.said(Address("127.0.0.1", port)):
        socket.create_connection(("127.0.0.1", port))
    with pytest.raises(MtvError, match="no host"), link.said(Address("no-such.invalid")):
        raise socket.gaierror(-2, "Name or service not known")


def test_a_wrong_port_is_named(impostor: Impostor) -> None:
    """Nobody is there; or somebody who speaks first, as SSH does."""
    session = impostor.session()
    session.address = Address("127.0.0.1", _free_port())
    with pytest.raises(Temporary, match="nothing listens"):
        ask(session)
    with socket.create_server(("127.0.0.1", 0)) as other:
        greeter = threading.Thread(target=_greet, args=(other,))
        greeter.start()
        session = impostor.session()
        session.address = Address("127.0.0.1", other.getsockname()[1])
        with pytest.raises(MtvError) as caught:
            ask(session)
        assert caught.value.fault.code in ("vsphere.no-tls", "vsphere.tls", "vsphere.connection")
        assert str(session.address) in caught.value.fault.text
        other.shutdown(socket.SHUT_RDWR)
        greeter.join()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _greet(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            with server.accept()[0] as sock:
                sock.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
                sock.recv(1 << 16)


def test_plain_http_is_named(impostor: Impostor) -> None:
    impostor.plain = True
    with pytest.raises(MtvError) as caught:
        ask(impostor.session())
    assert caught.value.fault.code in ("vsphere.no-tls", "vsphere.connection")


HOSTILE = {
    "vsphere.html": http(b"<html><title>Blocked</title></html>", "text/html", "403 Forbidden"),
    "vsphere.no-soap": http(b"<a/>", "text/xml", "404 Not Found"),
    "vsphere.entities": http(BOMB),
    "vsphere.xml": http(soap("<a></b>")),
    "vsphere.truncated": http(soap("<a/>"), length=5000),
    "vsphere.busy": http(b"", "text/plain", "503 Service Unavailable"),
    "vsphere.too-large": http(soap(f"<a>{'x' * 70000}</a>")),
}


@pytest.mark.parametrize("code", HOSTILE)
def test_what_is_no_answer_of_a_vcenter_is_named(impostor: Impostor, code: str) -> None:
    impostor.says(HOSTILE[code])
    with pytest.raises(MtvError) as caught:
        ask(impostor.session(page_limit_bytes=50_000))
    assert caught.value.fault.code == code
    assert str(impostor.address) in caught.value.fault.text


def test_an_entity_that_lies_across_two_pieces_is_seen(impostor: Impostor) -> None:
    def slowly(sock: socket.socket) -> None:
        whole = http(BOMB)
        for byte in whole:
            sock.sendall(bytes([byte]))

    impostor.answer = slowly
    with pytest.raises(MtvError, match="entities"):
        ask(impostor.session())


def test_entities_are_not_hidden_by_another_encoding(impostor: Impostor) -> None:
    impostor.says(http('<?xml version="1.0" encoding="utf-16"?>'.encode("utf-16") + BOMB.decode().encode("utf-16-le")))
    with pytest.raises(MtvError) as caught:
        ask(impostor.session())
    assert caught.value.fault.code == "vsphere.xml"


def test_depth_is_bounded(impostor: Impostor) -> None:
    impostor.says(http(soap("<a>" * 5000 + "</a>" * 5000)))
    with pytest.raises(MtvError) as caught:
        ask(impostor.session())
    assert caught.value.fault.code == "vsphere.xml"


def test_a_page_that_never_ends_is_left(impostor: Impostor) -> None:
    """Each byte comes in time; all of them never do."""

    def endless(sock: socket.socket) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n")
        with suppress(OSError):
            for _ in range(100_000):
                sock.sendall(b"1\r\n \r\n")
                time.sleep(0.001)

    impostor.answer = endless
    with pytest.raises(Temporary) as caught:
        ask(impostor.session(answer_s=0.2))
    assert caught.value.fault.code == "vsphere.endless"


def test_a_server_that_falls_silent_is_left(impostor: Impostor) -> None:
    def silent(sock: socket.socket) -> None:
        sock.recv(1)

    impostor.answer = silent
    with pytest.raises(Temporary) as caught:
        ask(impostor.session(read_stall_s=0.2))
    assert caught.value.fault.code == "vsphere.timeout"
    assert sum(b"CurrentTime" in one for one in impostor.requests) == 3


def test_what_must_not_be_sent_twice_is_not(impostor: Impostor) -> None:
    impostor.says(HOSTILE["vsphere.busy"])
    with pytest.raises(Temporary):
        impostor.session().call("PowerOnVM_Task", Ref("VirtualMachine", "vm-1"), again=False)
    assert sum(b"PowerOnVM_Task" in one for one in impostor.requests) == 1


def test_a_fault_carries_its_name_and_fields(vc: VCenter) -> None:
    session = session_of(vc)
    with pytest.raises(SoapFault) as caught:
        session.call("PowerOnVM_Task", Ref("VirtualMachine", "vm-no <&> such"), again=False)
    assert caught.value.name == "ManagedObjectNotFound"
    session.close()


def test_a_fault_in_the_middle_of_a_stream_is_one(impostor: Impostor) -> None:
    fault = (
        "<soapenv:Fault><faultstring>gone</faultstring><detail><InvalidCollectorVersionFault/></detail></soapenv:Fault>"
    )
    impostor.says(http(soap(f'<R xmlns="urn:vim25"><returnval><objects>1</objects></returnval></R>{fault}')))
    found = impostor.session().stream("X", SERVICE, "", "objects")
    assert next(found).tag == f"{VIM}objects"
    with pytest.raises(SoapFault, match="InvalidCollectorVersion"):
        next(found)


def test_a_proxy_is_asked_and_its_refusal_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:s%40cret@proxy.example:8080")
    monkeypatch.setenv("NO_PROXY", "inside.example")
    assert link.proxy_for(Address("127.0.0.1")) is None
    assert link.proxy_for(Address("inside.example")) is None
    host, port, headers = link.proxy_for(Address("vc01.example")) or ("", 0, {})
    assert (host, port) == ("proxy.example", 8080)
    assert headers == {"Proxy-Authorization": "Basic bWU6c0BjcmV0"}
    with pytest.raises(MtvError) as caught, link.said(Address("vc01.example")):
        raise OSError("Tunnel connection failed: 407 Proxy Authentication Required")
    assert caught.value.fault.code == "vsphere.proxy-refused"
