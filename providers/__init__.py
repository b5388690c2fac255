"""The two ends of a journey. Ours and a stranger's register the same way: by entry point."""

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from mtv.errors import Refused
from mtv.model.estate import Finding
from mtv.model.reading import Opener, SourceCheck


def kinds(end: str) -> list[str]:
    """Names of the providers that are installed; `end` is "sources" or "targets"."""
    return sorted({point.name for point in entry_points(group=f"mtv.{end}")})


def load(end: str, kind: str) -> Any:
    """The class registered as that kind. Raises Refused, naming the kinds there are."""
    for point in entry_points(group=f"mtv.{end}", name=kind):
        return point.load()
    known = ", ".join(kinds(end))
    raise Refused(
        "provider.kind", f"no {end[:-1]} of kind '{kind}': there are {known}", "see `mtv add provider --help`"
    )


def openers() -> Mapping[str, Opener]:
    """Every registered way to open an Export, for the worker."""
    ways: dict[str, Opener] = {}
    for kind in kinds("sources"):
        ways.update(load("sources", kind).openers)
    return ways


def checks() -> Mapping[str, SourceCheck]:
    """Every registered way to hold an Export against the source's own checksums, for the worker."""
    ways: dict[str, SourceCheck] = {}
    for kind in kinds("sources"):
        ways.update(load("sources", kind).checks)
    return ways


def fits() -> Iterator[Finding]:
    """What this machine has of what a source wants here, for those that want something."""
    for kind in kinds("sources"):
        if fit := getattr(load("sources", kind), "fit", None):
            yield from fit()


def keep(lease: str, folder: Path, work: Callable[[Callable[[], None]], int]) -> int:
    """Do a worker's work while it holds that lease, of the kind of target whose workers have one. `work` is given what
    to call before each write, and gives the process's status. Raises Refused `worker.lease`."""
    for kind in kinds("targets"):
        if found := getattr(load("targets", kind), "keep", None):
            status: int = found(lease, folder, work)
            return status
    raise Refused("worker.lease", f"there is no target here whose workers hold a lease such as {lease}")
