"""guest.*: what VMware's tools told of the system in the VM, and the tree of its snapshots."""

from collections.abc import Iterator, Mapping, Sequence

from mtv.model.details import FileSystem, GuestNic, GuestView, Route, Snapshot
from mtv.providers.vsphere.objects.elements import unescaped
from mtv.providers.vsphere.objects.told import Props, Told, Value, each, flag, number, own, texts

RUNNING = {"guestToolsRunning": "running", "guestToolsNotRunning": "stopped", "guestToolsExecutingScripts": "running"}
STATUS = {
    "guestToolsCurrent": "current", "guestToolsSupportedNew": "current", "guestToolsTooNew": "current",
    "guestToolsNeedUpgrade": "old", "guestToolsSupportedOld": "old", "guestToolsTooOld": "unsupported",
    "guestToolsBlacklisted": "unsupported", "guestToolsUnmanaged": "unmanaged", "guestToolsNotInstalled": "missing",
}  # fmt: skip
POWER = {"poweredOn": "on", "poweredOff": "off", "suspended": "suspended"}
DEPTH = 64


def view(inside: Value) -> GuestView:
    """Empty where the tools never ran."""
    told = inside.own
    status = STATUS.get(told.get("toolsVersionStatus2", ""), "")
    routes, dns, domains = _stacks(inside.every("ipStack"))
    return GuestView(
        hostname=told.get("hostName", ""),
        address=told.get("ipAddress", ""),
        os_id=told.get("guestId", ""),
        os_name=told.get("guestFullName", ""),
        state=told.get("guestState", ""),
        tools="missing" if status == "missing" else RUNNING.get(told.get("toolsRunningStatus", ""), ""),
        tools_status="" if status == "missing" else status,
        tools_version=told.get("toolsVersion", ""),
        nics=tuple(map(_nic, inside.every("net"))),
        routes=routes,
        dns=dns,
        domains=domains,
        file_systems=tuple(map(_file_system, inside.every("disk"))),
    )


def _nic(told: Told) -> GuestNic:
    key = told.get("deviceConfigId", "")
    return GuestNic(
        nic="" if key.startswith("-") else key, mac=told.get("macAddress", "").lower(),
        network=unescaped(told.get("network", "")),
        addresses=tuple(_addresses(told)) or tuple(texts(told, "ipAddress")),
        dhcp=flag(told, "ipConfig/dhcp/ipv4/enable") if "ipConfig/dhcp" in told else None,
    )  # fmt: skip


def _addresses(told: Told) -> Iterator[str]:
    for one in each(told, "ipConfig/ipAddress"):
        if address := told.get(f"{one}/ipAddress"):
            prefix = told.get(f"{one}/prefixLength")
            yield address if prefix is None else f"{address}/{prefix}"


def _stacks(stacks: Sequence[Told]) -> tuple[tuple[Route, ...], tuple[str, ...], tuple[str, ...]]:
    routes: list[Route] = []
    dns: dict[str, None] = {}
    domains: dict[str, None] = {}
    for told in stacks:
        dns.update(dict.fromkeys(texts(told, "dnsConfig/ipAddress")))
        domains.update(dict.fromkeys(texts(told, "dnsConfig/searchDomain")))
        for one in each(told, "ipRouteConfig/ipRoute"):
            to = f"{told.get(f'{one}/network', '')}/{told.get(f'{one}/prefixLength', '')}"
            via, device = told.get(f"{one}/gateway/ipAddress", ""), told.get(f"{one}/gateway/device", "")
            routes.append(Route(to=to, via=via, device=device))
    return tuple(routes), tuple(dns), tuple(domains)


def _file_system(told: Told) -> FileSystem:
    return FileSystem(
        path=told.get("diskPath", ""), size_bytes=number(told, "capacity") or 0,
        free_bytes=number(told, "freeSpace") or 0, kind=told.get("filesystemType", ""),
        disks=tuple(told.get(f"{one}/key", "") for one in each(told, "mappings")),
    )  # fmt: skip


def snapshots(tree: Told) -> tuple[Snapshot, ...]:
    """Parents before children."""
    return tuple(_snapshots(tree)) if tree else ()


def _snapshots(tree: Told) -> Iterator[Snapshot]:
    now = tree.get("currentSnapshot", "")
    waiting = [(one, "") for one in reversed(list(each(tree, "rootSnapshotList")))]
    while waiting:
        at, above = waiting.pop()
        of = tree.get(f"{at}/snapshot", "")
        yield Snapshot(
            id=of, name=unescaped(tree.get(f"{at}/name", "")), description=tree.get(f"{at}/description", ""),
            at=tree.get(f"{at}/createTime", ""), parent=above, state=POWER.get(tree.get(f"{at}/state", ""), ""),
            quiesced=flag(tree, f"{at}/quiesced"), current=bool(of) and of == now,
        )  # fmt: skip
        waiting += [(child, of) for child in reversed(list(each(tree, f"{at}/childSnapshotList")))]


def options(props: Props, paths: Mapping[str, str]) -> Mapping[str, str]:
    """Those settings of extraConfig that are there, by key."""
    found = {key: own(props, path).get("value", "") for key, path in paths.items() if path in props}
    return {key: value for key, value in found.items() if value}


def has(told: Told) -> bool:
    """It is more than an empty element."""
    return len(told) > 1 or bool(told.get(""))
