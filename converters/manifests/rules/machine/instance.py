"""What all rules of a machine look at: the instance that KubeVirt makes of a VirtualMachine's template."""

from dataclasses import dataclass
from functools import cached_property

from mtv.converters.manifests.rules.amounts import whole
from mtv.converters.manifests.rules.target import Target, Versions
from mtv.converters.manifests.rules.view import View


@dataclass(frozen=True)
class Instance:
    """`spec` and `meta` are the instance's; `sized` says that an instance type gives it processors and memory."""

    spec: View
    meta: View
    target: Target
    versions: Versions
    sized: bool = False

    @cached_property
    def domain(self) -> View:
        return self.spec.at("domain")

    @cached_property
    def devices(self) -> View:
        return self.spec.at("domain", "devices")

    @cached_property
    def cpu(self) -> View:
        return self.spec.at("domain", "cpu")

    @cached_property
    def architecture(self) -> str:
        return self.spec.text("architecture") or "amd64"

    @cached_property
    def disks(self) -> list[View]:
        """Those that are written, and one for each volume that has none: KubeVirt adds it."""
        written = self.devices.each("disks")
        known = {disk.text("name") for disk in (*written, *self.devices.each("filesystems"))}
        added = [View({"name": one.text("name")}, one.path) for one in self.volumes if one.text("name") not in known]
        return [*written, *added]

    @cached_property
    def volumes(self) -> list[View]:
        return self.spec.each("volumes")

    @cached_property
    def claims(self) -> frozenset[str]:
        """What its volumes name, as claim or as DataVolume."""
        named = [
            (one.text("persistentVolumeClaim", "claimName"), one.text("dataVolume", "name")) for one in self.volumes
        ]
        return frozenset(name for pair in named for name in pair if name)

    @cached_property
    def networks(self) -> dict[str, View]:
        return {one.text("name"): one for one in self.spec.each("networks")}

    @cached_property
    def nics(self) -> list[View]:
        return self.devices.each("interfaces")

    @cached_property
    def vcpus(self) -> int:
        """0 where they are not known: an instance type says it."""
        cores, sockets, threads = (self.cpu.number(key) for key in ("cores", "sockets", "threads"))
        if cores or sockets or threads:
            return (cores or 1) * (sockets or 1) * (threads or 1)
        resources = self.domain.at("resources")
        asked = resources.at("limits", "cpu").value or resources.at("requests", "cpu").value
        return 0 if self.sized else whole(asked) or 1

    @cached_property
    def guest_bytes(self) -> int | None:
        """As KubeVirt fills it in; None where nobody says."""
        memory, resources = self.domain.at("memory"), self.domain.at("resources")
        for place in (memory.at("guest"), resources.at("requests", "memory"), resources.at("limits", "memory")):
            if place and (whole(place.value) or place.path.endswith("guest")):
                return whole(place.value)
        return whole(memory.at("hugepages", "pageSize").value) or None

    def gate(self, name: str) -> bool:
        return self.target.gate(name, self.versions.kubevirt)


def bus(disk: View) -> str:
    return next((disk.text(kind, "bus") for kind in ("disk", "lun", "cdrom") if disk.has(kind)), "")
