"""What is accepted as a VirtualMachine and breaks later: refused as an instance, or by libvirt."""

import re
from collections.abc import Iterable, Mapping

from tests.kube.api import Object
from tests.kube.fakes.quantities import amount

ARCHITECTURES = ("amd64", "arm64", "s390x")
VIDEO = ("vga", "cirrus", "virtio", "ramfb", "bochs")
UUID = r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}"
LABEL = 63


def refusals(spec: Object, labels: Mapping[str, str]) -> Iterable[str]:
    """Why no instance is made of the template."""
    domain = spec["domain"]
    devices, features = domain.get("devices", {}), domain.get("features", {})
    memory = domain.get("memory", {})
    resources = domain.get("resources", {})
    if not memory.get("guest") and not memory.get("hugepages") and not asked_memory(resources):
        yield "spec.domain.memory.guest, spec.domain.resources.requests.memory or a limit of it must be set"
    if (kind := devices.get("video", {}).get("type")) and kind not in VIDEO:
        yield f"spec.domain.devices.video.type: {kind} is not supported on amd64"
    if "diag288" in devices.get("watchdog", {}):
        yield "spec.domain.devices.watchdog: diag288 is not supported on amd64"
    if "hyperv" in features and "hypervPassthrough" in features:
        yield "spec.domain.features.hyperv and hypervPassthrough cannot be used together"
    if (architecture := spec.get("architecture", "amd64")) not in ARCHITECTURES:
        yield f"spec.architecture: {architecture} is not supported"
    for key, value in labels.items():
        if len(value) > LABEL:
            yield f"metadata.labels: {key}: must be no more than {LABEL} characters"


def asked_memory(resources: Object) -> bool:
    return any("memory" in resources.get(part, {}) for part in ("requests", "limits"))


def libvirt_errors(spec: Object) -> Iterable[str]:
    """What libvirt says of an instance that was made."""
    domain = spec["domain"]
    uuid = domain.get("firmware", {}).get("uuid")
    if uuid and not re.fullmatch(UUID, uuid):
        yield f"XML error: malformed uuid element: {uuid}"
    guest = domain.get("memory", {}).get("guest")
    if guest is not None and amount(guest) == 0:
        yield "XML error: memory must be greater than zero"
    for interface in domain.get("devices", {}).get("interfaces", []):
        mac = interface.get("macAddress", "")
        if mac and int(mac[:2], 16) & 1:
            yield f"XML error: expected unicast mac address, found multicast '{mac}'"
