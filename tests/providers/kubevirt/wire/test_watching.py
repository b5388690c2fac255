"""A list and what happens to it, through everything that the way between may do."""

import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from mtv.errors import MtvError, Temporary
from mtv.providers.kubevirt.fields import text
from mtv.providers.kubevirt.wire import watching
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api
from tests.providers.kubevirt.fake import FakeApiServer, Request, Said, Time, api_of
from tests.providers.kubevirt.fake import status as refusal

JOBS = "/apis/batch/v1/namespaces/shop/jobs"
Event = tuple[str, str, str]  # type, name, version


def job(name: str, version: int, uid: str = "") -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "uid": uid or f"u-{name}", "resourceVersion": str(version)}
    return {"kind": "Job", "metadata": metadata}


def lists(*jobs: dict[str, Any], version: int) -> Said:
    return Said(200, {"kind": "JobList", "metadata": {"resourceVersion": str(version)}, "items": list(jobs)})


def stream(*events: tuple[str, dict[str, Any]], **how: bool) -> Said:
    lines = b"".join(json.dumps({"type": kind, "object": one}).encode() + b"\n" for kind, one in events)
    return Said(200, lines, **how)  # type: ignore[arg-type]


@pytest.fixture
def api(fake: FakeApiServer, time: Time) -> Api:
    return api_of(fake.kubeconfig(), time)


def told(api: Api, fake: FakeApiServer, *script: Said) -> list[Event]:
    """All that is said until the script is over: then the server refuses, and the watch ends."""
    fake.scripted += [*script, Said(403, refusal(403, "Forbidden"))]
    watch, found = api.watch(JOBS, {"labelSelector": "a=b"}), []

    def read() -> None:
        for kind, one in watch:
            found.append((kind, text(one, "metadata", "name"), text(one, "metadata", "resourceVersion")))

    with pytest.raises(Status, match="Forbidden"):
        read()
    return found


def versions(requests: Sequence[Request]) -> list[str | None]:
    return [one.query.get("resourceVersion") for one in requests]


def test_first_the_list_and_then_what_happens(fake: FakeApiServer, api: Api) -> None:
    events = stream(("MODIFIED", job("a", 6)), ("ADDED", job("b", 7)), ("DELETED", job("a", 8)))
    assert told(api, fake, lists(job("a", 3), version=5), events) == [
        ("ADDED", "a", "3"), ("LISTED", "", ""), ("MODIFIED", "a", "6"), ("ADDED", "b", "7"), ("DELETED", "a", "8"),
    ]  # fmt: skip
    assert versions(fake.requests) == [None, "5", "8"], "it goes on where it was"
    assert all(one.query["labelSelector"] == "a=b" for one in fake.requests)


def test_a_list_of_several_pages_is_one(fake: FakeApiServer, api: Api) -> None:
    first = lists(job("a", 1), version=5)
    first.body["metadata"]["continue"] = "more"  # type: ignore[index]
    assert told(api, fake, first, lists(job("b", 2), version=5)) == [
        ("ADDED", "a", "1"), ("ADDED", "b", "2"), ("LISTED", "", ""),
    ]  # fmt: skip


def test_events_that_come_twice_or_late_are_said_once_and_in_order(fake: FakeApiServer, api: Api) -> None:
    events = stream(
        ("ADDED", job("a", 3)), ("MODIFIED", job("a", 9)), ("MODIFIED", job("a", 9)), ("MODIFIED", job("a", 7)),
        ("DELETED", job("b", 9)),
    )  # fmt: skip
    assert told(api, fake, lists(job("a", 3), version=5), events) == [
        ("ADDED", "a", "3"), ("LISTED", "", ""), ("MODIFIED", "a", "9"),
    ]  # fmt: skip
    assert versions(fake.requests)[-1] == "9", "an old event does not turn it back"


def test_a_bookmark_moves_it_on_and_is_not_said(fake: FakeApiServer, api: Api) -> None:
    bookmark = {"kind": "Job", "metadata": {"resourceVersion": "40"}}
    assert told(api, fake, lists(version=5), stream(("BOOKMARK", bookmark))) == [("LISTED", "", "")]
    assert versions(fake.requests)[-1] == "40"


@pytest.mark.parametrize(
    "too_old",
    [stream(("ERROR", refusal(410, "Expired", "too old resource version"))), Said(410, refusal(410, "Expired"))],
)
def test_a_version_that_is_too_old_lists_anew_and_says_what_went(fake: FakeApiServer, api: Api, too_old: Said) -> None:
    again = lists(job("b", 2), job("c", 20), job("d", 21, "u-new"), version=30)
    first = lists(job("a", 1), job("b", 2), job("d", 3), version=5)
    assert told(api, fake, first, too_old, again)[4:] == [
        ("DELETED", "a", ""), ("ADDED", "c", "20"), ("DELETED", "d", ""), ("ADDED", "d", "21"), ("LISTED", "", ""),
    ]  # fmt: skip


def test_a_cut_in_the_middle_of_an_event_goes_on_where_it_was(fake: FakeApiServer, api: Api) -> None:
    events = stream(("MODIFIED", job("a", 6)), ("MODIFIED", job("a", 7)), ("MODIFIED", job("a", 8)), cut=True)
    rest = stream(("MODIFIED", job("a", 7)), ("MODIFIED", job("a", 8)))
    found = told(api, fake, lists(job("a", 3), version=5), events, rest)
    assert [version for _, name, version in found if name] == ["3", "6", "7", "8"]
    assert versions(fake.requests)[2] == "6"


def test_a_connection_that_only_seems_to_be_one_is_given_up(
    fake: FakeApiServer, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "STALL_S", 0.05)
    half_open = stream(("MODIFIED", job("a", 6)), hangs=True)
    found = told(api, fake, lists(job("a", 3), version=5), half_open, stream(("MODIFIED", job("a", 7))))
    assert [version for _, name, version in found if name] == ["3", "6", "7"]


def test_the_server_that_ends_each_watch_at_once_is_not_asked_without_end(
    fake: FakeApiServer, api: Api, time: Time
) -> None:
    told(api, fake, lists(version=5), *[stream()] * 6)
    assert time.slept == [0.5, 2.0, 5.0, 10.0, 10.0]


def test_a_server_that_is_away_for_a_minute_is_waited_for(fake: FakeApiServer, api: Api, time: Time) -> None:
    away = [Said(503, refusal(503, "ServiceUnavailable")) for _ in range(8)]
    found = told(api, fake, lists(job("a", 3), version=5), *away, stream(("MODIFIED", job("a", 6))))
    assert found[-1] == ("MODIFIED", "a", "6")
    assert 50 < sum(time.slept) < 70


def test_a_server_that_stays_away_is_an_error_and_the_watch_can_go_on(
    fake: FakeApiServer, api: Api, time: Time
) -> None:
    fake.scripted.append(lists(job("a", 3), version=5))
    watch = api.watch(JOBS)
    assert [next(watch)[0], next(watch)[0]] == ["ADDED", "LISTED"]
    fake.answer = lambda request: Said(0, b"", lost=True)
    with pytest.raises(Temporary):
        next(watch)
    fake.answer = lambda request: stream(("MODIFIED", job("a", 6)))
    assert next(watch)[0] == "MODIFIED"


@pytest.mark.parametrize("line", [b"{broken\n", b"<html>\n"])
def test_a_line_that_is_no_event_is_named(fake: FakeApiServer, api: Api, line: bytes) -> None:
    fake.scripted += [lists(version=5), Said(200, line)]
    watch = api.watch(JOBS)
    next(watch)
    with pytest.raises(MtvError) as caught:
        next(watch)
    assert caught.value.fault.code == "kubevirt.not-json"


def test_a_type_that_nobody_knows_is_passed_over(fake: FakeApiServer, api: Api) -> None:
    assert told(api, fake, lists(version=5), stream(("SURPRISE", job("a", 6)))) == [("LISTED", "", "")]


def test_whoever_waits_is_woken_by_close(fake: FakeApiServer, api: Api) -> None:
    fake.scripted += [lists(version=5), stream(("ADDED", job("a", 6)), hangs=True)]
    watch, found, seen = api.watch(JOBS), [], threading.Event()

    def follow() -> None:
        for kind, _ in watch:
            found.append(kind)
            if kind == "ADDED":
                seen.set()

    follower = threading.Thread(target=follow)
    follower.start()
    assert seen.wait(10)
    watch.close()
    follower.join(10)
    assert not follower.is_alive()
    assert found == ["LISTED", "ADDED"]
