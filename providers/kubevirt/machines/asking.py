"""What a guest says by its agent, and what KubeVirt says of it: the rungs of the ladder that a start is judged by.
Ready says little, so nothing is told before the agent answers."""

from collections.abc import Mapping

from mtv.model.estate import Json
from mtv.providers.kubevirt.fields import Object, mapping, rows, text, whole, words
from mtv.providers.kubevirt.machines.home import Home
from mtv.providers.kubevirt.machines.kinds import INSTANCE, SUBRESOURCES
from mtv.providers.kubevirt.machines.states import holds
from mtv.providers.kubevirt.wire.answers import Status

AGENT = "guest-agent"
MOST = 64  # interfaces and file systems that are told: a guest says what it likes
LONGEST = 256


def guest(home: Home, name: str) -> Mapping[str, Json]:
    """Empty while nobody answers."""
    with home.api.said(f"asking the guest of VM {home.namespace}/{name}"):
        instance = home.look(INSTANCE, name)
        if instance is None or not holds(instance, "AgentConnected"):
            return {}
        system = _ask(home, name, "guestosinfo")
        if system is None:
            return {}
        mounted = _ask(home, name, "filesystemlist")
    told = mapping(system, "os") or mapping(instance, "status", "guestOSInfo")
    return {
        "running": text(instance, "status", "phase") == "Running", "ready": holds(instance, "Ready"),
        "agent": True, "hostname": _short(text(system, "hostname")),
        "os": {"id": _short(text(told, "id")), "name": _short(text(told, "prettyName") or text(told, "name")),
               "version": _short(text(told, "versionId"))},
        "interfaces": [_interface(one) for one in rows(instance, "status", "interfaces")[:MOST]],
        "filesystems": [_filesystem(one) for one in rows(mounted, "items")[:MOST]],
    }  # fmt: skip


def _ask(home: Home, name: str, what: str) -> Object | None:
    """None while it does not say."""
    try:
        return home.api.get(SUBRESOURCES.format(home.namespace, INSTANCE.plural, name, what))
    except Status as status:
        if status.code not in (404, 409):  # gone, or not connected any more
            raise
        return None


def _interface(one: Object) -> Json:
    addresses = words(one, "ipAddresses") or tuple(filter(None, [text(one, "ipAddress")]))
    return {
        "name": _short(text(one, "interfaceName") or text(one, "name")), "mac": text(one, "mac").lower()[:LONGEST],
        "addresses": [_short(address) for address in addresses[:MOST]], "agent": AGENT in text(one, "infoSource"),
    }  # fmt: skip


def _filesystem(one: Object) -> Json:
    serials: list[Json] = [_short(text(disk, "serial")) for disk in rows(one, "disk")[:MOST]]
    return {
        "path": _short(text(one, "mountPoint")), "type": _short(text(one, "fileSystemType")), "serials": serials,
        "used_bytes": whole(one, "usedBytes"), "size_bytes": whole(one, "totalBytes"),
    }  # fmt: skip


def _short(told: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in told[:LONGEST])
