"""The vSphere source: what the contract of the two ends asks for, each blocking part in a thread."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mtv.errors import Refused
from mtv.model.estate import VM, Change, Datastore, Entity, Finding, Network, Removal, Revision, kind_of
from mtv.model.infrastructure import Gap, Place
from mtv.model.login import Login
from mtv.model.reading import Opener, SourceCheck
from mtv.providers.vsphere.objects import vm
from mtv.providers.vsphere.objects.elements import Props
from mtv.providers.vsphere.objects.vm import LIGHT, Around
from mtv.providers.vsphere.reading.collector import Found
from mtv.providers.vsphere.reading.pages import Pages
from mtv.providers.vsphere.reading.survey import Survey, survey
from mtv.providers.vsphere.reading.watch import Light, Watch, digest, light
from mtv.providers.vsphere.rights.check import check
from mtv.providers.vsphere.rights.roles import ROLES, role, text
from mtv.providers.vsphere.wire.address import read_address
from mtv.providers.vsphere.wire.session import Account, Session
from mtv.providers.vsphere.wire.soap import said
from mtv.providers.vsphere.wire.trust import trust

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


class VSphere:
    """A vCenter, or an ESXi alone."""

    kind = "vsphere"
    logs_in = True
    steady = False
    openers: Mapping[str, Opener] = {}
    checks: Mapping[str, SourceCheck] = {}
    roles: Sequence[str] = tuple(ROLES)

    def __init__(
        self, name: str, address: str, secrets: Mapping[str, bytes] | None = None, login: Login | None = None
    ) -> None:
        login, secrets = login or Login(), secrets or {}
        if not login.user or "password" not in secrets:
            raise Refused(
                "vsphere.account",
                f"{name}: no account to log in with",
                "mtv add provider ... --user U --secret env:VAR",
            )
        self.name, self.login = name, login
        where, how = read_address(address), trust(login.ca, login.fingerprint, login.insecure)
        self.session = Session(where, how, Account(login.user, secrets["password"]))
        self.copier = Session(where, how, Account(login.copy_user, secrets.get("copy-password", b"")))
        self._watch = Watch(self.session)
        self._survey: Survey | None = None
        self._surveyed_at = 0.0

    @staticmethod
    def role(name: str) -> str:
        """A role for people: its rights, and the lines that grant them. Raises Refused `vsphere.role`."""
        return text(role(name))

    async def check(self) -> Sequence[Finding]:
        """Who answers, how its clock stands, and which rights the accounts lack for which way."""
        return await asyncio.to_thread(check, self.name, self.session, self.copier, self.login)

    async def inventory(self, since: str | None) -> AsyncIterator[Change]:
        """In pages: a page of VMs is in memory at a time, and one more for each connection."""
        found = self._inventory(Seen.load(since))
        while page := await asyncio.to_thread(next, found, None):
            for change in page:
                yield change

    async def vm(self, id: str) -> VM:  # noqa: A002 - the contract's word
        """As it is now, with what its surroundings were called a minute ago at most."""
        return await asyncio.to_thread(self._vm, id)

    async def close(self) -> None:
        """Log out; nothing of ours is left there."""
        await asyncio.to_thread(self._close)

    def _inventory(self, since: Seen | None) -> Iterator[list[Change]]:
        with said(str(self.session.address), "reading the inventory"):
            made = self._look_around()
            around, names = made.around, _names(made.parts)
            parts = {_key(one): digest(one) for one in made.parts}
            before = since or Seen()
            if any(names.get(id_, name) != name for id_, name in before.names.items()):
                before = Seen(parts=before.parts)
            if told := [one for one in made.parts if before.parts.get(_key(one)) != parts[_key(one)]]:
                yield list(told)
            now = {id_: revision(id_, told, around) for id_, told in self._watch.now().items()}
            wanted = [id_ for id_, of in now.items() if before.vms.get(id_) != of]
            gaps: list[Gap] = []
            pages = Pages(self.session, self.name, lambda found: self._read(found, around, now.get(found.ref)))
            for page in pages.all(wanted):
                gaps += [one for one in page if isinstance(one, Gap)]
                yield list(page)
            kept = {id_: of for id_, of in now.items() if id_ not in {gap.name for gap in gaps}}
            parts.update({_key(gap): "" for gap in gaps})
            old = since or Seen()
            removed: list[Change] = [Removal("vm", id_) for id_ in old.vms if id_ not in now]
            removed += [Removal(*key.split("/", 1)) for key in old.parts if key not in parts]
            yield [*removed, Revision(Seen(kept, parts, names).dump())]

    def _vm(self, id_: str) -> VM:
        with said(str(self.session.address), f"reading VM {id_}"):
            fresh = self._survey is not None and time.monotonic() - self._surveyed_at < FRESH_S
            around = (self._survey if fresh and self._survey else self._look_around()).around
            found = Pages(self.session, self.name, lambda found: self._read(found, around, None)).page([id_])
        if not found:
            raise Refused("vsphere.no-vm", f"{self.name} has no VM with the id '{id_}'", f"mtv refresh {self.name}")
        if isinstance(found[0], Gap):
            raise Refused("vsphere.unreadable", f"{self.name}: VM {id_}: {found[0].text}", f"mtv refresh {self.name}")
        return found[0]

    def _read(self, found: Found, around: Around, known: str | None) -> VM:
        return vm.read(found.ref, found.props, around, known or revision(found.ref, _light(found.props), around))

    def _look_around(self) -> Survey:
        self._survey, self._surveyed_at = survey(self.session, self.name), time.monotonic()
        return self._survey

    def _close(self) -> None:
        with said(str(self.session.address), "logging out"):
            self._watch.close()
        self.session.close()
        self.copier.close()


def revision(id_: str, told: Light, around: Around) -> str:
    """Changes with the VM's light properties, and with what its surroundings say of it."""
    host, parent = told.get("runtime.host", ""), told.get("parent", "")
    outside = (around.hosts.get(host), around.clusters.get(host), around.paths.get(parent), around.tags.get(id_),
               around.rules.get(id_), around.priorities.get(id_), around.policies.get(id_))  # fmt: skip
    return digest([told.get(path, "") for path in LIGHT], outside)


def _light(props: Props) -> Light:
    return {path: light(props.get(path)) for path in LIGHT}


def _names(parts: Sequence[Entity]) -> Mapping[str, str]:
    pools = [one for one in parts if isinstance(one, Place) and one.kind == "pool"]
    stores = [one for one in parts if isinstance(one, Datastore | Network)]
    return {one.id: digest(one.name) for one in (*pools, *stores)}


def _key(one: Entity) -> str:
    return f"{kind_of(type(one))}/{one.id}"
