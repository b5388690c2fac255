"""Does KVM work here? Asked by really running guests on it: /dev/kvm is there on many machines where it does not, and
some emulate so little that a boot sector runs and a Linux kernel does not (seen: "KVM internal error" at a BMI2
instruction, with QEMU waiting for ever)."""

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mtv import process
from mtv.errors import MtvError
from mtv.files import replacing
from mtv.settings import settings

QEMU = "qemu-system-x86_64"
SECTOR_STATUS = 33  # isa-debug-exit ends QEMU with (byte << 1) | 1; the guest writes 0x10
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# mov dx, 0xf4; mov al, 0x10; out dx, al; hlt; and back to the hlt
_SECTOR = bytes.fromhex("baf400b010eef4ebfd").ljust(510, b"\0") + b"\x55\xaa"


def kvm_works(timeout_s: float = 10.0) -> bool:
    """Remembered until the next boot, in the cache folder, once QEMU has said it. Asking takes about a second."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    kept, boot = settings().cache / "kvm.json", _BOOT_ID.read_text().strip()
    known = _known(kept)
    if known.get("boot") == boot:
        return known.get("works") is True
    if process.which(QEMU) is None:
        return False  # nobody was asked: whoever installs it is told anew
    works = runs("kvm", timeout_s)
    _keep(kept, json.dumps({"boot": boot, "works": works}))
    return works


def runs(accelerator: str, timeout_s: float) -> bool:
    """Whether, on that accelerator of QEMU's, a boot sector comes to its last instruction, and then a Linux kernel of
    this machine, where one can be read, to its panic for want of a root file system (1.6 s under emulation)."""
    return _sector_runs(accelerator, timeout_s) and all(
        _kernel_runs(accelerator, kernel, timeout_s) for kernel in kernels()[:1]
    )


def kernels() -> list[Path]:
    """Kernels that may be read, the appliance's first."""
    there = [settings().tools_root / "mtv/appliance/kernel", *sorted(Path("/boot").glob("vmlinuz-*"), reverse=True)]
    return [kernel for kernel in there if os.access(kernel, os.R_OK)]


def _sector_runs(accelerator: str, timeout_s: float) -> bool:
    with tempfile.TemporaryDirectory(prefix="mtv-kvm-") as folder:
        sector = Path(folder) / "sector"
        sector.write_bytes(_SECTOR * 2048)  # 1 MiB: a disk that the BIOS finds worth booting
        drive = ("-device", "isa-debug-exit,iobase=0xf4,iosize=0x01", "-drive", f"file={sector},format=raw,snapshot=on")
        return _status(accelerator, drive, timeout_s) == SECTOR_STATUS


def _kernel_runs(accelerator: str, kernel: Path, timeout_s: float) -> bool:
    # panic=-1 restarts at once, and -no-reboot makes that a clean end of QEMU
    return _status(accelerator, ("-kernel", str(kernel), "-append", "panic=-1 root=/dev/none"), timeout_s) == 0


def _status(accelerator: str, what: Sequence[str], timeout_s: float) -> int | None:
    argv = (
        QEMU, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-m", "256",
        "-machine", f"pc,accel={accelerator}", "-cpu", "max", *what,
    )  # fmt: skip
    try:
        return process.run(argv, timeout_s=timeout_s, check=False).status
    except MtvError:  # it hangs, or there is no QEMU
        return None


def _known(path: Path) -> dict[str, object]:
    try:
        known = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}  # not asked yet, or a torn file
    return known if isinstance(known, dict) else {}


def _keep(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:  # somebody else may ask at the same time
        file.write(text.encode())
