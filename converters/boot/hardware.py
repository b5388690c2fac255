"""The virtual hardware that is started: what a manifest says, or, in tests, what a source has."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Bus = Literal["virtio", "sata", "scsi", "pvscsi", "lsisas"]


@dataclass(frozen=True, kw_only=True)
class Drive:
    path: Path
    format: Literal["raw", "qcow2"] = "raw"
    bus: Bus = "virtio"
    serial: str = ""
    size_bytes: int = 0
    boot_order: int | None = None
    device: bool = False  # a block device of this machine


@dataclass(frozen=True, kw_only=True)
class Card:
    mac: str
    model: str = "virtio"  # virtio e1000e vmxnet3 ...
    up: bool = True
    slot: int | None = None  # the number of its PCI Express slot: 192 makes ens192, as on VMware


@dataclass(frozen=True, kw_only=True)
class Hardware:
    name: str
    efi: bool = False
    secure_boot: bool = False
    sockets: int = 1
    cores: int = 1
    threads: int = 1
    memory_bytes: int = 1 << 30
    uuid: str = ""
    serial: str = ""
    drives: tuple[Drive, ...] = ()
    cards: tuple[Card, ...] = ()
    usb_tablet: bool = False
    hyperv: bool = False

    @property
    def cpus(self) -> int:
        return self.sockets * self.cores * self.threads
