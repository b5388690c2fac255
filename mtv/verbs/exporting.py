"""Verbs that write what mtv knows in other programs' forms."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from mtv.errors import Refused
from mtv.files import replacing
from mtv.formats.rvtools.filling import Estate, fill, survey
from mtv.formats.rvtools.tab import Around
from mtv.formats.rvtools.writing import Writing
from mtv.model import infrastructure as parts
from mtv.model.estate import VM, Datastore, Network
from mtv.settings import settings
from mtv.store import inventory
from mtv.store.picture import Picture
from mtv.store.store import Store
from mtv.verbs.ends import read_inventory
from mtv.verbs.opening import Place, place

Tell = Callable[[int, str], None]


@dataclass(frozen=True)
class Exported:
    vms: int
    losses: Sequence[str]  # what the file's format could not take


def rvtools(file: Path, source: str, tell: Tell = lambda number, what: None) -> Exported:
    """Write what is known of a source as RVTools would. A source that is a URL is read now, one with a name as it was
    refreshed last. Raises Refused `export.form`, `export.empty`, `file.no-access`."""
    if file.suffix.lower() != ".xlsx":
        raise Refused("export.form", f"{file} is no name of a workbook", "name it FILE.xlsx")
    with Store(settings().store) as store:
        found = place(store, source)
        if inventory.revision(store, found.name) is None or ":" in found.name:
            asyncio.run(read_inventory(store, found, tell))
        path = store.path
    with Picture(path, found.name) as picture:
        estate = Estate(
            vms=lambda: picture.each(VM), hosts=list(picture.each(parts.Host)),
            clusters=list(picture.each(parts.Cluster)), places=list(picture.each(parts.Place)),
            switches=list(picture.each(parts.Switch)), networks=list(picture.each(Network)),
            datastores=list(picture.each(Datastore)),
        )  # fmt: skip
        seen = survey(estate.vms())
        number = sum(load.vms for load in seen.hosts.values())
        if not number:
            raise Refused("export.empty", f"'{source}' has no VM", f"look: mtv refresh {source}")
        with replacing(file) as out:
            with Writing(out, seen.columns) as book:
                fill(book, estate, seen, _around(found), tell)
                tell(number, "VMs written, packing")
            return Exported(number, book.losses())


def _around(found: Place) -> Around:
    server = urlsplit(found.address).hostname if "://" in found.address else ""
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    return Around(server=server or found.name, version=f"mtv {version('mtv-toolkit')}", written_at=now)
