"""What the simulator can be told to do wrong."""

import http.client
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
from pyVmomi import vim

from tests.vcenter.machines import MIB, Wish, make
from tests.vcenter.server import VCenter
from tests.vcenter.test_folder import cookie, flat


def test_a_method_answers_with_a_fault_as_often_as_told(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("fault-soap"))
    vc.inject("PowerOnVM_Task", "InsufficientResourcesFault", name="fault-soap", times=1)
    with pytest.raises(vim.fault.InsufficientResourcesFault):
        vm.PowerOnVM_Task()
    vm.PowerOnVM_Task()


def test_a_status_is_answered_for_a_while(vc: VCenter, admin: Any) -> None:
    make(admin, Wish("fault-status"))
    vc.spoil("/folder", "status", status=503, times=2, retry_after=1)
    path, headers = flat("fault-status"), cookie(admin)
    assert [vc.get(path, headers)[0] for _ in range(3)] == [503, 503, 200]


def test_a_connection_is_reset_in_the_middle(vc: VCenter, admin: Any) -> None:
    make(admin, Wish("fault-reset"))
    vc.spoil("/folder", "reset", after_bytes=MIB, times=1)
    path, headers = flat("fault-reset"), cookie(admin)
    with pytest.raises((ConnectionError, http.client.IncompleteRead, ssl.SSLError)):
        vc.get(path, headers)
    assert len(vc.get(path, headers)[1]) == 8 * MIB


def test_a_soap_call_is_reset(vc: VCenter, admin: Any) -> None:
    vc.spoil("/sdk", "reset", times=1)
    with pytest.raises((ConnectionError, http.client.HTTPException, ssl.SSLError)):
        vc.get("/sdk", cookie(admin), "POST")


def test_a_socket_hangs(vc: VCenter, admin: Any) -> None:
    make(admin, Wish("fault-hang"))
    vc.spoil("/folder", "hang", after_bytes=MIB, times=1)
    connection = http.client.HTTPSConnection(vc.host, vc.port, context=vc.trust, timeout=0.3)
    connection.request("GET", flat("fault-hang"), headers=cookie(admin))
    answer = connection.getresponse()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        answer.read()
    assert time.monotonic() - began >= 0.3
    connection.close()


def test_reading_can_be_slow(vc: VCenter, admin: Any) -> None:
    make(admin, Wish("fault-slow"))
    vc.timings(folder_latency_ms=200)
    began = time.monotonic()
    assert vc.get(flat("fault-slow"), {**cookie(admin), "Range": "bytes=0-0"})[0] == 206
    assert time.monotonic() - began >= 0.2


def test_another_certificate_is_shown_to_new_connections(vc: VCenter) -> None:
    def shown() -> bytes:
        return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((vc.host, vc.port)))

    first = shown()
    vc.show_certificate(vc.authority.issue("rotated"))
    assert shown() != first
    vc.show_certificate(vc.authority.issue("ran-out", days=-1))
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        vc.get("/about")


def test_any_property_can_be_made_to_say_anything(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("fault-property"))
    host, (store,) = vm.runtime.host, vm.datastore
    vc.put(store, "summary.freeSpace", 12_345)
    vc.put(host, "runtime.inMaintenanceMode", True)
    vc.put(vm, "runtime.connectionState", "inaccessible")
    try:
        assert store.summary.freeSpace == 12_345
        assert host.runtime.inMaintenanceMode is True
        assert vm.runtime.connectionState == "inaccessible"
    finally:
        vc.put(host, "runtime.inMaintenanceMode", False)


def test_a_datastore_that_is_not_accessible_gives_nothing(vc: VCenter, admin: Any) -> None:
    (store,) = make(admin, Wish("fault-store")).datastore
    vc.put(store, "summary.accessible", False)
    assert vc.get(flat("fault-store"), cookie(admin))[0] == 503
    vc.put(store, "summary.accessible", True)
    assert vc.get(flat("fault-store"), cookie(admin))[0] == 200


def test_the_server_ends_with_its_owner(tmp_path: Path) -> None:
    """Whoever started it may die in any way: its pipe is closed then."""
    from tests.vcenter.server import vcenter

    with vcenter(tmp_path) as server:
        process = server.process
        assert process.poll() is None
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(5) == 0
