"""The estate report: what a source holds, how it can move, and what is not known of it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from mtv.errors import Refused
from mtv.plans.reports.sections import glance, machines, moving, storage, surroundings
from mtv.plans.reports.shapes import Ask, Chapter, Moment, Report
from mtv.store.columns.figures import figures
from mtv.times import stamp

CHAPTERS: Sequence[tuple[str, str, Sequence[Ask]]] = (
    ("moving", "Can it move?", (moving.verdicts, moving.concerns, moving.blocked, moving.unreachable)),
    ("machines", "Virtual machines", (
        machines.families, machines.systems, machines.power, machines.firmware, machines.sizes, machines.largest,
        machines.busiest, machines.tools, machines.hardware,
    )),
    ("storage", "Disks and datastores", (storage.disks, storage.properties, storage.datastores, storage.homeless)),
    ("snapshots", "Snapshots", (storage.ages, storage.oldest)),
    ("networks", "Networks", (surroundings.networks, surroundings.cards)),
    ("hosts", "Clusters and hosts", (surroundings.clusters, surroundings.hosts, surroundings.versions)),
    ("gaps", "What is not known", (surroundings.unknown, surroundings.gaps)),
)  # fmt: skip
OPTIONAL = ("elsewhere",)  # sections that are left out where they have no rows


def estate(store: Path, source: str, now: datetime, tell: Callable[[str], None] = lambda what: None) -> Report:
    """Of one source, or of all where `source` is "". Raises Refused `report.nothing`."""
    tell("counting")
    with figures(store, source) as found:
        if not found.sources:
            what = f"source '{source}' has" if source else "there is"
            raise Refused("report.nothing", f"{what} no inventory to report on", f"mtv refresh {source or 'SOURCE'}")
        moment = Moment(found, now)
        chapters = []
        for id_, title, asks in CHAPTERS:
            tell(title.lower())
            sections = (ask(moment) for ask in asks)
            kept = tuple(one for one in sections if one.rows or one.id not in OPTIONAL)
            chapters.append(Chapter(id_, title, kept))
        return Report(
            kind="estate", title=f"Estate of {', '.join(name for name, _ in found.sources)}", at=stamp(now),
            sources=tuple(found.sources), figures=tuple(one for ask in glance.ALL for one in ask(found)),
            chapters=tuple(chapters),
        )  # fmt: skip
