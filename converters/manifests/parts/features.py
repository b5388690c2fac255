"""What the virtual hardware offers besides devices."""

from mtv.converters.manifests.parts.firmware import secure_boot
from mtv.converters.manifests.shape import Shape
from mtv.model.estate import Json

HYPERV: dict[str, Json] = {
    "frequencies": {},
    "ipi": {},
    "reenlightenment": {},
    "relaxed": {},
    "reset": {},
    "runtime": {},
    "spinlocks": {"spinlocks": 8191},
    "synic": {},
    "synictimer": {"direct": {}},
    "tlbflush": {},
    "vapic": {},
    "vpindex": {},
}
"""The set that KubeVirt's own Windows preferences and templates share."""

WINDOWS_TIMERS: dict[str, Json] = {
    "hpet": {"present": False},
    "hyperv": {},
    "pit": {"tickPolicy": "delay"},
    "rtc": {"tickPolicy": "catchup"},
}


def clock(shape: Shape) -> dict[str, Json]:
    zone = shape.wanted.timezone
    found: dict[str, Json] = {"timezone": zone} if zone else {"utc": {}}
    return {"timer": WINDOWS_TIMERS, **found} if shape.windows else found


def features(shape: Shape) -> dict[str, Json]:
    found: dict[str, Json] = {"acpi": {}, "apic": {}}
    if shape.windows:
        found["hyperv"] = HYPERV
    if secure_boot(shape.vm):
        found["smm"] = {"enabled": True}  # secure boot without it is refused
    return found
