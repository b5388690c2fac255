"""The simulator's hosts give files to who brings a ticket of the vCenter's, and to nobody else."""

import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from tests.vcenter.machines import MIB, Wish, make, write
from tests.vcenter.server import Setup, VCenter, folder_path, vcenter
from tests.vcenter.test_folder import cookie


@pytest.fixture(scope="module")
def spread(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VCenter]:
    with vcenter(tmp_path_factory.mktemp("spread"), Setup(hosts_answer=True)) as server:
        yield server


@pytest.fixture
def service(spread: VCenter) -> Iterator[Any]:
    with spread.connected() as service:
        yield service


def ticket(vc: VCenter, service: Any, host: str, path: str) -> dict[str, str]:
    spec = vim.SessionManager.HttpServiceRequestSpec(method="httpGet", url=f"https://{host}:{vc.port}{path}")
    return {"Cookie": f"vmware_cgi_ticket={service.content.sessionManager.AcquireGenericServiceTicket(spec).id}"}


def path_of(name: str) -> str:
    return folder_path(f"[LocalDS_0] {name}/{name}-flat.vmdk", "ha-datacenter")


def test_a_ticket_opens_one_file_once(spread: VCenter, service: Any) -> None:
    vm = make(service, Wish("host-ticket"))
    write(spread, "host-ticket", 0, b"straight from the host")
    host, path = vm.runtime.host.name, path_of("host-ticket")
    assert host.startswith("127.0.1.")
    assert spread.get(path, cookie(service), host=host)[0] == 401  # a session of the vCenter's is none of the host's
    headers = ticket(spread, service, host, path)
    status, body = spread.get(path, headers, host=host)
    assert (status, body[:22], len(body)) == (200, b"straight from the host", 8 * MIB)
    assert spread.get(path, headers, host=host)[0] == 401
    assert spread.get(path, ticket(spread, service, host, path_of("other")), host=host)[0] == 401


def test_a_host_is_as_strict_as_its_vcenter(spread: VCenter, service: Any) -> None:
    vm = make(service, Wish("host-strict"))
    host, path = vm.runtime.host.name, path_of("host-strict")
    WaitForTask(vm.PowerOnVM_Task())
    assert spread.get(path, ticket(spread, service, host, path), host=host)[0] == 500
    WaitForTask(vm.PowerOffVM_Task())
    asked = {**ticket(spread, service, host, path), "Range": "bytes=0-9"}
    assert spread.get(path, asked, host=host) == (206, bytes(10))
    wrong = folder_path("[LocalDS_0] host-strict/host-strict-flat.vmdk", "DC0")
    assert spread.get(wrong, ticket(spread, service, host, wrong), host=host)[0] == 404


def test_a_host_has_a_certificate_of_its_own(spread: VCenter, service: Any) -> None:
    vm = make(service, Wish("host-certificate"))
    spec = vim.SessionManager.HttpServiceRequestSpec(url=f"https://{vm.runtime.host.name}:{spread.port}/folder/")
    told = service.content.sessionManager.AcquireGenericServiceTicket(spec).sslThumbprint
    assert told == vm.runtime.host.summary.config.sslThumbprint
    assert told != spread.certificate.sha1


def test_a_vcenter_says_which_certificate_its_host_has(spread: VCenter, service: Any) -> None:
    host = make(service, Wish("host-told")).runtime.host
    pem = bytes(one & 0xFF for one in host.config.certificate).decode()
    assert pem == ssl.get_server_certificate((host.name, spread.port))
