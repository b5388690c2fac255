"""A refresh of many packages: all that is there, or what changed since a revision, which remembers what was told."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import PurePath

from mtv.errors import MtvError
from mtv.model.estate import Change, Datastore, Network, Removal, Revision
from mtv.providers.ova.shelf import Shelf
from mtv.providers.ova.virtual import DATASTORE, Contents, Machine, broken, contents


@dataclass(frozen=True)
class Told:
    """What one package was when it was told."""

    revision: str
    vms: tuple[str, ...]
    networks: tuple[str, ...]


@dataclass
class _Refresh:
    source: str
    shelf: Shelf
    before: Mapping[str, Told]
    now: dict[str, Told] = field(default_factory=dict)
    networks: set[str] = field(default_factory=set)  # told already: packages share them


def changes(source: str, shelf: Shelf, since: str | None) -> Iterator[Change]:
    """Blocking. A package that cannot be read is a VM with a critical concern, unless it is the only one."""
    refresh = _Refresh(source, shelf, _parse(since))
    if not refresh.before:
        yield Datastore(source=source, id=DATASTORE, name=DATASTORE, kind="ova")
    files = shelf.files()
    for file, revision in shelf.revisions(files).items():
        yield from _package(refresh, file, revision, shelf.many(files))
    yield from _gone(refresh)
    yield Revision(json.dumps({file: [t.revision, t.vms, t.networks] for file, t in refresh.now.items()}))


def _package(refresh: _Refresh, file: str, revision: str, many: bool) -> Iterator[Change]:
    old = refresh.before.get(file)
    if old and old.revision == revision:
        refresh.now[file] = old
        return
    try:
        found = contents(refresh.source, refresh.shelf.open(file, revision))
        if not many and len(found.machines) == 1 and found.machines[0].error:
            raise found.machines[0].error
    except MtvError as error:
        if not many:
            raise
        found = Contents(machines=(broken_package(refresh.source, file, error),), networks=(), digest="")
    for name in found.networks:
        if name not in refresh.networks:
            refresh.networks.add(name)
            yield Network(source=refresh.source, id=name, name=name, kind="ova")
    for machine in found.machines:
        yield machine.vm
    refresh.now[file] = Told(revision, tuple(machine.vm.id for machine in found.machines), found.networks)


def broken_package(source: str, file: str, error: MtvError) -> Machine:
    return broken(source, f"{file}#", PurePath(file).stem, error)


def _gone(refresh: _Refresh) -> Iterator[Change]:
    before, now = refresh.before.values(), refresh.now.values()
    for gone in _less([one.vms for one in before], [one.vms for one in now]):
        yield Removal("vm", gone)
    for gone in _less([one.networks for one in before], [one.networks for one in now]):
        yield Removal("network", gone)


def _less(before: Iterable[tuple[str, ...]], now: Iterable[tuple[str, ...]]) -> list[str]:
    still = set(chain.from_iterable(now))
    return [one for one in dict.fromkeys(chain.from_iterable(before)) if one not in still]


def _parse(since: str | None) -> Mapping[str, Told]:
    """A revision that is not ours means: everything."""
    try:
        found = json.loads(since) if since else {}
        return {file: Told(one[0], tuple(one[1]), tuple(one[2])) for file, one in found.items()}
    except (ValueError, AttributeError, TypeError, IndexError, KeyError):
        return {}
