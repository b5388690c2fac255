"""QEMU with its overlays, sockets and logs, while a context lasts; nothing of it is left afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import Popen  # noqa: TID251 - the type of what mtv.process.running gives

from mtv.converters.boot import monitor
from mtv.converters.boot.command import QEMU, Place, command
from mtv.converters.boot.firmware import flash
from mtv.converters.boot.hardware import Hardware
from mtv.errors import MtvError
from mtv.kvm import kvm_works
from mtv.model.estate import Json
from mtv.process import run, running, wait_for_path, which

SOCKET_LONGEST = 80  # a socket's path has 107 bytes at the most


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What this machine gives at most; None leaves it to `capped`."""

    cpus: int | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True)
class Running:
    child: "Popen[bytes]"
    place: Place
    log: Path

    @property
    def ended(self) -> bool:
        return self.child.poll() is not None

    def complaint(self) -> str:
        """QEMU's last words."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else "it said nothing"


@contextmanager
def started(
    hardware: Hardware,
    *,
    persist: bool = False,
    limits: Limits | None = None,
    kvm: bool | None = None,
    extra: Sequence[str] = (),
) -> Iterator[Running]:
    """`extra` are more of QEMU's arguments. Raises MtvError `boot.*` if it does not start."""
    if which(QEMU) is None:
        raise MtvError("boot.no-qemu", f"{QEMU} is not installed", "apt-get install qemu-system-x86")
    with _folder() as folder:
        place = _place(hardware, folder, persist, capped(hardware, limits), kvm_works() if kvm is None else kvm)
        log = folder / "qemu.log"
        with log.open("wb") as file, running([*command(hardware, place), *extra], log=file) as child:
            qemu = Running(child, place, log)
            _unplug(hardware, qemu)
            yield qemu


@contextmanager
def _folder() -> Iterator[Path]:
    base = None if len(tempfile.gettempdir()) < SOCKET_LONGEST else "/tmp"
    folder = Path(tempfile.mkdtemp(prefix="mtv-boot-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _place(hardware: Hardware, folder: Path, persist: bool, limits: Limits, kvm: bool) -> Place:
    place = Place(
        folder=folder,
        flash=flash(folder, hardware.secure_boot) if hardware.efi else None,
        kvm=kvm,
        cpus=limits.cpus or 1,
        memory_bytes=limits.memory_bytes or hardware.memory_bytes,
    )
    if persist:
        return place
    overlays = tuple(folder / f"overlay{index}.qcow2" for index in range(len(hardware.drives)))
    for overlay, drive in zip(overlays, hardware.drives, strict=True):
        run(["qemu-img", "create", "-q", "-f", "qcow2", str(overlay), str(drive.size_bytes)])
    return replace(place, overlays=overlays)


def capped(hardware: Hardware, limits: Limits | None) -> Limits:
    """The VM's own size, but no more than this machine's CPUs and half of its memory."""
    limits = limits or Limits()
    memory_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return Limits(
        cpus=min(hardware.cpus, limits.cpus or os.cpu_count() or 1),
        memory_bytes=min(hardware.memory_bytes, limits.memory_bytes or memory_bytes),
    )


def _unplug(hardware: Hardware, qemu: Running) -> None:
    """Wait until QEMU listens, then pull the cables of cards that are not connected."""
    try:
        wait_for_path(qemu.place.monitor, qemu.child, timeout_s=30.0)
        monitor.press(qemu.place.monitor, *_pulled(hardware))
    except MtvError as error:
        raise MtvError("boot.qemu", f"{hardware.name}: QEMU did not start: {qemu.complaint()}") from error


def _pulled(hardware: Hardware) -> Iterator[tuple[str, dict[str, Json]]]:
    for index, card in enumerate(hardware.cards):
        if not card.up:
            yield "set_link", {"name": f"card{index}", "up": False}
