"""Where this machine keeps OVMF, and which of it a VM needs."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mtv.errors import MtvError

PLAIN = (
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
    ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
)
SECURE = (
    ("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd", "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd"),
    ("/usr/share/OVMF/OVMF_CODE.secboot.fd", "/usr/share/OVMF/OVMF_VARS.ms.fd"),
)


@dataclass(frozen=True)
class Flash:
    code: Path
    variables: Path  # a copy of our own: the firmware writes to it


def flash(folder: Path, secure_boot: bool, places: Sequence[tuple[str, str]] = ()) -> Flash:
    """Code and a fresh copy of the variables, as KubeVirt gives a VM whose NVRAM does not last."""
    for code, variables in places or (SECURE if secure_boot else PLAIN):
        if Path(code).is_file() and Path(variables).is_file():
            own = folder / "variables.fd"
            shutil.copyfile(variables, own)
            return Flash(Path(code), own)
    raise MtvError("boot.no-firmware", "the VM boots by EFI, and OVMF is not installed", "apt-get install ovmf")
