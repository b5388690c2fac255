"""The engine's Lease: however requests fail and clocks go on, never two that may act."""

from contextlib import suppress
from copy import deepcopy

from hypothesis import given, settings
from hypothesis import strategies as st

from mtv.errors import Temporary
from mtv.providers.kubevirt.engine.election import AGAIN_S, DURATION_S, LEASES, MARGIN_S, RENEW_S, Election
from mtv.providers.kubevirt.fields import Object
from mtv.providers.kubevirt.wire.answers import Status
from tests.kube.cluster import Namespace
from tests.providers.kubevirt.engine.test_pod import api_of

WHERE = LEASES.format("mtv") + "/engine"


class Shelf:
    """One Lease behind an API; `trouble` is what befalls the next requests: lost before, or after they were done."""

    def __init__(self) -> None:
        self.kept: Object | None = None
        self.version = 0
        self.trouble: list[str] = []

    def get(self, path: str) -> Object:
        self._befall("before")
        if self.kept is None:
            raise Status(404, "NotFound", path)
        return deepcopy(self.kept)

    def create(self, path: str, body: Object) -> Object:
        self._befall("before")
        if self.kept is not None:
            raise Status(409, "AlreadyExists", path)
        return self._keep(body)

    def replace(self, path: str, body: Object) -> Object:
        self._befall("before")
        metadata = body["metadata"]
        assert isinstance(metadata, dict)
        if metadata["resourceVersion"] != str(self.version):
            raise Status(409, "Conflict", path)
        return self._keep(body)

    def _keep(self, body: Object) -> Object:
        self.version += 1
        metadata = body["metadata"]
        assert isinstance(metadata, dict)
        self.kept = {**body, "metadata": {**metadata, "resourceVersion": str(self.version)}}
        self._befall("after")
        return self.kept

    def _befall(self, when: str) -> None:
        if self.trouble and self.trouble[0] == when:
            self.trouble.pop(0)
            raise Temporary("kubevirt.connection", "cut off")


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def rivals(shelf: Shelf, clock: Clock) -> list[Election]:
    return [Election(shelf, "mtv", "engine", who, clock) for who in ("one", "two", "three")]  # type: ignore[arg-type]


KINDS = st.sampled_from(["attempt", "renew", "leave"])
TROUBLES = st.sampled_from(["", "before", "after"])
ACTS = st.tuples(st.integers(0, 2), KINDS, TROUBLES, st.floats(0, DURATION_S * 1.2))


@settings(max_examples=300)
@given(st.lists(ACTS, max_size=60))
def test_never_two_may_act(acts: list[tuple[int, str, str, float]]) -> None:
    shelf, clock = Shelf(), Clock()
    all_ = rivals(shelf, clock)
    for which, act, trouble, wait_s in acts:
        shelf.trouble = [trouble] if trouble else []
        with suppress(Status, Temporary):
            getattr(all_[which], act)()
        assert sum(one.holds() for one in all_) <= 1
        clock.now_s += wait_s


def test_the_next_one_has_it_when_it_lapsed_or_was_left() -> None:
    shelf, clock = Shelf(), Clock()
    one, two, _ = rivals(shelf, clock)
    assert one.attempt()
    assert not two.attempt()
    clock.now_s += DURATION_S - MARGIN_S
    assert not one.holds()
    assert not two.attempt()
    clock.now_s += MARGIN_S + 1
    assert two.attempt()
    assert not one.renew()
    assert two.renew()
    two.leave()
    assert one.attempt()


def test_a_renewal_that_failed_is_said_and_soon_tried_again() -> None:
    shelf, told = Shelf(), list[str]()
    one, two, _ = rivals(shelf, Clock())
    assert one.attempt()
    shelf.trouble = ["before"]
    assert one.keep(told.append) == AGAIN_S
    assert told == ["the engine's Lease engine was not renewed: cut off"]
    assert one.keep(told.append) == RENEW_S
    one.leave()
    assert two.attempt()
    assert one.keep(told.append) == AGAIN_S
    assert told[1:] == ["the engine's Lease engine was not renewed: somebody else has changed it"]
    assert not one.holds()


def test_in_a_cluster_a_second_one_waits_until_it_is_left(kube: Namespace) -> None:
    with api_of(kube.cluster.kubeconfig) as api:
        one, two = (Election(api, kube.name, "engine", who) for who in ("one", "two"))
        assert one.attempt()
        assert one.renew()
        assert not two.attempt()
        one.leave()
        assert two.attempt()
        lease = kube.api.get("coordination.k8s.io/v1/leases", kube.name, "engine")
        assert (lease["spec"]["holderIdentity"], lease["spec"]["leaseTransitions"]) == ("two", 1)
