"""Lists in pages, the next one read while this one is worked on. A list that took longer than the server remembers
goes on where it was, or begins anew."""

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from mtv.errors import CheckFailed
from mtv.providers.kubevirt.fields import Object, rows, text
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api, Params

PAGE = 500
TIMES = 3  # that one list is begun


@dataclass(frozen=True)
class Page:
    items: Sequence[Object]
    begins: bool = False  # the list begins, perhaps not for the first time: what it said before may not hold


def pages(api: Api, path: str, size: int = PAGE, labelled: str = "") -> Iterator[Page]:
    """Raises Status, MtvError. The thread that reads ahead ends with the iterator."""
    params: Params = {"limit": size, **({"labelSelector": labelled} if labelled else {})}
    with closing(_pages(api, path, params)) as found, ThreadPoolExecutor(1, "kubevirt-page") as ahead:
        wanted = ahead.submit(next, found, None)
        while page := wanted.result():
            wanted = ahead.submit(next, found, None)
            yield page


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
