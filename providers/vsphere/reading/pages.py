"""Full VMs, a page at a time over two connections: one is parsed while the server makes the next.

A page that fails is asked for in halves, until the one VM is found that cannot be read: that one is a gap.
"""

import gc
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from mtv.errors import CheckFailed, MtvError, Temporary
from mtv.model.estate import VM
from mtv.model.infrastructure import Gap
from mtv.providers.vsphere.objects.vm import FULL
from mtv.providers.vsphere.reading import collector
from mtv.providers.vsphere.reading.sieve import Machine, Sieve
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import Ref, SoapFault

PAGE = 50  # VMs: 0.8 MB of XML, whose elements still fit into a core's cache
CONNECTIONS = 2
AHEAD = 6  # pages that wait while what came before is written: what bounds the memory
TRIES = 3
OBJECTS = 50_000
Page = list[VM | Gap]


@contextmanager
def _few_collections() -> Iterator[None]:
    """VMs have no cycles: to look for some in each 700 new objects takes a tenth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(before[0] and max(before[0], OBJECTS), *before[1:])  # 0 is none at all
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Pages:
    """`read` maps one VM's properties; what it raises becomes a gap of that VM."""

    def __init__(
        self, session: Session, source: str, read: Callable[[Machine], VM], sieve: Sieve | None = None
    ) -> None:
        self._session, self._source, self._read = session, source, read
        self._paths: list[str] = list(FULL)
        self._sieve = sieve or Sieve(session.address)

    def all(self, ids: Sequence[str]) -> Iterator[Page]:
        """In the order asked for. VMs that are gone meanwhile are left out."""
        pages = iter([ids[at : at + PAGE] for at in range(0, len(ids), PAGE)])
        waiting: deque[Future[Page]] = deque()
        with _few_collections(), ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="vsphere-page") as pool:
            try:
                for page in pages:
                    waiting.append(pool.submit(self.page, page))
                    if len(waiting) >= AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for one in waiting:
                    one.cancel()

    def page(self, ids: Sequence[str], tries: int = TRIES) -> Page:
        """Raises CheckFailed (the password, the certificate), and Temporary where the server is gone."""
        paths = self._paths
        try:
            return self._once(ids, paths)
        except CheckFailed:
            raise
        except Temporary:
            if tries <= 1:
                raise
            return self.page(ids, tries - 1)
        except SoapFault as error:
            if error.name == "InvalidProperty" and self._leave_out(paths, error.detail.get("name", "")):
                return self.page(ids)
            if error.name == "ManagedObjectNotFound":
                return self._without(ids, error)
            return self._halves(ids, error)
        except MtvError as error:
            return self._halves(ids, error)

    def _leave_out(self, asked: Sequence[str], bad: str) -> bool:
        """What the server does not know: that property, or single ones by their keys. False: there is no such one."""
        left = [path for path in asked if bad not in (path, path.partition("[")[0])]
        if len(left) == len(asked):
            left = [path for path in asked if "[" not in path]
        if self._paths is asked:  # else another page's fault has told before
            self._paths = left
        return len(self._paths) < len(asked)

    def _once(self, ids: Sequence[str], paths: Sequence[str]) -> Page:
        spec = collector.of_objects({"VirtualMachine": paths}, [Ref("VirtualMachine", one) for one in ids])
        return [self._one(found) for found in collector.retrieve_machines(self._session, spec, self._sieve)]

    def _one(self, found: Machine) -> VM | Gap:
        try:
            return self._read(found)
        except Exception as error:  # one VM's oddity, whatever it is, must not stop ten thousand
            logging.getLogger(__name__).warning("VM %s could not be understood", found.ref, exc_info=True)
            return self._gap(found.ref, f"what the server says of it could not be understood: {error!r}")

    def _without(self, ids: Sequence[str], error: SoapFault) -> Page:
        gone = error.detail.get("obj", "")
        if gone in ids:
            left = [one for one in ids if one != gone]
            return self.page(left) if left else []
        return [] if len(ids) == 1 else self._halves(ids, error)

    def _halves(self, ids: Sequence[str], error: Exception) -> Page:
        if len(ids) == 1:
            return [self._gap(ids[0], str(error))]
        middle = len(ids) // 2
        return self.page(ids[:middle]) + self.page(ids[middle:])

    def _gap(self, of: str, text: str) -> Gap:
        return Gap(source=self._source, id=f"vm/{of}", name=of, text=text[:500], hint="mtv refresh, with -v")
