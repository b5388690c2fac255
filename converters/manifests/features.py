"""What the virtual hardware offers besides devices."""

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


def clock(windows: bool) -> dict[str, Json]:
    return {"timer": WINDOWS_TIMERS, "utc": {}} if windows else {"utc": {}}


def features(windows: bool, secure_boot: bool) -> dict[str, Json]:
    found: dict[str, Json] = {"acpi": {}, "apic": {}}
    if windows:
        found["hyperv"] = HYPERV
    if secure_boot:
        found["smm"] = {"enabled": True}  # secure boot without it is refused
    return found
