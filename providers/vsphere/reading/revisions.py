"""What tells a VM from what it was: digests of its light properties and of what its surroundings say of it."""

import hashlib
from collections.abc import Mapping

from mtv.providers.vsphere.objects.told import Props, flat, line, own
from mtv.providers.vsphere.objects.vm import LIGHT, Around
from mtv.providers.vsphere.wire.answer import Element

Light = Mapping[str, str]


class Revisions:
    """Of all VMs. One whose properties and surroundings did not change keeps its digest: of 10,000 it takes 50 ms."""

    def __init__(self) -> None:
        self._around: Around | None = None
        self._known: dict[str, tuple[Light, str]] = {}

    def of(self, now: Mapping[str, Light], around: Around) -> Mapping[str, str]:
        """By id."""
        before = self._known if around == self._around else {}
        self._around, self._known = around, {}
        for id_, told in now.items():
            known = before.get(id_)
            self._known[id_] = known if known and known[0] is told else (told, revision(id_, told, around))
        return {id_: found for id_, (_, found) in self._known.items()}


def revision(id_: str, told: Light, around: Around) -> str:
    """Changes with the VM's light properties, and with what its surroundings say of it."""
    host, parent = told.get("runtime.host", ""), told.get("parent", "")
    outside = (around.hosts.get(host), around.clusters.get(host), around.paths.get(parent), around.tags.get(id_),
               around.rules.get(id_), around.priorities.get(id_), around.policies.get(id_))  # fmt: skip
    return digest([told.get(path, "") for path in LIGHT], outside)


def light_of(props: Props) -> Light:
    """What the light scan would tell; a full reading has what is of the guest in one piece."""
    inside = own(props, "guest")
    return {path: inside.get(path[len("guest.") :], "") if path.startswith("guest.") else line(own(props, path))
            for path in LIGHT}  # fmt: skip


def light(value: Element | None) -> str:
    if value is None:
        return ""
    return line(flat(value)) if len(value) else value.text or ""


def digest(*parts: object) -> str:
    """Equal for equal values; 64 bits are enough for a hundred thousand VMs."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()
