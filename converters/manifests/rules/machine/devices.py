"""What is neither disk nor interface: inputs, video, sound, watchdog, passthrough, and Hyper-V's features."""

import re
from collections.abc import Iterator
from functools import cache
from zoneinfo import available_timezones as zones

from mtv.converters.manifests.rules.machine.instance import Instance
from mtv.converters.manifests.rules.rule import Book, Complaint
from mtv.converters.manifests.rules.view import View

BOOK = Book("device", "https://kubevirt.io/user-guide/compute/virtual_hardware/")
INPUT_BUS = BOOK.refused("input-bus", "an input device's bus is virtio or usb", "use one of them")
INPUT_TYPE = BOOK.refused("input-type", "an input device is a tablet", "set type to tablet")
THREADS = BOOK.refused(
    "io-threads", "an ioThreadsPolicy is shared, auto or supplementalPool", "use one of them, or leave it out"
)
POOL = BOOK.refused(
    "io-pool", "a supplemental pool says how many threads", "set supplementalPoolThreadCount to 1 or more"
)
HOST = BOOK.refused("host", "host devices need the feature gate HostDevices", "switch it on, or use gpus")
RAMFB = BOOK.refused("gpu-display", "one virtual GPU has a display from the start", "switch ramFB off for the others")
SOUND = BOOK.refused("sound", "a sound card is ich9 or ac97", "use one of them")
SOUND_NAME = BOOK.refused("sound-name", "a sound card has a name", "set its name")
VSOCK = BOOK.refused("vsock", "vsock needs the feature gate VSOCK", "switch it on, or leave autoattachVSOCK out")
METRICS = BOOK.refused(
    "metrics", "downwardMetrics needs the feature gate DownwardMetrics", "switch it on, or leave it out"
)
VIDEO_GATE = BOOK.refused(
    "video-gate", "before KubeVirt 1.9 a video type needs the feature gate VideoConfig", "leave video out", until=(1, 9)
)
VIDEO_NONE = BOOK.refused("video-none", "without a graphics device there is no video type", "leave video out")
PANIC_GATE = BOOK.refused(
    "panic-gate", "before KubeVirt 1.9 panic devices need the feature gate PanicDevices", "leave them out", until=(1, 9)
)
PANIC = BOOK.refused("panic", "a panic device is hyperv, isa or pvpanic, and none on s390x", "use one of them")
WATCHDOG = BOOK.broken("watchdog", "on amd64 a watchdog is i6300esb: the instance is refused", "use i6300esb alone")
VIDEO = BOOK.broken(
    "video", "on amd64 a video type is vga, cirrus, virtio, ramfb or bochs: the instance is refused", "use one of them"
)
GPU = BOOK.broken(
    "gpu",
    "no node offers this GPU until permittedHostDevices names it: it is never scheduled",
    "permit the device first",
)
HYPERV = Book("hyperv", "https://kubevirt.io/user-guide/compute/windows_virtio_drivers/")
NEEDS = HYPERV.broken(
    "needs", "this feature needs another one, which is switched off: the instance is refused", "switch it on"
)
MODES = HYPERV.broken(
    "passthrough", "Hyper-V's features go with hypervPassthrough never: the instance is refused", "leave one of them"
)
EVMCS = HYPERV.broken(
    "evmcs", "evmcs needs a processor with nested virtualisation: it is never scheduled without", "leave it out"
)
SPINLOCKS = HYPERV.broken("spinlocks", "libvirt takes no fewer than 4095 spinlock retries", "use 8191")
ZONE = BOOK.broken(
    "timezone", "there is no such time zone: the guest does not start", "write a name such as Europe/Vienna"
)
CLOCK = BOOK.warning("clock", "a clock is utc or a time zone's: KubeVirt looks at utc first", "leave one of them")

_NEEDS = (
    ("synic", "vpindex"),
    ("synictimer", "synic"),
    ("ipi", "vpindex"),
    ("tlbflush", "vpindex"),
    ("evmcs", "vapic"),
)


def check(machine: Instance) -> Iterator[Complaint]:
    devices = machine.devices
    for one in devices.each("inputs"):
        if one.text("bus") not in ("", "virtio", "usb"):
            yield INPUT_BUS.at(one.at("bus"))
        if one.text("type") != "tablet":
            yield INPUT_TYPE.at(one.at("type"))
    yield from _threads(machine.domain)
    yield from _passed(machine)
    yield from _sound(devices.at("sound"))
    if devices.truth("autoattachVSOCK") and not machine.gate("VSOCK"):
        yield VSOCK.at(devices.at("autoattachVSOCK"))
    if devices.has("downwardMetrics") and not machine.gate("DownwardMetrics"):
        yield METRICS.at(devices.at("downwardMetrics"))
    yield from _video(machine)
    yield from _panic(machine)
    yield from _hyperv(machine)
    watchdog = devices.at("watchdog")
    if watchdog and machine.architecture == "amd64" and (not watchdog.has("i6300esb") or watchdog.has("diag288")):
        yield WATCHDOG.at(watchdog)
    clock = machine.domain.at("clock")
    if clock.has("utc") and clock.text("timezone"):
        yield CLOCK.at(clock.at("timezone"))
    elif clock.text("timezone") and not _is_zone(clock.text("timezone")):
        yield ZONE.at(clock.at("timezone"))


@cache
def _zones() -> frozenset[str]:
    return frozenset(zones())


def _is_zone(name: str) -> bool:
    """A machine without the zones' own files says yes to whatever looks like one."""
    known = _zones()
    return name in known if known else re.fullmatch(r"[A-Z][\w+-]*(/[\w+-]+){0,2}", name) is not None


def _threads(domain: View) -> Iterator[Complaint]:
    policy = domain.at("ioThreadsPolicy")
    if policy and policy.value not in ("shared", "auto", "supplementalPool"):
        yield THREADS.at(policy)
    if policy.value == "supplementalPool" and domain.number("ioThreads", "supplementalPoolThreadCount") < 1:
        yield POOL.at(domain.at("ioThreads", "supplementalPoolThreadCount"))


def _passed(machine: Instance) -> Iterator[Complaint]:
    devices = machine.devices
    if devices.each("hostDevices") and not machine.gate("HostDevices"):
        yield HOST.at(devices.at("hostDevices"))
    shown = [gpu for gpu in devices.each("gpus") if _has_display(gpu.at("virtualGPUOptions"))]
    yield from (RAMFB.at(gpu) for gpu in shown[1:])
    for gpu in devices.each("gpus"):
        name = gpu.text("deviceName")
        if name and name not in (machine.target.devices or ()):
            yield GPU.at(gpu.at("deviceName"))


def _has_display(options: View) -> bool:
    display = options.at("display")
    on = bool(display) and display.truth("enabled") is not False
    return on and (not display.has("ramFB") or display.truth("ramFB", "enabled") is True)


def _sound(sound: View) -> Iterator[Complaint]:
    if sound and sound.text("model") not in ("", "ich9", "ac97"):
        yield SOUND.at(sound.at("model"))
    if sound and not sound.text("name"):
        yield SOUND_NAME.at(sound.at("name"))


def _video(machine: Instance) -> Iterator[Complaint]:
    video = machine.devices.at("video")
    if not video:
        return
    if not machine.gate("VideoConfig"):
        yield VIDEO_GATE.at(video)
    elif machine.devices.truth("autoattachGraphicsDevice") is False:
        yield VIDEO_NONE.at(video)
    if machine.architecture == "amd64" and video.text("type") not in ("vga", "cirrus", "virtio", "ramfb", "bochs"):
        yield VIDEO.at(video.at("type"))


def _panic(machine: Instance) -> Iterator[Complaint]:
    found = machine.devices.each("panicDevices")
    if found and not machine.gate("PanicDevices"):
        yield PANIC_GATE.at(machine.devices.at("panicDevices"))
        return
    for one in found:
        if (
            machine.architecture == "s390x"
            or one.has("model")
            and one.text("model") not in ("hyperv", "isa", "pvpanic")
        ):
            yield PANIC.at(one.at("model"))


def _hyperv(machine: Instance) -> Iterator[Complaint]:
    features = machine.domain.at("features")
    hyperv = features.at("hyperv")
    if hyperv and features.has("hypervPassthrough"):
        yield MODES.at(features.at("hypervPassthrough"))
    for one, other in _NEEDS:
        if hyperv.is_on(one) and hyperv.truth(other, "enabled") is False:
            yield NEEDS.at(hyperv.at(one), other)
    if hyperv.is_on("evmcs"):
        yield EVMCS.at(hyperv.at("evmcs"))
    retries = hyperv.at("spinlocks", "spinlocks")
    if retries and hyperv.is_on("spinlocks") and hyperv.number("spinlocks", "spinlocks") < 4095:
        yield SPINLOCKS.at(retries)
