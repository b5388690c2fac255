"""Which areas of a disk are allocated, where change tracking tells; else all of it, and the copy finds the zeroes."""

from collections.abc import Iterator

from mtv.model.points import Export, Extent
from mtv.providers.vsphere.objects.elements import all_of, fields, number
from mtv.providers.vsphere.ways.machine import machine
from mtv.providers.vsphere.wire.answer import VIM
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import Ref, SoapFault, ref, tag

PAGES_LIMIT = 100_000  # of 62 TiB, an answer covers 650 MiB then; real ones cover 2,000 areas and more


def allocated(session: Session, export: Export) -> Iterator[Extent]:
    """In order, within the disk. An answer without an area is no end of the disk: the next one goes on behind it."""
    offset, end, size_bytes = 0, 0, export.size_bytes
    for _ in range(PAGES_LIMIT):
        if offset >= size_bytes:
            return
        try:
            page, covered = _page(session, export, offset)
        except SoapFault:  # no tracking, no right, a datastore that cannot: it is no reason not to read
            page, covered = [], 0
        if covered <= 0:  # all that is left
            break
        for start, length in page:
            low, high = max(start, end), min(start + length, offset + covered, size_bytes)
            if low < high:
                yield Extent(low, high - low)
                end = high
        offset += covered
    if (start := max(offset, end)) < size_bytes:
        yield Extent(start, size_bytes - start)


def _page(session: Session, export: Export, offset: int) -> tuple[list[tuple[int, int]], int]:
    """Areas from there on, sorted, and how much of the disk this answer is about."""
    snapshot = str(export.params.get("snapshot", ""))
    body = ref("snapshot", Ref("VirtualMachineSnapshot", snapshot)) if snapshot else ""
    body += tag("deviceKey", str(export.params["disk"])) + tag("startOffset", offset) + tag("changeId", "*")
    answer = session.call("QueryChangedDiskAreas", machine(export), body).find(f"{VIM}returnval")
    told = fields(answer)
    areas = [fields(one) for one in all_of(answer, "changedArea")]
    found = sorted((number(one, "start") or 0, number(one, "length") or 0) for one in areas)
    if number(told, "startOffset") != offset:
        return [], 0
    return found, number(told, "length") or 0
