"""A storage class and what CDI knows of it, and from both: with which access and mode a disk's claim is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from mtv.errors import CheckFailed
from mtv.providers.kubevirt.fields import Object, pairs, rows, text, value, words
from mtv.providers.kubevirt.objects.quantities import size
from mtv.providers.kubevirt.objects.storage import DEFAULT, DEFAULT_FOR_VMS, SMALLEST

OVERHEAD = Fraction(6, 100)  # CDI's own, where it is not there to ask
STATIC = "kubernetes.io/no-provisioner"  # volumes that somebody made: what is in them is anybody's guess
ACCESSES = ("ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")


@dataclass(frozen=True)
class Set:
    access: str
    mode: str

    def __str__(self) -> str:
        return f"{self.access} {self.mode}"


@dataclass(frozen=True, kw_only=True)
class Class:
    name: str
    provisioner: str = ""
    waits: bool = False  # bound when a Pod wants it
    is_default: bool = False
    is_default_for_vms: bool = False
    sets: tuple[Set, ...] = ()  # the best first; none: CDI does not know the provisioner
    smallest_bytes: int = 0
    overhead: Fraction = OVERHEAD
    attaches: int | None = None  # volumes of its driver, on the node that takes most

    def is_zeroed(self, mode: str) -> bool:
        """Whether a new claim of it may be believed to read as zeroes: a new file system has no disk yet. Never a
        device: whose bytes were on it before depends on the driver, and a blank one was seen to keep them."""
        return mode == "Filesystem" and self.provisioner not in ("", STATIC)


def read_class(
    found: Object, profile: Object, config: Object, drivers: Sequence[Object]
) -> Class:  # fmt: skip
    """From StorageClass, StorageProfile, CDIConfig and all CSINodes; empty ones where there are none."""
    name, marks = text(found, "metadata", "name"), pairs(found, "metadata", "annotations")
    provisioner = text(found, "provisioner")
    return Class(
        name=name,
        provisioner=provisioner,
        waits=text(found, "volumeBindingMode") == "WaitForFirstConsumer",
        is_default=marks.get(DEFAULT) == "true",
        is_default_for_vms=marks.get(DEFAULT_FOR_VMS) == "true",
        sets=tuple(_sets(profile)),
        smallest_bytes=size(pairs(profile, "metadata", "annotations").get(SMALLEST)) or 0,
        overhead=_overhead(config, name),
        attaches=_attaches(drivers, provisioner),
    )


def _sets(profile: Object) -> list[Set]:
    found = rows(profile, "status", "claimPropertySets")
    return [
        Set(access, text(one, "volumeMode") or "Filesystem")
        for one in found
        for access in words(one, "accessModes")
        if access in ACCESSES
    ]


def _overhead(config: Object, name: str) -> Fraction:
    """Of all of a claim's room, what its file system takes: 0.06."""
    said = pairs(config, "status", "filesystemOverhead", "storageClass").get(name)
    said = said or text(config, "status", "filesystemOverhead", "global")
    try:
        found = Fraction(said) if len(said) < 20 else OVERHEAD
    except (ValueError, ZeroDivisionError):
        return OVERHEAD
    return found if 0 <= found < 1 else OVERHEAD


def _attaches(nodes: Sequence[Object], driver: str) -> int | None:
    """None where no node of that driver says: then there is no limit that could be known."""
    counts = [
        value(one, "allocatable", "count")
        for node in nodes
        for one in rows(node, "spec", "drivers")
        if text(one, "name") == driver
    ]
    known = [one for one in counts if isinstance(one, int)]
    return max(known) if known and len(known) == len(counts) else None


def chosen(classes: Sequence[Class], name: str, vm: str) -> Class:
    """That, else the default for VMs, else the default. Raises CheckFailed `kubevirt.no-class`."""
    if name:
        found = [one for one in classes if one.name == name]
    else:
        found = [one for one in classes if one.is_default_for_vms] or [one for one in classes if one.is_default]
    if found:
        return found[0]
    there = ", ".join(sorted(one.name for one in classes)[:10]) or "none"
    text_ = f"there is no storage class '{name}'" if name else "no storage class is the default"
    raise CheckFailed(
        "kubevirt.no-class", f"{vm}: {text_}; there are: {there}", "name one of them in the plan's storage map"
    )


def placed(one: Class, access: str, mode: str, vm: str) -> Set:
    """The first of the class's sets that has what the plan asks for; a plan that says both needs none. Raises
    CheckFailed `kubevirt.no-profile`, `kubevirt.class-cannot`."""
    if not one.sets:
        if access and mode:
            return Set(access, mode)
        raise CheckFailed(
            "kubevirt.no-profile",
            f"{vm}: class '{one.name}' has no claim property sets in its StorageProfile: CDI does not know "
            f"{one.provisioner or 'its provisioner'}",
            "say both access and volume in the plan's storage map, or tell CDI: kubectl patch storageprofile "
            f"{one.name} --type=merge -p "
            """'{"spec":{"claimPropertySets":[{"accessModes":["ReadWriteOnce"],"volumeMode":"Filesystem"}]}}'""",
        )
    for found in one.sets:
        if access in ("", found.access) and mode in ("", found.mode):
            return found
    raise CheckFailed(
        "kubevirt.class-cannot",
        f"{vm}: class '{one.name}' gives no {' '.join(filter(None, (access, mode)))}; its profile has "
        f"{', '.join(map(str, one.sets))}",
        "change access or volume in the plan's storage map, or name another class",
    )
