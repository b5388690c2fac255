"""What the disks of a worker's process have in common: made by the first that needs it, ended by the last."""

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from mtv.errors import MtvError
from mtv.model.points import Export
from mtv.providers.vsphere.wire.address import read_address
from mtv.providers.vsphere.wire.session import Account, Session
from mtv.providers.vsphere.wire.trust import trust
from mtv.settings import settings

T = TypeVar("T")
ENDING = -1


@dataclass
class _Held(Generic[T]):
    users: int = 0
    context: AbstractContextManager[T] | None = None
    value: T | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)


class Shared(Generic[T]):
    """By key. `sound` says of one that is in use already whether it still serves; a new one is made where not."""

    def __init__(self, sound: Callable[[T], bool] = lambda _: True) -> None:
        self._sound, self._lock = sound, threading.Lock()
        self._held: dict[Hashable, _Held[T]] = {}

    @contextmanager
    def use(self, key: Hashable, make: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
        held = self._join(key)
        try:
            with held.lock:
                if held.value is None:
                    context = make()
                    held.value = context.__enter__()
                    held.context = context
            yield held.value
        finally:
            self._leave(key, held)

    def _join(self, key: Hashable) -> _Held[T]:
        """Whoever comes while the last one's is being ended waits for that: there is one at a time."""
        while True:
            with self._lock:
                held = self._held.get(key)
                if held is None or held.value is not None and not self._sound(held.value):
                    held = self._held[key] = _Held()
                if held.users >= 0:
                    held.users += 1
                    return held
            held.ended.wait()

    def _leave(self, key: Hashable, held: _Held[T]) -> None:
        with self._lock:
            held.users -= 1
            if held.users:
                return
            held.users = ENDING
        try:
            if held.context:
                held.context.__exit__(None, None, None)
        finally:
            with self._lock:
                if self._held.get(key) is held:
                    del self._held[key]
            held.ended.set()


SESSIONS: Shared[Session] = Shared()


@contextmanager
def session_of(export: Export, secrets: Path) -> Iterator[Session]:
    """The copy account's, logged in by this process, at the server whose certificate the engine saw."""
    params = export.params
    try:
        password = (secrets / export.secrets[0]).read_bytes()
    except (OSError, IndexError) as error:
        raise MtvError("vsphere.secret", "the worker was given no password for the copy account") from error
    address, user = read_address(str(params["url"])), str(params["user"])
    pin = trust(fingerprint=str(params["fingerprint"]))

    @contextmanager
    def log_in() -> Iterator[Session]:
        made = Session(address, pin, Account(user, password), settings())
        try:
            yield made
        finally:
            made.close()

    with SESSIONS.use((address, user, pin), log_in) as session:
        yield session
