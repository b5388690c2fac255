"""The Workers protocol of providers/workers.py, by Jobs. Requests go into threads; each worker that is followed has one
of its own, for its log comes as long as it lives."""

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from mtv import codec
from mtv.model.estate import Json
from mtv.model.tasks import Ended, Event, Task
from mtv.providers.kubevirt.fields import pairs
from mtv.providers.kubevirt.jobs import ending, manifests
from mtv.providers.kubevirt.jobs.desk import Desk
from mtv.providers.kubevirt.jobs.following import Following
from mtv.providers.kubevirt.jobs.places import path, task_secret
from mtv.providers.kubevirt.jobs.sight import has_ended
from mtv.providers.kubevirt.jobs.starting import Starting
from mtv.providers.kubevirt.labels import VM_KEY
from mtv.times import now

Heard = Event | BaseException | None  # None: there are no more


@dataclass
class _Worker:
    vm: str  # for people
    wishes: dict[str, Json] = field(default_factory=dict)
    following: Following | None = None
    stopped: Ended | None = None


class Crew:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._workers: dict[str, _Worker] = {}

    async def start(self, task: Task, secrets: Mapping[str, bytes]) -> str:
        starting = Starting(self._desk, task)
        self._workers[starting.worker] = _Worker(task.name)
        return await asyncio.to_thread(starting.start, secrets)

    async def events(self, worker: str) -> AsyncIterator[Event]:
        """Also of a worker that another engine started."""
        known = await asyncio.to_thread(self._known, worker)
        if known is None:
            yield Event(seq=0, at=now(), type="end", data=codec.dump(ending.GONE))
            return
        known.following = Following(self._desk, worker, known.vm)
        heard: asyncio.Queue[Heard] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        thread = threading.Thread(target=_follow, args=(known.following, heard, loop), name=worker, daemon=True)
        thread.start()
        try:
            while (event := await heard.get()) is not None:
                if isinstance(event, BaseException):
                    raise event
                yield event
        finally:
            known.following.close()

    async def control(self, worker: str, message: Mapping[str, Json]) -> None:
        """What was wished before stays wished. Tickets are secrets: they go into the worker's Secret."""
        known = self._workers.setdefault(worker, _Worker(worker))
        tickets = message.get("tickets")
        known.wishes.update({key: one for key, one in message.items() if key != "tickets"})
        await asyncio.to_thread(self._control, worker, known, tickets if isinstance(tickets, dict) else {})

    def _control(self, worker: str, known: _Worker, tickets: Mapping[str, Json]) -> None:
        with self._desk.api.said(f"{known.vm}: steering worker {worker}"):
            if tickets:
                secrets = {name: str(value).encode() for name, value in tickets.items()}
                where = path(self._desk.namespace, "secrets", task_secret(worker))
                self._desk.api.patch(where, manifests.renewing(secrets))
            self._desk.wish(worker, known.wishes)

    async def stop(self, worker: str) -> Ended:
        known = self._workers.get(worker)
        if known and known.stopped:
            return known.stopped
        following = known.following if known else None
        ended = await asyncio.to_thread(self._stop, worker, known.vm if known else worker, following)
        if known:
            known.stopped = ended
        return ended

    def _stop(self, worker: str, vm: str, following: Following | None) -> Ended:
        """The worker's own word for its end counts, where it was heard."""
        if following is None and self._has_ended(worker):
            following = Following(self._desk, worker, vm)
            for _ in following.events():
                pass  # its log is read for its end
        heard = following.ended if following else None
        ended = ending.stop(self._desk, worker, vm)
        return heard or ended

    def _has_ended(self, worker: str) -> bool:
        pod = self._desk.sight.see(worker).pod
        return pod is not None and has_ended(pod)

    def _known(self, worker: str) -> _Worker | None:
        """A dead engine's is found by its name."""
        if worker not in self._workers:
            with self._desk.api.said(f"finding worker {worker}"):
                found = self._desk.job(worker)
            if found is None:
                return None
            key = pairs(found, "metadata", "annotations").get(VM_KEY, worker)
            self._workers[worker] = _Worker(key)
        return self._workers[worker]

    def close(self) -> None:
        for one in self._workers.values():
            if one.following:
                one.following.close()
        self._desk.sight.close()


def _follow(following: Following, heard: "asyncio.Queue[Heard]", loop: asyncio.AbstractEventLoop) -> None:
    def say(one: Heard) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody listens
            loop.call_soon_threadsafe(heard.put_nowait, one)

    try:
        for event in following.events():
            say(event)
        say(None)
    except BaseException as error:  # whoever listens raises it
        say(error)
