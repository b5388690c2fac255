"""Everything that a vCenter holds, in pages; and one VM as it is now. Blocking: the source puts it into threads."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from mtv.errors import Refused
from mtv.model.estate import VM, Change, Datastore, Entity, Network, Removal, Revision, kind_of
from mtv.model.infrastructure import Gap, Place
from mtv.providers.vsphere.objects import vm
from mtv.providers.vsphere.objects.vm import Around
from mtv.providers.vsphere.reading import collector
from mtv.providers.vsphere.reading.pages import Pages
from mtv.providers.vsphere.reading.revisions import Light, Revisions, digest, light_of, revision
from mtv.providers.vsphere.reading.scan import scan
from mtv.providers.vsphere.reading.sieve import Machine, Sieve
from mtv.providers.vsphere.reading.survey import Survey, survey
from mtv.providers.vsphere.reading.watch import Watch
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import SoapFault, said

NAMING = tuple(f"gap/{part}" for part in ("folders", "pools", "compute resources", "hosts", "datastores", "networks",
                                          "attributes"))  # fmt: skip
"""Gaps that leave VMs with ids for names: once one is mended, all are read."""
FRESH_S = 60.0  # what VMs stand on is not read again for a single VM so soon


@dataclass(frozen=True)
class Seen:
    """What a revision says: digests by id. `names` are of what VMs name: one that changes changes them all."""

    vms: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, since: str | None) -> "Seen | None":
        """None for a revision of another version of mtv: everything is read."""
        try:
            told = json.loads(since or "")
        except ValueError:
            return None
        if not isinstance(told, dict) or told.get("v") != 1:
            return None
        return cls(told["vms"], told["parts"], told["names"])

    def dump(self) -> str:
        told = {"v": 1, "vms": self.vms, "parts": self.parts, "names": self.names}
        return json.dumps(told, separators=(",", ":"))


class Inventory:
    """Of one session; remembers what it saw, so that the next reading asks only for what changed."""

    def __init__(self, session: Session, name: str) -> None:
        self._session, self._name = session, name
        self._watch, self._revisions, self._sieve = Watch(session), Revisions(), Sieve(session.address)
        self._survey: Survey | None = None
        self._surveyed_at, self._readings = 0.0, 0
        self._surveying = threading.Lock()

    def pages(self, since: Seen | None) -> Iterator[list[Change]]:
        """What changed since; a Revision comes last. No page is empty."""
        with said(str(self._session.address), "reading the inventory"):
            made, self._readings = self._look_around(), self._readings + 1
            around, names = made.around, _names(made)
            parts = {_key(one): digest(one) for one in made.parts}
            before = since or Seen()
            renamed = any(names.get(id_, name) != name for id_, name in before.names.items())
            if renamed or any(gap in before.parts and gap not in parts for gap in NAMING):
                before = Seen(parts=before.parts)
            if told := [one for one in made.parts if before.parts.get(_key(one)) != parts[_key(one)]]:
                yield list(told)
            now = self._revisions.of(self._light(), around) if before.vms else dict.fromkeys(self._listed(), "")
            wanted = [id_ for id_, of in now.items() if before.vms.get(id_) != of] if before.vms else list(now)
            gaps: list[Gap] = []
            read: dict[str, str] = {}
            pages = self._pages(lambda found: self._read(found, around, now.get(found.ref)))
            for page in pages.all(wanted):
                gaps += [one for one in page if isinstance(one, Gap)]
                read.update((one.id, one.revision) for one in page if isinstance(one, VM))
                if page:  # an empty one would end all: each of its VMs is gone
                    yield list(page)
            kept = {id_: read.get(id_, of if before.vms.get(id_) == of else "") for id_, of in now.items()}
            parts.update({_key(gap): "" for gap in gaps})
            old = since or Seen()
            removed: list[Change] = [Removal("vm", id_) for id_ in old.vms if id_ not in now]
            removed += [Removal(*key.split("/", 1)) for key in old.parts if key not in parts]
            yield [*removed, Revision(Seen(kept, parts, names).dump())]

    def _light(self) -> Mapping[str, Light]:
        """Who has read once already may do so again, and then knows sooner what changed."""
        if self._readings == 1:
            with suppress(SoapFault):  # a VM went meanwhile, or the session: the watch bears that, or says what it is
                return scan(self._session, self._listed())
        return self._watch.now()

    def _listed(self) -> Sequence[str]:
        """All VMs: where each is read anyway, its page tells what the scan would, which takes a tenth as long."""
        of = collector.view(self._session, "VirtualMachine")
        try:
            return collector.listed(self._session, of)
        finally:
            collector.drop(self._session, of)

    def vm(self, id_: str) -> VM:
        """As it is now, with what its surroundings were called a minute ago at most."""
        with said(str(self._session.address), f"reading VM {id_}"):
            around = self._lately().around
            found = self._pages(lambda found: self._read(found, around, None)).page([id_])
        if not found:
            raise Refused("vsphere.no-vm", f"{self._name} has no VM with the id '{id_}'", f"mtv refresh {self._name}")
        if isinstance(found[0], Gap):
            raise Refused("vsphere.unreadable", f"{self._name}: VM {id_}: {found[0].text}", f"mtv refresh {self._name}")
        return found[0]

    def around(self) -> Sequence[Entity]:
        """What VMs stand on, as it was a minute ago at most."""
        with said(str(self._session.address), "reading what VMs stand on"):
            return self._lately().parts

    def _lately(self) -> Survey:
        with self._surveying:
            if self._survey is not None and time.monotonic() - self._surveyed_at < FRESH_S:
                return self._survey
            return self._look_around()

    def _pages(self, read: Callable[[Machine], VM]) -> Pages:
        return Pages(self._session, self._name, read, self._sieve)

    def _read(self, found: Machine, around: Around, known: str | None) -> VM:
        return vm.read(found.ref, found.props, around, known or revision(found.ref, light_of(found.props), around))

    def _look_around(self) -> Survey:
        self._survey, self._surveyed_at = survey(self._session, self._name), time.monotonic()
        return self._survey

    def close(self) -> None:
        """What the server keeps for us."""
        with said(str(self._session.address), "logging out"):
            self._watch.close()


def _names(made: Survey) -> Mapping[str, str]:
    pools = [one for one in made.parts if isinstance(one, Place) and one.kind == "pool"]
    stores = [one for one in made.parts if isinstance(one, Datastore | Network)]
    fields = {f"field/{key}": digest(name) for key, name in made.fields.items()}
    return {one.id: digest(one.name) for one in (*pools, *stores)} | fields


def _key(one: Entity) -> str:
    return f"{kind_of(type(one))}/{one.id}"
