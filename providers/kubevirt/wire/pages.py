"""Lists in pages, the next one read while this one is worked on, and the first ones of the lists to come. A list that
took longer than the server remembers goes on where it was, or begins anew."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from mtv.errors import CheckFailed
from mtv.providers.kubevirt.fields import Object, rows, text
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api
from mtv.providers.kubevirt.wire.request import Params

PAGE = 500
TIMES = 3  # that one list is begun
AHEAD = 4  # lists that are begun before their turn: most have one page, and nothing else is to be waited for

T = TypeVar("T")


@dataclass(frozen=True)
class Page:
    items: Sequence[Object]
    begins: bool = False  # the list begins, perhaps not for the first time: what it said before may not hold


Pages = Iterator[Page]


def pages(api: Api, path: str, size: int = PAGE, labelled: str = "") -> Pages:
    """Raises Status, MtvError. The thread that reads ahead ends with the iterator."""
    with ThreadPoolExecutor(1, "kubevirt-page") as ahead:
        yield from begun(ahead, api, path, size, labelled)


def begun(ahead: Executor, api: Api, path: str, size: int = PAGE, labelled: str = "") -> Pages:
    """The same, and its first page is asked for at once. Before `ahead` ends the iterator is to be closed, or never
    begun."""
    params: Params = {"limit": size, **({"labelSelector": labelled} if labelled else {})}
    found = _pages(api, path, params)
    return _told(ahead, found, ahead.submit(next, found, None))


def in_turn(some: Iterable[T], begin: Callable[[T], Pages | None]) -> Iterator[tuple[T, Pages | None]]:
    """Each with its list, begun while those before it are worked on."""
    waiting: deque[tuple[T, Pages | None]] = deque()
    for one in some:
        waiting.append((one, begin(one)))
        if len(waiting) > AHEAD:
            yield waiting.popleft()
    yield from waiting


def _told(ahead: Executor, found: Generator[Page], wanted: "Future[Page | None]") -> Generator[Page]:
    try:
        while page := wanted.result():
            wanted = ahead.submit(next, found, None)
            yield page
    finally:
        wait([wanted])
        found.close()


def _pages(api: Api, path: str, params: Params) -> Generator[Page]:
    token, begins, begun = "", True, 1
    while True:
        try:
            told = api.get(path, {**params, **({"continue": token} if token else {})})
        except Status as status:
            if status.code != 410 or begun == TIMES:
                raise
            begun += 1
            token, begins = status.go_on, not status.go_on
            continue
        if "items" not in told:
            raise CheckFailed("kubevirt.no-list", f"{api.server}: {path} is no list", "is it an API server's answer?")
        yield Page(rows(told, "items"), begins)
        token, begins = text(told, "metadata", "continue"), False
        if not token:
            return
