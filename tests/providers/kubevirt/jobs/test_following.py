"""Whatever becomes of a log's stream, each event is told once and in order, and the end is what was seen."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from mtv import codec
from mtv.errors import Temporary
from mtv.formats.lines import encode
from mtv.model.estate import Json
from mtv.model.plans import WorkerChoice
from mtv.model.tasks import Ended, Event
from mtv.providers.kubevirt.fields import Object
from mtv.providers.kubevirt.jobs.desk import Desk, Waits
from mtv.providers.kubevirt.jobs.following import Following
from mtv.providers.kubevirt.jobs.sight import Seen, Sight
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api
from mtv.providers.kubevirt.wire.request import Params
from mtv.times import moment, stamp
from tests.providers.kubevirt.fake import Time

WORKER = "mtv-0000000000-transfer-1"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
RUNNING: Object = {"state": {"running": {}}}


def pod(state: Object, phase: str = "Running") -> Object:
    return {
        "metadata": {"name": f"{WORKER}-x", "uid": "u-1"}, "spec": {"nodeName": "n-1"},
        "status": {"phase": phase, "containerStatuses": [{"name": "worker", **state}]},
    }  # fmt: skip


def log(count: int, ends: bool) -> list[bytes]:
    """One line in two seconds."""
    said: list[bytes] = []
    for place in range(count):
        data: dict[str, Json] = {"disk": "d", "done_bytes": place}
        said += encode(len(said), stamp(BEGAN + timedelta(seconds=2 * place)), "progress", data)
    if ends:
        end = codec.dump(Ended(outcome="done", bytes=count))
        said += encode(len(said), stamp(BEGAN + timedelta(seconds=2 * count)), "end", end)
    return said


class Cut:
    """A stream that ends early, as one that is cut does: by itself or with an error."""

    def __init__(self, lines: list[bytes], fails: bool) -> None:
        self._lines, self._fails = iter(lines), fails

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        for line in self._lines:
            return line
        if self._fails:
            raise Temporary("kubevirt.connection", "it broke")
        raise StopIteration

    def close(self) -> None:
        self._lines = iter(())


class FakeSight:
    """Its Pod ends when all cuts are over, or whoever waits for it has waited for some time."""

    def __init__(self, last: Object, time: Time) -> None:
        self.seen, self._last, self._time = Seen({"u-1": pod(RUNNING)}), last, time

    def see(self, worker: str) -> Seen:
        return self.seen

    def wait(self, worker: str, changes: int, limit_s: float) -> Seen:
        self._time.sleep(limit_s)
        if len(self._time.slept) > 100:
            self.end()
        return self.seen

    def end(self) -> None:
        self.seen.pods["u-1"] = self._last


class FakeLog:
    """`cuts` say after how many further lines each stream ends, and how; `forgets` what a rotated log has lost."""

    def __init__(self, lines: list[bytes], cuts: list[tuple[int, bool]], sight: FakeSight) -> None:
        self._all, self._cuts, self._sight = lines, cuts, sight
        self._until = 0
        self.wishes: list[Object] = []
        self.opened: list[Params] = []

    def lines(self, path: str, params: Params, *, stall_s: float, limit_bytes: int = 0) -> Cut:
        self.opened.append(params)
        if not self._cuts:
            self._sight.end()
            self._until = len(self._all)
            return Cut(self._since(params), False)
        more, fails = self._cuts.pop()
        self._until = min(len(self._all), self._until + more)
        return Cut(self._since(params)[: max(0, self._until)], fails)

    def _since(self, params: Params) -> list[bytes]:
        told = self._all[: self._until]
        if "sinceTime" not in params:
            return told
        first = moment(str(params["sinceTime"]))
        return [line for place, line in enumerate(told) if BEGAN + timedelta(seconds=2 * place) >= first]

    def patch(self, path: str, body: Object) -> Object:
        self.wishes.append(body)
        return {}

    @contextmanager
    def said(self, what: str) -> Iterator[None]:
        yield


def followed(lines: list[bytes], cuts: list[tuple[int, bool]], last: Object) -> tuple[list[Event], FakeLog]:
    time = Time()
    sight = FakeSight(last, time)
    server = FakeLog(lines, cuts, sight)
    desk = Desk(cast(Api, server), "ns", WorkerChoice(), cast(Sight, sight), Waits(), time.clock, time.sleep)
    return list(Following(desk, WORKER, "db").events()), server


DONE = pod({"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}, "Succeeded")
CUTS = st.lists(st.tuples(st.integers(0, 8), st.booleans()), max_size=8)


@given(st.integers(1, 40), CUTS)
def test_cuts_lose_nothing_and_repeat_nothing(count: int, cuts: list[tuple[int, bool]]) -> None:
    events, server = followed(log(count, True), list(cuts), DONE)
    assert [event.seq for event in events] == list(range(count)) + [count + 1]
    assert events[-1].type == "end"
    assert codec.load(Ended, events[-1].data) == Ended(outcome="done", bytes=count)
    assert not server.wishes


DEATHS = ((137, "OOMKilled", "worker.memory"), (86, "Error", "worker.lease-lapsed"), (1, "Error", "worker.died"))


@given(st.integers(1, 20), CUTS, st.sampled_from(DEATHS))
def test_an_end_is_made_up_where_none_was_said(
    count: int, cuts: list[tuple[int, bool]], how: tuple[int, str, str]
) -> None:
    dead = pod({"state": {"terminated": {"exitCode": how[0], "reason": how[1]}}}, "Failed")
    events, _ = followed(log(count, False), list(cuts), dead)
    assert [event.type for event in events].count("end") == 1
    ended = codec.load(Ended, events[-1].data)
    assert ended.fault
    assert (ended.outcome, ended.fault.code) == ("temporary", how[2])


@given(st.integers(3, 20), st.data())
def test_what_a_log_has_lost_is_asked_for_again(count: int, data: st.DataObject) -> None:
    """A log that was rotated: the worker says its roots again."""
    lines = log(count, True)
    hole = data.draw(st.integers(1, count - 1))
    time = Time()
    sight = FakeSight(DONE, time)
    server = FakeLog(lines[:hole] + lines[hole + 1 :], [(count, True)], sight)
    desk = Desk(cast(Api, server), "ns", WorkerChoice(), cast(Sight, sight), Waits(), time.clock, time.sleep)
    events = list(Following(desk, WORKER, "db").events())
    assert [event.seq for event in events][:-1] == [place for place in range(count) if place != hole]
    assert events[-1].type == "end"
    assert len(server.wishes) == 1


def test_after_a_cut_only_what_is_new_is_read() -> None:
    _, server = followed(log(30, True), [(10, True)], DONE)
    first, second = server.opened
    assert "sinceTime" not in first
    assert moment(str(second["sinceTime"])) == BEGAN + timedelta(seconds=2 * 9 - 5)


def test_a_pod_whose_log_is_gone_still_ends() -> None:
    time = Time()
    sight = FakeSight(DONE, time)
    server = FakeLog([], [], sight)

    def refuse(path: str, params: Params, *, stall_s: float, limit_bytes: int = 0) -> Cut:
        sight.end()
        raise Status(404, "NotFound", "no such Pod")

    server.lines = refuse  # type: ignore[method-assign]
    desk = Desk(cast(Api, server), "ns", WorkerChoice(), cast(Sight, sight), Waits(), time.clock, time.sleep)
    (end,) = Following(desk, WORKER, "db").events()
    assert codec.load(Ended, end.data).fault


def test_one_that_says_nothing_and_renews_nothing_is_over_and_one_that_renews_is_not() -> None:
    """Its Pod may go on for ever: frozen, or on a node that nobody hears of."""
    time = Time()
    sight, renewals = FakeSight(DONE, time), [f"2026-01-01T00:0{place}:00.000000Z" for place in range(6)]
    server = FakeLog(log(3, False), [], sight)

    def silent(path: str, params: Params, *, stall_s: float, limit_bytes: int = 0) -> Cut:
        time.sleep(stall_s)
        raise Temporary("kubevirt.timeout", "it did not answer in time")

    def lease(path: str) -> Object:
        return {
            "spec": {"leaseDurationSeconds": 30, "renewTime": renewals.pop(0) if len(renewals) > 1 else renewals[0]}
        }

    server.lines = silent  # type: ignore[method-assign]
    server.get = lease  # type: ignore[attr-defined]
    desk = Desk(cast(Api, server), "ns", WorkerChoice(), cast(Sight, sight), Waits(), time.clock, time.sleep)
    (end,) = Following(desk, WORKER, "db").events()
    ended = codec.load(Ended, end.data)
    assert ended.fault
    assert (ended.outcome, ended.fault.code) == ("temporary", "worker.lease-lapsed")
    assert "its Pod goes on" in ended.fault.text
    assert time.clock() >= 7 * 60, "six looks at which it was renewed, and one at which it was not"
