"""Waiting for an object by a watch: what it was like in between is not missed, and nobody polls."""

import time
from collections.abc import Callable, Iterator

from tests.kube.api import Api, Object

WAIT_S = 60  # on two busy cores


def changes(
    api: Api, kind: str, namespace: str | None, name: str, wait_s: float = WAIT_S, since: str = ""
) -> Iterator[Object | None]:
    """The object now and after each change, or each change since that version; None where it is not there, or no more.
    Raises TimeoutError."""
    end = time.monotonic() + wait_s
    first = api.find(kind, namespace, name)
    last: object = (first or {}).get("status")
    version = since or (first["metadata"]["resourceVersion"] if first else "")
    if not since:
        yield first
    while (left := end - time.monotonic()) > 0:
        asked = {"fieldSelector": f"metadata.name={name}"}
        for event, found in api.watch(kind, namespace, version, max(1, int(left)), **asked):
            if event == "ERROR":
                raise TimeoutError(f"{kind} {name}: {found}")
            version = found["metadata"]["resourceVersion"]
            if event != "BOOKMARK":
                last = found.get("status")
                yield None if event == "DELETED" else found
    raise TimeoutError(f"{kind} {name} is not as it should be after {wait_s} s: {last}")


def until(
    api: Api,
    kind: str,
    namespace: str | None,
    name: str,
    there: Callable[[Object], bool] | None,
    wait_s: float = WAIT_S,
) -> Object:
    """The object as it is when that holds; without a condition, until it is gone."""
    for found in changes(api, kind, namespace, name, wait_s):
        if there is None and found is None:
            return {}
        if there is not None and found is not None and there(found):
            return found
    raise AssertionError("changes only ends by raising")
