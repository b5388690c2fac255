"""`mtv serve`: be the engine of every run that has none, for ever; and whether such an engine is well."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from mtv.errors import Held, Refused
from mtv.providers.engines import Seat
from mtv.settings import settings
from mtv.store import reading
from mtv.store.place import SECOND, engine_lock
from mtv.store.store import Store
from mtv.times import moment

LAPSED = "the engine's lease has lapsed, or is another's: it stops here"
Say = Callable[[str], None]


def serve(say: Say, seat: Seat | None = None) -> None:
    """Until TERM or INT. While another engine has the store, or the seat, it waits. Raises Held `serve.lapsed` where
    the seat is not surely ours any more."""
    from mtv.plans.engine import serve_engine
    from mtv.verbs.running.driving import roads

    async def work() -> None:
        with Store(settings().store) as store:
            async with roads(store) as found:
                await _until_free(store.path, say)
                say(f"serving store {store.path}")
                await serve_engine(store, found.build_served, found.close, may_act=seat.holds if seat else _always)

    if seat is None:
        return asyncio.run(work())
    with _seated(seat, say):
        asyncio.run(work())
        if not seat.holds():
            raise Held("serve.lapsed", LAPSED, "it begins anew when it has the lease again")
    return None


@contextmanager
def _seated(seat: Seat, say: Say) -> Iterator[None]:
    """Ours, or the process ends at once, and with it all workers of this machine: nothing outside is touched."""
    note = wait_note(settings().store)
    note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    seat.wait(lambda: note.touch(0o600))

    def lost() -> None:
        say(f"mtv: {LAPSED}")
        os._exit(1)

    seat.hold(lost, lambda text: say(f"mtv: {text}"))
    try:
        yield
    finally:
        seat.leave()


def _always() -> bool:
    return True


async def _until_free(store: Path, say: Say) -> None:
    told = ""
    while True:
        wait_note(store).touch(0o600)
        try:
            with engine_lock(store):
                return wait_note(store).unlink(missing_ok=True)
        except Refused as refusal:
            if refusal.fault.code not in SECOND:
                raise
            if told != refusal.fault.text:
                told = refusal.fault.text
                say(f"waiting: {told}")
        await asyncio.sleep(settings().watch_s)


def wait_note(store: Path) -> Path:
    """A file that is touched again and again by who waits for the store: it is well, too."""
    return store.with_name(f"{store.name}.waiting")


def is_alive() -> bool:
    """An engine's heart beat lately, or somebody waits to be the engine. Raises Refused `store.missing`."""
    store, dead_s = settings().store, settings().engine_dead_s
    now = datetime.now(UTC)
    note = wait_note(store)
    if note.exists() and now.timestamp() - note.stat().st_mtime < dead_s:
        return True
    with closing(reading.connect(store)) as found:
        seen = reading.engine(found, dead_s)
    return seen is not None and seen.lives and (now - moment(seen.beat_at)).total_seconds() < dead_s
