"""Before beside after, row by row. What one side does not know is `unknown`, never `same`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal

from mtv.converters.boot.pictures.picture import DiskSeen, MountSeen, Picture, Port, Route
from mtv.words import size

Verdict = Literal["same", "different", "unknown"]
NOTHING = "-"


@dataclass(frozen=True, kw_only=True)
class Row:
    what: str
    before: str
    after: str
    verdict: Verdict


def compare(before: Picture, after: Picture) -> tuple[Row, ...]:
    return (
        _host(before.hostname, after.hostname),
        _plain("operating system", before.system, after.system),
        _cards(before.macs, after.macs),
        *_ports(before.ports, after.ports),
        *_routes(before.routes, after.routes),
        *_disks(before.disks, after.disks),
        *_mounts(before.mounts, after.mounts),
    )


def _verdict(before: object, after: object) -> Verdict:
    if before is None or after is None:
        return "unknown"
    return "same" if before == after else "different"


def _plain(what: str, before: str | None, after: str | None) -> Row:
    return Row(what=what, before=before or NOTHING, after=after or NOTHING, verdict=_verdict(before, after))


def _host(before: str | None, after: str | None) -> Row:
    """Some files and agents know the short name, some the whole one."""
    short = before and after and ("." in before) != ("." in after)
    names = [name and (name.split(".")[0] if short else name).lower() for name in (before, after)]
    return Row(what="host name", before=before or NOTHING, after=after or NOTHING, verdict=_verdict(names[0], names[1]))


def _cards(before: Sequence[str] | None, after: Sequence[str] | None) -> Row:
    """Others may be there as well: bridges and VLANs of the guest's own."""
    if before is None or after is None:
        verdict: Verdict = "unknown"
    elif set(before) <= set(after):
        verdict = "same"
    else:  # the cards of a bond all tell the bond's MAC
        verdict = "unknown" if len(set(after)) < len(after) else "different"
    return Row(
        what="network cards", before=_joined(before) or NOTHING, after=_joined(after) or NOTHING, verdict=verdict
    )


def _joined(values: Sequence[str] | None) -> str | None:
    return None if values is None else " ".join(values) or "none"


def _ports(before: Sequence[Port] | None, after: Sequence[Port] | None) -> Iterator[Row]:
    told = {port.name: port for port in after or ()}
    times = Counter(port.mac for port in told.values())
    for port in before or ():
        found = told.pop(port.name, None)
        if found is None:
            verdict: Verdict = "unknown" if after is None else "different"
            missing = NOTHING if after is None else "no such interface"
            yield Row(what=port.name, before=_port(port), after=missing, verdict=verdict)
            continue
        shared = port.mac != found.mac and times[found.mac] > 1  # a bond's card tells the bond's MAC
        row = _plain(f"{port.name} MAC", port.mac, found.mac)
        yield replace(row, verdict="unknown") if shared else row
        yield _plain(f"{port.name} addresses", _joined(port.addresses), _joined(found.addresses))
    for port in told.values():  # an interface that nobody configured
        yield Row(what=port.name, before=NOTHING, after=_port(port), verdict="unknown")


def _port(port: Port) -> str:
    return " ".join([port.mac or "", *(port.addresses or ())]).strip() or port.name


def _routes(before: Sequence[Route] | None, after: Sequence[Route] | None) -> Iterator[Row]:
    told: dict[str, list[str]] = {route.destination: [] for route in (*(before or ()), *(after or ()))}
    for route in after or ():
        told[route.destination].append(route.gateway)
    wanted: dict[str, list[str]] = {}
    for route in before or ():
        wanted.setdefault(route.destination, []).append(route.gateway)
    for destination, gateways in told.items():
        was = _via(wanted.get(destination), before is not None)
        now = _via(gateways, after is not None)
        yield Row(
            what=f"route {destination}",
            before=was or NOTHING,
            after=now or NOTHING,
            verdict=_verdict(was, now) if destination in wanted else "unknown",
        )
    if not told:
        yield Row(what="routes", before=NOTHING, after=NOTHING, verdict="unknown")


def _via(gateways: Sequence[str] | None, known: bool) -> str | None:
    if not known:
        return None
    return "via " + " ".join(sorted(gateways)) if gateways else "none"


def _disks(before: Sequence[DiskSeen] | None, after: Sequence[DiskSeen] | None) -> Iterator[Row]:
    if before is None or after is None:
        yield Row(what="disks", before=_count(before), after=_count(after), verdict="unknown")
        return
    for index, (was, now) in enumerate(zip_longest(before, after)):
        verdict: Verdict = "different" if was is None or now is None else _same_disk(was, now)
        yield Row(what=f"disk {index}", before=_disk(was), after=_disk(now), verdict=verdict)


def _count(disks: Sequence[DiskSeen] | None) -> str:
    return NOTHING if disks is None else str(len(disks))


def _same_disk(was: DiskSeen, now: DiskSeen) -> Verdict:
    verdicts = {_verdict(was.serial, now.serial), _verdict(was.size_bytes, now.size_bytes)}
    return "different" if "different" in verdicts else "same" if "same" in verdicts else "unknown"


def _disk(disk: DiskSeen | None) -> str:
    if disk is None:
        return "no such disk"
    return (
        " ".join(filter(None, (disk.name, disk.serial, size(disk.size_bytes) if disk.size_bytes else ""))) or "a disk"
    )


def _mounts(before: Sequence[MountSeen] | None, after: Sequence[MountSeen] | None) -> Iterator[Row]:
    told = {mount.path: mount for mount in after or ()}
    for mount in before or ():
        found = told.get(mount.path)
        if after is None:
            verdict: Verdict = "unknown"
        else:
            verdict = "different" if found is None else _same_mount(mount, found)
        yield Row(
            what=f"mount {mount.path}",
            before=_mount(mount),
            after=_mount(found) if found else NOTHING if after is None else "not mounted",
            verdict=verdict,
        )
    if before is None:
        yield Row(what="mounts", before=NOTHING, after=" ".join(sorted(told)) or NOTHING, verdict="unknown")


def _same_mount(was: MountSeen, now: MountSeen) -> Verdict:
    verdicts = {_verdict(was.type, now.type), _verdict(was.uuid, now.uuid)}
    return "different" if "different" in verdicts else "same" if "same" in verdicts else "unknown"


def _mount(mount: MountSeen) -> str:
    uuid = f"UUID={mount.uuid}" if mount.uuid else ""
    device = "" if mount.device == uuid else mount.device
    return " ".join(filter(None, (mount.type, device, uuid))) or mount.path
