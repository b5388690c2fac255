"""Where a guest mounts its file systems, by its fstab, as libguestfs tells it: devices as the appliance names them.
None wherever a line is not of the plain kind: a kernel name, a subvolume, something that is not there."""

import re
from collections.abc import Sequence

from mtv.model.guest import Filesystem

POINTS_LIMIT = 64
_TYPES = ("auto", "ext2", "ext3", "ext4", "vfat", "xfs")
_LINE = re.compile(r"[!-~][ -~\t]*")  # a name beyond ASCII, or a carriage return, may be read in several ways
_TAG = re.compile(r"(UUID|LABEL)=(\"?)([^\"'\\=]+)\2")
_DEVICE = re.compile(r"/dev/|[A-Z]+=")  # all others are pseudo file systems, the network's, or bound folders
_REMOVABLE = re.compile(r"/dev/(?:fd\d.*|cd\d.*|floppy|cdrom)")
_NOT_MOUNTED = re.compile(r"/(?:dev|proc|selinux|sys)(?:/.*)?|/media/.*")


def mount_points(text: str, found: Sequence[Filesystem]) -> dict[str, str] | None:
    """Mount point -> device."""
    points: dict[str, str] = {}
    for line in text.split("\n"):
        if not line.strip(" \t") or line.lstrip(" \t").startswith("#"):
            continue
        fields = _fields(line)
        if fields is None:
            return None
        spec, path, kind = fields
        if not path.startswith("/") or not _DEVICE.match(spec) or _ignored(spec, path):
            continue
        device = _device(spec, found)
        if not device or path in points or kind not in _TYPES or len(points) >= POINTS_LIMIT:
            return None
        points[path] = device
    return points


def _fields(line: str) -> tuple[str, str, str] | None:
    fields = line.split()
    if not _LINE.fullmatch(line) or not 3 <= len(fields) <= 6 or "\\" in line:
        return None
    if any(field.startswith("#") for field in fields) or not all(field.isdigit() for field in fields[4:]):
        return None
    path = _canonical(fields[1])
    return (fields[0], path, fields[2]) if path else None


def _canonical(path: str) -> str:
    """ "" for one that leads upwards."""
    parts = [part for part in path.split("/") if part]
    if "." in parts or ".." in parts:
        return ""
    return "/" + "/".join(parts) if path.startswith("/") else path


def _ignored(spec: str, path: str) -> bool:
    return bool(_REMOVABLE.fullmatch(spec) or _NOT_MOUNTED.fullmatch(path))


def _device(spec: str, found: Sequence[Filesystem]) -> str:
    """ "" unless just one file system is meant."""
    if tag := _TAG.fullmatch(spec):
        meant = [one for one in found if tag[3] == (one.uuid if tag[1] == "UUID" else one.label)]
    else:
        meant = [one for one in found if spec in _volume_names(one.device)]
    return meant[0].device if len(meant) == 1 and meant[0].type != "swap" else ""


def _volume_names(device: str) -> tuple[str, ...]:
    """Both names of a logical volume; none for any other device."""
    volume = re.fullmatch(r"/dev/(?!mapper/)([^/]+)/([^/]+)", device)
    if not volume:
        return ()
    group, name = (part.replace("-", "--") for part in volume.groups())
    return device, f"/dev/mapper/{group}-{name}"
