"""A run's claims by one list for all of its VMs: when it is asked for, and how old what it says may be."""

from collections.abc import Iterator

import pytest

from mtv.providers.kubevirt.volumes.sightings import FRESH_S, Sightings
from mtv.providers.kubevirt.wire.api import Api
from tests.providers.kubevirt.fake import FakeApiServer, api_of

CLAIMS = "/api/v1/namespaces/n/persistentvolumeclaims"


@pytest.fixture
def api(fake: FakeApiServer) -> Iterator[Api]:
    made = api_of(fake.kubeconfig())
    yield made
    made.close()


def has(fake: FakeApiServer, *names: str) -> None:
    fake.lists[CLAIMS] = [{"metadata": {"name": name, "namespace": "n"}} for name in names]


def lists(fake: FakeApiServer) -> int:
    return sum(one.path == CLAIMS for one in fake.requests)


def test_one_list_answers_for_all(fake: FakeApiServer, api: Api) -> None:
    has(fake, "a", "b")
    seen = Sightings(api)
    assert [bool(seen.find("n", "run-1", name)) for name in ("a", "b", "c", "a")] == [True, True, False, True]
    assert lists(fake) == 1


def test_it_is_asked_for_again_when_it_is_old(fake: FakeApiServer, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    has(fake, "a")
    seen, now = Sightings(api), [100.0]
    monkeypatch.setattr(api, "clock", lambda: now[0])
    assert seen.find("n", "run-1", "a")
    has(fake)
    now[0] += FRESH_S / 2
    assert seen.find("n", "run-1", "a")
    now[0] += FRESH_S
    assert not seen.find("n", "run-1", "a")


def test_what_was_just_made_is_seen_and_what_was_removed_is_not(fake: FakeApiServer, api: Api) -> None:
    has(fake, "a")
    seen = Sightings(api)
    seen.find("n", "run-1", "a")
    seen.add("n", "run-1", {"metadata": {"name": "b"}})
    assert seen.find("n", "run-1", "b")
    assert lists(fake) == 1
    has(fake)
    seen.forget()
    assert not seen.find("n", "run-1", "a")
