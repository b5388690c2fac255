"""Lists in pages: whole, in order, and whole again after a list ran out."""

import threading

import pytest

from mtv.errors import CheckFailed
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.pages import pages
from tests.providers.kubevirt.fake import FakeApiServer, Said, api_of, status

PODS = "/api/v1/pods"


@pytest.fixture
def many(fake: FakeApiServer) -> FakeApiServer:
    fake.serve("pods", *({"metadata": {"name": f"p{number}"}} for number in range(7)))
    return fake


def names(fake: FakeApiServer, size: int = 3) -> list[list[object]]:
    found = pages(api_of(fake.kubeconfig()), PODS, size)
    return [[page.begins, *(one["metadata"]["name"] for one in page.items)] for page in found]  # type: ignore[index]


def test_each_object_once_and_in_order(many: FakeApiServer) -> None:
    assert names(many) == [[True, "p0", "p1", "p2"], [False, "p3", "p4", "p5"], [False, "p6"]]


def test_an_empty_list_has_one_page(fake: FakeApiServer) -> None:
    fake.serve("pods")
    assert names(fake) == [[True]]


def test_a_list_that_ran_out_goes_on_where_it_was(many: FakeApiServer) -> None:
    """The server's own offer: the rest as it is now."""
    expired = status(410, "Expired", metadata={"continue": "3"})
    many.answer = lambda request: Said(410, expired) if request.query.get("continue") == "3" and once() else None
    once = iter([True, False]).__next__
    assert names(many) == [[True, "p0", "p1", "p2"], [False, "p3", "p4", "p5"], [False, "p6"]]


def test_a_list_that_ran_out_without_an_offer_begins_anew(many: FakeApiServer) -> None:
    once = iter([True, False, False, False]).__next__
    many.answer = lambda request: (
        Said(410, status(410, "Expired")) if request.query.get("continue") == "3" and once() else None
    )
    assert names(many) == [
        [True, "p0", "p1", "p2"], [True, "p0", "p1", "p2"], [False, "p3", "p4", "p5"], [False, "p6"],
    ]  # fmt: skip


def test_a_list_that_always_runs_out_ends(many: FakeApiServer) -> None:
    many.answer = lambda request: Said(410, status(410, "Expired")) if "continue" in request.query else None
    with pytest.raises(Status) as caught:
        names(many)
    assert caught.value.code == 410
    assert len(many.requests) == 6


def test_what_is_no_list_is_named(fake: FakeApiServer) -> None:
    fake.objects[PODS] = {"kind": "Pod"}
    with pytest.raises(CheckFailed) as caught:
        names(fake)
    assert caught.value.fault.code == "kubevirt.no-list"


def test_who_stops_in_the_middle_leaves_nothing_behind(many: FakeApiServer) -> None:
    """While the next page is still on its way."""
    held = threading.Event()
    many.answer = lambda request: None if "continue" not in request.query or held.wait(5) else None
    found = pages(api_of(many.kubeconfig()), PODS, 3)
    assert len(next(found).items) == 3
    threading.Timer(0.05, held.set).start()
    found.close()  # type: ignore[attr-defined]
    assert held.is_set()
    assert not [one for one in threading.enumerate() if one.name.startswith("kubevirt-page")]
