"""guest.*: what VMware's tools told of the system in the VM, and the tree of its snapshots."""

from collections.abc import Iterator, Mapping, Sequence

from mtv.model.details import FileSystem, GuestNic, GuestView, Route, Snapshot
from mtv.providers.vsphere.objects.elements import (
    Props,
    all_of,
    fields,
    flag,
    kind,
    number,
    reference,
    text,
    texts,
    unescaped,
)  # fmt: skip
from mtv.providers.vsphere.wire.answer import Element

RUNNING = {"guestToolsRunning": "running", "guestToolsNotRunning": "stopped", "guestToolsExecutingScripts": "running"}
STATUS = {
    "guestToolsCurrent": "current", "guestToolsSupportedNew": "current", "guestToolsTooNew": "current",
    "guestToolsNeedUpgrade": "old", "guestToolsSupportedOld": "old", "guestToolsTooOld": "unsupported",
    "guestToolsBlacklisted": "unsupported", "guestToolsUnmanaged": "unmanaged", "guestToolsNotInstalled": "missing",
}  # fmt: skip
POWER = {"poweredOn": "on", "poweredOff": "off", "suspended": "suspended"}
DEPTH = 64


def view(told: Props, inside: Element | None) -> GuestView:
    """Empty where the tools never ran. `told` are the fields of `inside`, whose lists hold several of one name."""
    status = STATUS.get(text(told, "toolsVersionStatus2"), "")
    routes, dns, domains = _stacks(all_of(inside, "ipStack"))
    return GuestView(
        hostname=text(told, "hostName"),
        address=text(told, "ipAddress"),
        os_id=text(told, "guestId"),
        os_name=text(told, "guestFullName"),
        state=text(told, "guestState"),
        tools="missing" if status == "missing" else RUNNING.get(text(told, "toolsRunningStatus"), ""),
        tools_status="" if status == "missing" else status,
        tools_version=text(told, "toolsVersion"),
        nics=tuple(map(_nic, all_of(inside, "net"))),
        routes=routes,
        dns=dns,
        domains=domains,
        file_systems=tuple(map(_file_system, all_of(inside, "disk"))),
    )


def _nic(one: Element) -> GuestNic:
    told = fields(one)
    config = fields(told.get("ipConfig"))
    addresses = tuple(_addresses(all_of(told.get("ipConfig"), "ipAddress"))) or texts(one, "ipAddress")
    dhcp = fields(fields(config.get("dhcp")).get("ipv4")) if "dhcp" in config else None
    key = text(told, "deviceConfigId")
    return GuestNic(
        nic="" if key.startswith("-") else key, mac=text(told, "macAddress").lower(),
        network=unescaped(text(told, "network")), addresses=addresses,
        dhcp=None if dhcp is None else flag(dhcp, "enable"),
    )  # fmt: skip


def _addresses(found: list[Element]) -> Iterator[str]:
    for one in found:
        told = fields(one)
        if address := text(told, "ipAddress"):
            yield f"{address}/{text(told, 'prefixLength')}" if "prefixLength" in told else address


def _stacks(stacks: Sequence[Element]) -> tuple[tuple[Route, ...], tuple[str, ...], tuple[str, ...]]:
    routes: list[Route] = []
    dns: dict[str, None] = {}
    domains: dict[str, None] = {}
    for one in stacks:
        told = fields(one)
        config = told.get("dnsConfig")
        dns.update(dict.fromkeys(texts(config, "ipAddress")))
        domains.update(dict.fromkeys(texts(config, "searchDomain")))
        for route in all_of(told.get("ipRouteConfig"), "ipRoute"):
            parts = fields(route)
            gateway = fields(parts.get("gateway"))
            to = f"{text(parts, 'network')}/{text(parts, 'prefixLength')}"
            routes.append(Route(to=to, via=text(gateway, "ipAddress"), device=text(gateway, "device")))
    return tuple(routes), tuple(dns), tuple(domains)


def _file_system(one: Element) -> FileSystem:
    told = fields(one)
    disks = tuple(text(fields(part), "key") for part in all_of(one, "mappings"))
    return FileSystem(
        path=text(told, "diskPath"), size_bytes=number(told, "capacity") or 0,
        free_bytes=number(told, "freeSpace") or 0, kind=text(told, "filesystemType"), disks=disks,
    )  # fmt: skip


def snapshots(tree: Element | None) -> tuple[Snapshot, ...]:
    """Parents before children."""
    if tree is None:
        return ()
    now = reference(fields(tree).get("currentSnapshot"))
    return tuple(_snapshots(all_of(tree, "rootSnapshotList"), "", now or ""))


def _snapshots(found: list[Element], parent: str, now: str) -> Iterator[Snapshot]:
    waiting = [(one, parent) for one in reversed(found)]
    while waiting:
        one, above = waiting.pop()
        told = fields(one)
        of = reference(told.get("snapshot")) or ""
        yield Snapshot(
            id=of, name=unescaped(text(told, "name")), description=text(told, "description"),
            at=text(told, "createTime"), parent=above, state=POWER.get(text(told, "state"), ""),
            quiesced=flag(told, "quiesced"), current=bool(of) and of == now,
        )  # fmt: skip
        waiting += [(child, of) for child in reversed(all_of(one, "childSnapshotList"))]


def options(props: Props, paths: Mapping[str, str]) -> Mapping[str, str]:
    """Those settings of extraConfig that are there, by key."""
    found = {key: text(fields(props.get(path)), "value") for key, path in paths.items() if path in props}
    return {key: value for key, value in found.items() if value}


def has(element: Element | None) -> bool:
    return element is not None and bool(kind(element) or len(element) or element.text)
