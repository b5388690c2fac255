"""Volumes: one source each, cloud-init within its bounds, and what has to be switched on first."""

import base64
import binascii
from collections.abc import Iterator

from mtv.converters.manifests.rules import forms
from mtv.converters.manifests.rules.amounts import whole
from mtv.converters.manifests.rules.machine.instance import Instance
from mtv.converters.manifests.rules.rule import Book, Complaint
from mtv.converters.manifests.rules.view import View

BOOK = Book("volume", "https://kubevirt.io/user-guide/storage/disks_and_volumes/#volumes")
NAME_TWICE = BOOK.refused("name-twice", "two volumes have the same name", "give each volume a name of its own")
SOURCE = BOOK.refused("source", "a volume has exactly one source", "leave one, such as persistentVolumeClaim")
DATA_VOLUME = BOOK.refused("datavolume-name", "a dataVolume source names its DataVolume", "set dataVolume.name")
USER_SOURCES = BOOK.refused("userdata-sources", "cloud-init's user data comes from one place", "leave one of them")
USER_LONG = BOOK.refused(
    "userdata-long", "cloud-init's user data has at most 2048 bytes, decoded", "put it into a Secret: secretRef"
)
NET_SOURCES = BOOK.refused("networkdata-sources", "cloud-init's network data comes from one place", "leave one of them")
NET_LONG = BOOK.refused(
    "networkdata-long", "cloud-init's network data has at most 2048 bytes, decoded",
    "put it into a Secret: networkDataSecretRef",
)  # fmt: skip
BASE64 = BOOK.refused("base64", "this is no base64", "encode it anew, without spaces")
NO_DATA = BOOK.refused(
    "cloudinit-empty", "a cloud-init volume has user data or network data", "add one, or drop the volume"
)
GATE = BOOK.refused("gate", "this source is off until a feature gate is switched on", "switch it on, or use a claim")
HOST_PATH = BOOK.refused("host-path", "a hostDisk says its path", "set hostDisk.path")
HOST_TYPE = BOOK.refused("host-type", "a hostDisk's type is Disk or DiskOrCreate", "use one of them")
HOST_SIZE = BOOK.refused(
    "host-size", "a hostDisk that exists has its size: a capacity is for DiskOrCreate", "leave the capacity out"
)
NAME = BOOK.refused("name", "a volume of a ConfigMap, Secret or ServiceAccount names it", "set the name")
ONE_ONLY = BOOK.refused(
    "one-only", "an instance has one volume of a service account, of metrics, of a memory dump", "leave one of them"
)
METRICS_DISK = BOOK.refused("metrics-disk", "a volume of metrics is a disk on virtio", "set disk.bus to virtio")
PATH = BOOK.refused("path", "a path in a container's image is absolute, without `..` and not the root", "mend the path")
FILESYSTEM_GATE = BOOK.refused(
    "filesystem-gate",
    "sharing this volume by virtiofs needs a feature gate",
    "switch the gate on, or attach it as a disk",
)
UTILITY = BOOK.broken(
    "utility", "utility volumes are only plugged into an instance that runs: it is refused with them", "leave them out"
)

SOURCES = ("persistentVolumeClaim", "sysprep", "cloudInitNoCloud", "cloudInitConfigDrive", "containerDisk", "ephemeral",
           "emptyDisk", "hostDisk", "dataVolume", "configMap", "secret", "downwardAPI", "serviceAccount",
           "downwardMetrics", "memoryDump", "containerPath")  # fmt: skip
CLOUD_LIMIT_BYTES = 2048
_GATED = {"downwardMetrics": "DownwardMetrics", "hostDisk": "HostDisk", "containerPath": "ContainerPathVolumes"}
_NAMED = {"configMap": "name", "secret": "secretName", "serviceAccount": "serviceAccountName"}
_STORED = ("persistentVolumeClaim", "dataVolume")
_CONFIG = ("configMap", "secret", "downwardAPI", "serviceAccount")


def check(machine: Instance) -> Iterator[Complaint]:
    seen: set[str] = set()
    for volume in machine.volumes:
        if volume.text("name") in seen:
            yield NAME_TWICE.at(volume.at("name"))
        seen.add(volume.text("name"))
        if sum(volume.has(source) for source in SOURCES) != 1:
            yield SOURCE.at(volume)
        yield from _names(volume)
        yield from _gates(volume, machine)
        yield from _host_disk(volume.at("hostDisk"))
        for kind in ("cloudInitNoCloud", "cloudInitConfigDrive"):
            yield from _cloud_init(volume.at(kind))
    yield from _singles(machine)
    yield from _metrics(machine)
    yield from _filesystems(machine)
    if machine.spec.each("utilityVolumes"):
        yield UTILITY.at(machine.spec.at("utilityVolumes"))


def _names(volume: View) -> Iterator[Complaint]:
    if volume.has("dataVolume") and not volume.text("dataVolume", "name"):
        yield DATA_VOLUME.at(volume.at("dataVolume", "name"))
    for kind, key in _NAMED.items():
        if volume.has(kind) and not volume.text(kind, key):
            yield NAME.at(volume.at(kind, key))
    path = volume.text("containerDisk", "path")
    if path and not forms.is_clean_path(path):
        yield PATH.at(volume.at("containerDisk", "path"))


def _gates(volume: View, machine: Instance) -> Iterator[Complaint]:
    for kind, gate in _GATED.items():
        if volume.has(kind) and not machine.gate(gate):
            yield GATE.at(volume.at(kind), gate)


def _host_disk(disk: View) -> Iterator[Complaint]:
    if not disk:
        return
    if not disk.text("path"):
        yield HOST_PATH.at(disk.at("path"))
    if disk.text("type") not in ("Disk", "DiskOrCreate"):
        yield HOST_TYPE.at(disk.at("type"))
    if disk.text("type") == "Disk" and whole(disk.at("capacity").value):
        yield HOST_SIZE.at(disk.at("capacity"))


def _cloud_init(source: View) -> Iterator[Complaint]:
    if not source:
        return
    count = 0
    for kind, secret, several, long in (
        ("userData", "secretRef", USER_SOURCES, USER_LONG),
        ("networkData", "networkDataSecretRef", NET_SOURCES, NET_LONG),
    ):
        plain, packed = source.text(kind), source.text(f"{kind}Base64")
        found = sum(map(bool, (plain, packed, source.text(secret, "name"))))
        count += found
        if found > 1:
            yield several.at(source)
        data = _decoded(packed)
        if data is None:
            yield BASE64.at(source.at(f"{kind}Base64"))
        size_bytes = len(plain.encode(errors="replace")) if plain else len(data or b"")
        if size_bytes > CLOUD_LIMIT_BYTES:
            yield long.at(source.at(kind if plain else f"{kind}Base64"), f"{size_bytes} bytes")
    if not count:
        yield NO_DATA.at(source)


def _decoded(text: str) -> bytes | None:
    """As Go's standard encoding: padded, line ends looked past."""
    try:
        return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return None


def _singles(machine: Instance) -> Iterator[Complaint]:
    for kind in ("serviceAccount", "downwardMetrics", "memoryDump"):
        for volume in [one for one in machine.volumes if one.has(kind)][1:]:
            yield ONE_ONLY.at(volume.at(kind))


def _metrics(machine: Instance) -> Iterator[Complaint]:
    metrics = {one.text("name") for one in machine.volumes if one.has("downwardMetrics")}
    for disk in machine.devices.each("disks"):
        if disk.text("name") in metrics and (not disk.has("disk") or disk.text("disk", "bus") not in ("", "virtio")):
            yield METRICS_DISK.at(disk)


def _filesystems(machine: Instance) -> Iterator[Complaint]:
    volumes = {one.text("name"): one for one in machine.volumes}
    for shared in machine.devices.each("filesystems"):
        volume = volumes.get(shared.text("name"))
        for kinds, gate in ((_CONFIG, "EnableVirtioFsConfigVolumes"), (_STORED, "EnableVirtioFsStorageVolumes")):
            if volume is not None and any(volume.has(kind) for kind in kinds) and not machine.gate(gate):
                yield FILESYSTEM_GATE.at(shared, gate)
