"""Starting a bundle in QEMU, and hearing what its guest says of itself."""

from mtv.converters.boot.booting import BootReport, boot, boot_disks
from mtv.converters.boot.hardware import Card, Drive, Hardware
from mtv.converters.boot.manifest import known_guest, read
from mtv.converters.boot.pictures.comparing import Row, compare
from mtv.converters.boot.pictures.expecting import of_facts, of_source
from mtv.converters.boot.pictures.picture import Picture
from mtv.converters.boot.starting import Limits

__all__ = [
    "BootReport",
    "Card",
    "Drive",
    "Hardware",
    "Limits",
    "Picture",
    "Row",
    "boot",
    "boot_disks",
    "compare",
    "known_guest",
    "of_facts",
    "of_source",
    "read",
]
