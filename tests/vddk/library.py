"""The stub of VMware's disk library as a folder like the one that VMware's archive unpacks to."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.guests.cache import kept

SOURCE = Path(__file__).with_name("stub.c")
VERSIONS = {"6.0": 60, "6.5": 65, "6.7": 67, "7.0": 70, "8.0": 80, "9.0": 90}
COMPILER = ("gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter",
            "-Wno-format-truncation", "-shared", "-fPIC", "-pthread")  # fmt: skip


@dataclass(frozen=True)
class Stub:
    """`folder` is what MTV_VDDK names."""

    folder: Path

    def behave(self, **settings: str | int) -> None:
        """From the next disk that is opened on; see stub.c. What an earlier call said is forgotten."""
        (self.folder / "stub.conf").write_text("".join(f"{key} {value}\n" for key, value in settings.items()))

    def offer(self, path: str, file: Path) -> None:
        """`path` is as a datastore knows it: "[gold] db01/db01.vmdk". The raw file is linked: it may still change."""
        store, _, name = path.removeprefix("[").partition("] ")
        place = self.folder / "datastores" / store / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.hardlink_to(file)


def library(folder: Path, version: str = "8.0") -> Stub:
    """A stub of that version in that folder."""
    major = version.partition(".")[0]
    (folder / "lib64").mkdir(parents=True)
    name = f"libvixDiskLib.so.{version}.0"
    shutil.copy(_compiled(version), folder / "lib64" / name)
    for link in (f"libvixDiskLib.so.{major}", "libvixDiskLib.so"):
        (folder / "lib64" / link).symlink_to(name)
    return Stub(folder)


def _compiled(version: str) -> Path:
    def build(work: Path) -> None:
        soname = f"-Wl,-soname,libvixDiskLib.so.{version.partition('.')[0]}"
        argv = [*COMPILER, f"-DVERSION={VERSIONS[version]}", soname, "-o", str(work / "stub.so"), str(SOURCE)]
        subprocess.run(argv, check=True)

    return kept("vddk", [SOURCE, version, *COMPILER], build) / "stub.so"
