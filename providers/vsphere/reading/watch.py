"""The light scan: what may have changed since, by one filter of the property collector that lives with the session.

Its first answer tells of all VMs, each later one only of those that changed. Where the server forgot the filter (the
session was lost, the version is of another one), it begins again: digests tell what really differs.
"""

from collections.abc import Mapping
from contextlib import suppress

from mtv.errors import Temporary
from mtv.providers.vsphere.objects.elements import all_of, fields, text
from mtv.providers.vsphere.objects.vm import LIGHT
from mtv.providers.vsphere.reading import collector
from mtv.providers.vsphere.reading.revisions import Light, light
from mtv.providers.vsphere.wire.answer import VIM, Element
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import Ref, SoapFault, tag

LOST = ("InvalidCollectorVersion", "ManagedObjectNotFound", "NotAuthenticated")
PAGES_LIMIT = 100_000


class Watch:
    """All VMs that the account may see, and their light properties as they are now."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._collector: Ref | None = None
        self._view: Ref | None = None
        self._version = ""
        self._seen: dict[str, Light] = {}

    def now(self) -> Mapping[str, Light]:
        """By VM id; of a VM that did not change the same object as before. Raises SoapFault, MtvError."""
        try:
            self._update()
        except SoapFault as error:
            if error.name not in LOST or not self._collector:
                raise
            self._collector = self._view = None
            self._update()
        return self._seen

    def close(self) -> None:
        """What the server keeps for us: the collector takes its filter along."""
        if self._collector is not None and self._view is not None:
            with suppress(Temporary):  # a server that is gone keeps nothing
                collector.drop(self._session, self._collector, "DestroyPropertyCollector")
                collector.drop(self._session, self._view)
        self._collector = self._view = None

    def _update(self) -> None:
        of = self._collector or self._start()
        for _ in range(PAGES_LIMIT):
            if not self._page(of):
                return

    def _start(self) -> Ref:
        session = self._session
        self._seen, self._version = {}, ""
        self._view = collector.view(session, "VirtualMachine")
        made = session.call("CreatePropertyCollector", session.manager("propertyCollector"))[0]
        self._collector = Ref(made.get("type", "PropertyCollector"), made.text or "")
        spec = collector.of_view({"VirtualMachine": LIGHT}, self._view)
        session.call("CreateFilter", self._collector, f"<spec>{spec}</spec>{tag('partialUpdates', False)}")
        return self._collector

    def _page(self, of: Ref) -> bool:
        """True while there is more to fetch."""
        body = f"{tag('version', self._version)}<options>{tag('maxWaitSeconds', 0)}</options>"
        more, told = False, False
        for element in self._session.stream("WaitForUpdatesEx", of, body, "objectSet", "version", "truncated"):
            if element.tag == f"{VIM}objectSet":
                self._take(element)
            elif element.tag == f"{VIM}version":
                self._version, told = element.text or "", True
            elif element.tag == f"{VIM}truncated":
                more = element.text == "true"
        return more and told

    def _take(self, element: Element) -> None:
        told = fields(element)
        id_ = text(told, "obj")
        if text(told, "kind") == "leave":
            self._seen.pop(id_, None)
            return
        changes = map(fields, all_of(element, "changeSet"))
        self._seen[id_] = {**self._seen.get(id_, {}), **{text(one, "name"): light(one.get("val")) for one in changes}}
