"""Pages of VMs from a server that fails: what can be read is read, what cannot is named."""

import re
import socket
from collections.abc import Callable, Sequence

import pytest

from mtv.errors import CheckFailed, MtvError, Temporary
from mtv.model.estate import VM
from mtv.model.infrastructure import Gap
from mtv.providers.vsphere.objects import vm
from mtv.providers.vsphere.objects.vm import Around
from mtv.providers.vsphere.reading.pages import Page, Pages
from mtv.providers.vsphere.reading.sieve import Machine
from mtv.providers.vsphere.wire.trust import trust
from tests.providers.vsphere.opening import ABOUT, Impostor, http, soap

IDS = [f"vm-{number}" for number in range(8)]
BAD = "vm-5"
COLLECTOR = '<propertyCollector type="PropertyCollector">pc</propertyCollector>'
Say = Callable[[Sequence[str]], bytes]


@pytest.fixture(autouse=True)
def with_a_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    told = ABOUT.replace("<sessionManager", f"{COLLECTOR}<sessionManager")
    monkeypatch.setattr("tests.providers.vsphere.opening.ABOUT", told)


def objects(ids: Sequence[str], more: str = "") -> str:
    listed = "".join(
        f'<objects><obj type="VirtualMachine">{one}</obj><propSet><name>name</name><val>name of {one}</val></propSet>'
        "</objects>"
        for one in ids
    )
    answer = "RetrievePropertiesExResponse"
    return f'<{answer} xmlns="urn:vim25"><returnval>{more}{listed}</returnval></{answer}>'


def fault(name: str, detail: str = "") -> str:
    inner = f'<{name}Fault xmlns="urn:vim25">{detail}</{name}Fault>'
    return f"<soapenv:Fault><faultstring>no {name}</faultstring><detail>{inner}</detail></soapenv:Fault>"


def read(impostor: Impostor, say: Say, **limits: object) -> list[Page]:
    """What is read of a server that answers each question as `say` does, given the ids that it is asked for."""

    def answer(sock: socket.socket) -> None:
        sock.sendall(say(re.findall(r'"VirtualMachine">([^<]*)<', impostor.requests[-1].decode())))

    impostor.answer = answer

    def one(found: Machine) -> VM:
        return vm.read(found.ref, found.props, Around(source="vc"), "1")

    session = impostor.session(**limits)
    session._cookie = "logged in"
    pages = Pages(session, "vc", one)
    return list(pages.all(IDS))


def told(pages: list[Page]) -> tuple[list[str], list[str]]:
    """Ids of VMs, and of gaps."""
    found = [one for page in pages for one in page]
    return [one.id for one in found if isinstance(one, VM)], [one.id for one in found if isinstance(one, Gap)]


OTHERS = [one for one in IDS if one != BAD]
HOSTILE: dict[str, Callable[[Sequence[str]], bytes]] = {
    "a fault": lambda ids: http(soap(fault("Runtime")), status="500 Internal Server Error"),
    "a fault behind half a page": lambda ids: http(soap(objects(ids[:1]) + fault("Runtime"))),
    "entities": lambda ids: http(b'<!DOCTYPE x [<!ENTITY a "b">]>' + soap(objects(ids))),
    "no XML": lambda ids: http(soap(objects(ids)).replace(b"</obj>", b"</jbo>")),
    "too much": lambda ids: http(soap(objects(ids, "<!-- " + "x" * 70_000 + " -->"))),
    "a proxy's page": lambda ids: http(b"<html>blocked</html>", "text/html", "403 Forbidden"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_one_vm_that_spoils_its_page_is_found_and_the_others_are_read(impostor: Impostor, what: str) -> None:
    def say(ids: Sequence[str]) -> bytes:
        return HOSTILE[what](ids) if BAD in ids else http(soap(objects(ids)))

    found = read(impostor, say, page_limit_bytes=50_000)
    assert told(found) == (OTHERS, [f"vm/{BAD}"])
    [gap] = [one for page in found for one in page if isinstance(one, Gap)]
    assert gap.text
    assert gap.hint


def test_a_vm_that_is_gone_is_left_out_and_is_no_gap(impostor: Impostor) -> None:
    gone = fault("ManagedObjectNotFound", f'<obj type="VirtualMachine">{BAD}</obj>')
    found = read(impostor, lambda ids: http(soap(gone if BAD in ids else objects(ids))))
    assert told(found) == (OTHERS, [])


@pytest.mark.parametrize(
    ("known", "named"),
    [
        (b"config.keyId", "config.keyId"),
        (b"disk.EnableUUID", "config.extraConfig[&quot;disk.EnableUUID&quot;]"),
        (b"config.extraConfig", "config.extraConfig"),
        (b"config.extraConfig", "something"),
    ],
)
def test_a_property_that_the_server_does_not_know_is_not_asked_for_again(
    impostor: Impostor, known: bytes, named: str
) -> None:
    def say(ids: Sequence[str]) -> bytes:
        unknown = known in impostor.requests[-1]
        return http(soap(fault("InvalidProperty", f"<name>{named}</name>") if unknown else objects(ids)))

    assert told(read(impostor, say)) == (IDS, [])
    assert sum(b"RetrievePropertiesEx" in one for one in impostor.requests) == 2


def test_a_server_that_knows_no_property_gives_gaps_and_no_endless_questions(impostor: Impostor) -> None:
    found = read(impostor, lambda ids: http(soap(fault("InvalidProperty", "<name>something</name>"))))
    assert told(found) == ([], [f"vm/{one}" for one in IDS])


def test_an_answer_that_ends_early_is_asked_for_again_and_then_the_server_is_to_blame(impostor: Impostor) -> None:
    whole = soap(objects(IDS))
    with pytest.raises(Temporary) as caught:
        read(impostor, lambda ids: http(whole[:200], length=len(whole)))
    assert caught.value.fault.code == "vsphere.truncated"
    assert sum(b"RetrievePropertiesEx" in one for one in impostor.requests) > 3


def test_an_answer_that_broke_off_once_is_read_the_second_time(impostor: Impostor) -> None:
    cut = iter([True])
    whole = soap(objects(IDS))
    found = read(impostor, lambda ids: http(whole[:200] if next(cut, False) else whole, length=len(whole)))
    assert told(found) == (IDS, [])


def test_a_page_in_parts_is_read_to_its_last_one(impostor: Impostor) -> None:
    """A server may give less at once than it was asked for."""

    def say(ids: Sequence[str]) -> bytes:
        more = not ids  # the second question names none
        part = IDS[4:] if more else IDS[:4]
        body = objects(part, "" if more else "<token>t-1</token>")
        return http(soap(body.replace("RetrievePropertiesEx", "ContinueRetrievePropertiesEx") if more else body))

    assert told(read(impostor, say)) == (IDS, [])


def test_a_certificate_that_changes_between_pages_ends_it(impostor: Impostor) -> None:
    session = impostor.session()
    session.guard.trust = trust(str(impostor.authority.file), impostor.certificate.sha256)
    impostor.says(http(soap(objects(IDS))))
    pages = Pages(session, "vc", lambda found: vm.read(found.ref, found.props, Around(source="vc"), "1"))
    assert pages.page(IDS)
    impostor.show(impostor.authority.issue("other"))
    session.drop()
    with pytest.raises(CheckFailed) as caught:
        pages.page(IDS)
    assert caught.value.fault.code == "vsphere.certificate-changed"
    assert isinstance(caught.value, MtvError)
