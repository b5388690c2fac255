"""A worker's events out of its Pod's log: the stream is taken up again where it was cut, what comes twice is dropped,
and what is missing is asked for. Why a Pod does not start is found out, and given some time to pass."""

from collections.abc import Iterator
from datetime import timedelta

from mtv import codec
from mtv.errors import MtvError, Refused
from mtv.formats.lines import Lines, number
from mtv.model.faults import Fault, Kind
from mtv.model.tasks import LINE_LIMIT_BYTES, Ended, Event
from mtv.providers.kubevirt.fields import text
from mtv.providers.kubevirt.jobs import fates, leases
from mtv.providers.kubevirt.jobs.desk import Desk
from mtv.providers.kubevirt.jobs.ending import died
from mtv.providers.kubevirt.jobs.fates import Fate, Said
from mtv.providers.kubevirt.jobs.places import CONTAINER, path
from mtv.providers.kubevirt.jobs.sight import Seen, has_started
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.stream import Stream
from mtv.times import moment, now, stamp

BACK = timedelta(seconds=5)  # before the last event, where a cut log is read again: what comes twice is dropped
FORBIDDEN = 403  # to read its log
LINE_BYTES = 4 * LINE_LIMIT_BYTES  # of a log, whatever it holds


class Following:
    """One worker; `close` may come from another thread."""

    def __init__(self, desk: Desk, worker: str, vm: str) -> None:
        self._desk, self._worker, self._vm = desk, worker, vm
        self._lines = Lines()
        self._last_at = ""
        self._said: Event | None = None
        self._stream: Stream | None = None
        self._closed = False
        self._since: dict[str, float] = {}  # when each obstacle was first seen
        self._looked = desk.clock()
        self._renewed = ("", desk.clock())  # its lease, and since when it is that
        self._is_lapsed = False
        self.ended: Ended | None = None

    def events(self) -> Iterator[Event]:
        """Until it ended; `end` is the last one, made up where it said none."""
        with self._desk.api.said(f"{self._vm}: following worker {self._worker}"):
            self.ended = self._hindered()
            if self.ended is None:
                yield from self._heard()
                self.ended = self._how()
        yield Event(seq=self._lines.last + 1, at=now(), type="end", data=codec.dump(self.ended))

    def close(self) -> None:
        self._closed = True
        if self._stream:
            self._stream.close()

    def _hindered(self) -> Ended | None:
        """Why it does not start; None once it did, or ended."""
        desk, until = self._desk, self._desk.clock() + self._desk.waits.start_s
        seen = desk.sight.see(self._worker)
        while not self._closed and not seen.end() and not has_started(seen.pod or {}):
            said = [*fates.of_pod(seen.pod or {}), *self._events(seen)]
            if hindered := self._impatient(said):
                return hindered
            if desk.clock() > until:
                return self._late()
            desk.sight.wait(self._worker, seen.changes, desk.waits.look_s)
        return None

    def _events(self, seen: Seen) -> Iterator[Said]:
        """Asked for now and then, only of what does not start."""
        desk = self._desk
        if desk.clock() - self._looked < desk.waits.events_s:
            return
        self._looked = desk.clock()
        if not seen.pods and desk.job(self._worker) is None:
            yield Said("event", "FailedCreate", "its Job was removed by somebody")
        name = text(seen.pod, "metadata", "name") if seen.pod else self._worker
        yield from fates.of_events(desk.latest_event(name))

    def _impatient(self, said: list[Said]) -> Ended | None:
        found = fates.obstacle(said)
        if found is None:
            return None
        fate: Fate = found[0]
        since = self._since.setdefault(fate.code, self._desk.clock())
        if self._desk.clock() - since < (fate.patience_s or 0) * self._desk.waits.patience:
            return None
        return fates.ended(self._vm, self._worker, found)

    def _late(self) -> Ended:
        told = f"{self._vm}: the Pod of worker {self._worker} has not started within {self._desk.waits.start_s:.0f} s"
        return Ended(outcome="hold", fault=Fault("worker.start", told, "`kubectl describe pod` says more", Kind.HOLD))

    def _heard(self) -> Iterator[Event]:
        desk, is_cut = self._desk, False
        while not self._closed:
            seen = desk.sight.see(self._worker)
            end, changes = seen.end(), seen.changes
            try:
                yield from self._read(seen, is_cut)
            except (Status, MtvError) as error:
                if isinstance(error, Status) and error.code == FORBIDDEN:
                    raise
                if end or (_is_silence(error) and self._lapses()):
                    return  # its log went with it; or it hangs, and writes no more
            if self._said or end:
                return
            is_cut = True
            desk.sight.wait(self._worker, changes, 1.0)

    def _lapses(self) -> bool:
        """Its lease was not renewed since an earlier look, longer ago than it lasts: it is frozen, or cut off. Asked of
        one that says nothing."""
        found = self._desk.found(self._desk.lease_path(self._worker))
        if found is None:
            return False
        lease, now_s = leases.read(found), self._desk.clock()
        if lease.renewed != self._renewed[0]:
            self._renewed = lease.renewed, now_s
            return False
        self._is_lapsed = now_s - self._renewed[1] > lease.duration_s + self._desk.waits.lapse_s
        return self._is_lapsed

    def _read(self, seen: Seen, is_cut: bool) -> Iterator[Event]:
        """To the end of the stream. After a cut from a little before the last event; where that leaves a gap, all."""
        for since in (self._last_at, "") if is_cut and self._last_at else ("",):
            self._stream = self._open(seen, since)
            first = next(self._stream, None)
            if first is None:
                return
            if since and (number(first) or 0) > self._lines.last + 1:
                self._stream.close()
                continue
            yield from self._taken(first)
            for line in self._stream:
                yield from self._taken(line)
            return

    def _open(self, seen: Seen, since: str) -> Stream:
        where = path(self._desk.namespace, "pods", text(seen.pod, "metadata", "name"))
        params = {"container": CONTAINER, "follow": "true"}
        if since:
            params["sinceTime"] = stamp(moment(since) - BACK)
        return self._desk.api.lines(f"{where}/log", params, stall_s=self._desk.waits.silence_s, limit_bytes=LINE_BYTES)

    def _taken(self, line: bytes) -> Iterator[Event]:
        missed = self._lines.missed
        event = self._lines.read(line)
        if self._lines.missed > missed and not self._desk.sight.see(self._worker).end():
            self._desk.wish(self._worker, {"replay": self._lines.last})
        if event is None:
            return
        self._last_at = _time(event.at) or self._last_at
        if event.type == "end":
            self._said = event
        else:
            yield event

    def _how(self) -> Ended:
        """As it said, once it was seen to end or had the time to; else as its Pod did."""
        if self._is_lapsed:
            return fates.ended(self._vm, self._worker, (fates.LAPSE, Said("status", "", "its Pod goes on")))
        desk, until = self._desk, self._desk.clock() + self._desk.waits.end_s
        seen = desk.sight.see(self._worker)
        while not seen.end() and desk.clock() < until and not self._closed:
            desk.sight.wait(self._worker, seen.changes, desk.waits.look_s)
        if self._said:
            try:
                return codec.load(Ended, self._said.data, "end")
            except Refused:
                pass  # as if it had said nothing: its Pod tells
        return died(seen, self._vm, self._worker)


def _is_silence(error: Exception) -> bool:
    return isinstance(error, MtvError) and error.fault.code == "kubevirt.timeout"


def _time(said: str) -> str:
    """The worker's word for when, if it is a time at all."""
    try:
        moment(said)
    except ValueError:
        return ""
    return said
