"""What the descriptor claims of a disk's image, held against it: a damaged or cut-off file is refused at once."""

from collections.abc import Iterator

from mtv.errors import Refused
from mtv.model.estate import Concern, Level
from mtv.providers.ova.ovf.envelope import DiskEntry
from mtv.providers.ova.reading.stored import Stored

SECTOR = 512
MARKED = ("streamoptimized", "monolithicsparse", "compressed")  # such a VMDK starts with its magic; `#sparse` alone
# is also what oVirt writes for a raw image (its OvfWriter: VolumeFormat.RAW)
ENDLESS = ("raw", "qcow2")  # nothing in them tells that their end is missing
AGAIN = "it is damaged or was not fetched whole: fetch it, or export the VM, again"


def check_start(entry: DiskEntry, start: bytes, where: str) -> None:
    """For a file that does not begin like a VMDK."""
    name = f"'{entry.file.href}'" if entry.file else ""
    if not start:
        raise Refused("ova.disk", f"{where}: its file {name} is empty", AGAIN)
    if word := next((word for word in MARKED if word in entry.format.lower()), ""):
        raise Refused("ova.image", f"{where}: its format is VMDK ({word}), its file {name} does not begin so", AGAIN)


def check(entry: DiskEntry, image: Stored, where: str) -> None:
    """Raises Refused `ova.capacity`, `ova.file-size`."""
    size, capacity = image.size_bytes, entry.capacity_bytes
    if capacity is not None and size >= capacity + _unit(entry):
        raise Refused(
            "ova.capacity",
            f"{where}: its capacity is {capacity} bytes, its image holds {size}",
            "the descriptor is wrong: export the VM again",
        )
    if image.image == "raw" and _is_less(entry, size):
        raise Refused("ova.capacity", f"{where}: its capacity is {capacity} bytes, its raw image holds {size}", AGAIN)
    if image.image in ENDLESS and (sizes := _sizes(entry, image)):
        words = f"{where}: its file is said to have {sizes[0]} bytes (ovf:size), it has {sizes[1]}"
        raise Refused("ova.file-size", words, AGAIN)


def concerns(entry: DiskEntry, image: Stored) -> Iterator[Concern]:
    """What is odd, and not wrong where the image tells its own size and end."""
    if _is_less(entry, image.size_bytes):
        words = f"the disk '{entry.id}' is said to have {entry.capacity_bytes} bytes, its image holds"
        yield Concern(
            id="ova.capacity-larger", level=Level.WARNING, text=f"{words} {image.size_bytes} and moves as it is"
        )
    if sizes := _sizes(entry, image):
        words = f"the file of the disk '{entry.id}' is said to have {sizes[0]} bytes (ovf:size), it has {sizes[1]}"
        yield Concern(id="ova.file-size", level=Level.WARNING, text=words, hint="export it again if that was no edit")


def _is_less(entry: DiskEntry, size: int) -> bool:
    return entry.capacity_bytes is not None and entry.capacity_bytes >= size + _unit(entry)


def _unit(entry: DiskEntry) -> int:
    """A capacity in GiB may be rounded, so it is compared in its own unit."""
    return max(entry.unit_bytes, SECTOR)


def _sizes(entry: DiskEntry, image: Stored) -> tuple[int, int] | None:
    """What is said and what is there, where they differ. oVirt writes the disk's size or what it takes on its storage;
    of a compressed file some write how large it was before, and its own end tells whether it is whole; a flat VMDK's
    bytes are in another file than the one that is named."""
    file = entry.file
    if file is None or file.size_bytes is None or file.gzip or entry.of_ovirt or image.image == "vmdk-flat":
        return None
    found = sum(piece.length for piece in image.pieces)
    return None if found == file.size_bytes else (file.size_bytes, found)
