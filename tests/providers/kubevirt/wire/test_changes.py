"""Changes: what is sent, what may be sent twice, and what became of one that was never answered."""

from collections.abc import Callable
from typing import Any

import pytest

from mtv.errors import MtvError, Temporary
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api
from tests.providers.kubevirt.fake import FakeApiServer, Request, Said, Time, api_of, status

CLAIMS = "/api/v1/namespaces/shop/persistentvolumeclaims"
CLAIM = f"{CLAIMS}/web-disk-0"
LABELS = {"app.kubernetes.io/managed-by": "mtv", "mtv/run": "r1"}
BODY = {"metadata": {"name": "web-disk-0", "labels": LABELS}, "spec": {"x": 1}}
LOST = Said(0, b"", lost=True)
LEADER = Said(500, status(500, "InternalError", "etcdserver: leader changed"))
TAKEN = Said(409, status(409, "AlreadyExists", 'persistentvolumeclaims "web-disk-0" already exists'))
CONFLICT = Said(409, status(409, "Conflict", "the object has been modified"))


@pytest.fixture
def api(fake: FakeApiServer, time: Time) -> Api:
    made = api_of(fake.kubeconfig(), time)
    made.get("/version")
    fake.requests.clear()
    return made


def verbs(fake: FakeApiServer) -> list[str]:
    return [one.verb for one in fake.requests]


def test_what_is_made_is_checked_strictly_and_carries_our_name(fake: FakeApiServer, api: Api) -> None:
    fake.scripted.append(Said(201, BODY))
    assert api.create(CLAIMS, BODY) == BODY
    (asked,) = fake.requests
    assert (asked.verb, asked.path, asked.body) == ("POST", CLAIMS, BODY)
    assert asked.query == {"fieldManager": "mtv", "fieldValidation": "Strict"}


@pytest.mark.parametrize("first", [LOST, LEADER, Said(504, b"timeout", {"Content-Type": "text/plain"})])
def test_an_answer_that_was_lost_is_looked_up_by_name(fake: FakeApiServer, api: Api, first: Said) -> None:
    found = {"metadata": {**BODY["metadata"], "uid": "u1"}}  # type: ignore[dict-item]
    fake.scripted += [first, TAKEN, Said(200, found)]
    assert api.create(CLAIMS, BODY) == found
    assert verbs(fake) == ["POST", "POST", "GET"]
    assert fake.requests[2].path == CLAIM


def test_an_answer_that_was_lost_before_anything_was_made(fake: FakeApiServer, api: Api) -> None:
    fake.scripted += [LOST, Said(201, BODY)]
    assert api.create(CLAIMS, BODY) == BODY


def test_after_a_lost_answer_a_stranger_of_that_name_is_no_success(fake: FakeApiServer, api: Api) -> None:
    other = {"metadata": {"name": "web-disk-0", "labels": {"mtv/run": "r2"}}}
    fake.scripted += [LOST, TAKEN, Said(200, other)]
    with pytest.raises(Status) as caught:
        api.create(CLAIMS, BODY)
    assert caught.value.reason == "AlreadyExists"


def test_a_name_that_is_taken_is_not_looked_up(fake: FakeApiServer, api: Api) -> None:
    fake.scripted += [Said(429, status(429, "TooManyRequests")), TAKEN]
    with pytest.raises(Status) as caught:
        api.create(CLAIMS, BODY)
    assert caught.value.code == 409
    assert verbs(fake) == ["POST", "POST"]


@pytest.mark.parametrize(
    ("call", "verb", "content", "query"),
    [
        (lambda api: api.apply(CLAIM, BODY), "PATCH", "application/apply-patch+yaml", {"force": "false"}),
        (lambda api: api.apply(CLAIM, BODY, force=True), "PATCH", "application/apply-patch+yaml", {"force": "true"}),
        (lambda api: api.patch(CLAIM, BODY), "PATCH", "application/merge-patch+json", {}),
        (lambda api: api.replace(CLAIM, BODY), "PUT", "application/json", {}),
    ],
)
def test_a_change_that_may_arrive_twice_is_sent_again(
    fake: FakeApiServer, api: Api, call: Callable[[Api], object], verb: str, content: str, query: dict[str, str]
) -> None:
    fake.scripted += [LOST, LEADER, Said(200, BODY)]
    assert call(api) == BODY
    assert [(one.verb, one.headers["Content-Type"]) for one in fake.requests] == [(verb, content)] * 3
    assert fake.requests[2].query == {"fieldManager": "mtv", "fieldValidation": "Strict", **query}
    assert fake.requests[2].body == BODY


def versioned(version: str, **spec: int) -> dict[str, Any]:
    return {"metadata": {"name": "web-disk-0", "resourceVersion": version}, "spec": spec}


def test_a_replacement_that_arrived_and_was_never_answered(fake: FakeApiServer, api: Api) -> None:
    fake.scripted += [LOST, CONFLICT, Said(200, versioned("8", x=1))]
    assert api.replace(CLAIM, versioned("7", x=1)) == versioned("8", x=1)


@pytest.mark.parametrize("script", [[CONFLICT], [LOST, CONFLICT, Said(200, versioned("8", x=2))]])
def test_what_somebody_changed_meanwhile_is_a_conflict(fake: FakeApiServer, api: Api, script: list[Said]) -> None:
    fake.scripted += script
    with pytest.raises(Temporary) as caught, api.said("the claim"):
        api.replace(CLAIM, versioned("7", x=1))
    assert caught.value.fault.code == "kubevirt.conflict"


def test_deletion_names_the_one_that_is_meant(fake: FakeApiServer, api: Api) -> None:
    fake.scripted += [LOST, Said(200, {})]
    api.delete(CLAIM, uid="u1", propagation="Foreground", grace_s=0)
    assert verbs(fake) == ["DELETE", "DELETE"]
    assert fake.requests[1].body == {
        "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Foreground",
        "preconditions": {"uid": "u1"}, "gracePeriodSeconds": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        Said(404, status(404, "NotFound", "not found")),
        Said(409, status(409, "Conflict", "Precondition failed: UID in precondition: u1, UID in object meta: u2")),
    ],
)
def test_what_is_gone_or_another_by_now_needs_no_deletion(fake: FakeApiServer, api: Api, said: Said) -> None:
    fake.scripted.append(said)
    api.delete(CLAIM, uid="u1")
    assert len(fake.requests) == 1


def test_a_deletion_that_is_refused_says_so(fake: FakeApiServer, api: Api) -> None:
    fake.scripted.append(Said(403, status(403, "Forbidden", "no")))
    with pytest.raises(Status):
        api.delete(CLAIM)


START = "/apis/subresources.kubevirt.io/v1/namespaces/shop/virtualmachines/web/start"
NOTHING = Said(202, b"", {"Content-Type": "text/plain"})


def test_start_accepts_any_answer_and_is_sent_again_only_where_it_was_not_done(fake: FakeApiServer, api: Api) -> None:
    """KubeVirt answers 406 to whoever accepts JSON alone, and says nothing at all when it does it."""
    fake.scripted += [Said(429, status(429, "TooManyRequests"), {"Retry-After": "2"}), NOTHING]
    api.subresource(START, {})
    assert [(one.verb, one.headers["Accept"]) for one in fake.requests] == [("PUT", "*/*")] * 2


@pytest.mark.parametrize("said", [LOST, LEADER])
def test_a_start_that_was_never_answered_is_not_sent_again(fake: FakeApiServer, api: Api, said: Said) -> None:
    fake.scripted.append(said)
    with pytest.raises(MtvError) as caught, api.said("starting web"):
        api.subresource(START, {})
    assert isinstance(caught.value, Temporary)
    assert len(fake.requests) == 1


def test_a_server_that_stays_away_ends_a_change_too(fake: FakeApiServer, api: Api, time: Time) -> None:
    fake.answer = lambda request: LOST
    with pytest.raises(Temporary):
        api.create(CLAIMS, BODY)
    assert 100 < sum(time.slept) <= 120


def test_a_server_that_is_away_for_a_minute_is_waited_for(fake: FakeApiServer, api: Api, time: Time) -> None:
    began = time.now
    fake.answer = lambda request: LOST if time.now - began < 60 else Said(201, BODY)
    assert api.create(CLAIMS, BODY) == BODY
    assert 60 <= sum(time.slept) <= 75


def test_a_token_that_was_rotated_in_its_file_is_read_again(fake: FakeApiServer, time: Time) -> None:
    file = fake.folder / "token"
    file.write_text("one")

    def answer(request: Request) -> Said | None:
        if request.headers["Authorization"] == "Bearer two":
            return Said(200, {"ok": True})
        file.write_text("two")  # the kubelet wrote it while our request was on its way
        return Said(401, status(401, "Unauthorized"))

    fake.answer = answer
    api = api_of(fake.kubeconfig({"tokenFile": str(file)}), time)
    assert api.get("/version") == {"ok": True}
