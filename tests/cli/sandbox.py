"""A folder in which the examples of `--help` make sense: exports/db01.ova, a plan `demo`, and mtv as a program."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.guests.guests import Guest
from tests.guests.ova import make_ova

MIB = 1 << 20


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


class Sandbox:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "exports").mkdir(parents=True)
        raw = folder / "db01.raw"
        with raw.open("wb") as file:
            file.write(b"some data" * 1000)
            file.seek(3 * MIB)
            file.write(b"some more" * 5000)
            file.truncate(8 * MIB)
        guest = Guest(name="db01", disks=(raw,), hostname="db01", os_id="debian12_64Guest", os_number=96)
        make_ova(guest, folder / "exports" / "db01.ova")

    def mtv(self, *words: str) -> Said:
        return self.sh([sys.executable, "-m", "mtv", *words])

    def sh(self, argv: Sequence[str]) -> Said:
        done = subprocess.run(
            argv, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
            env={"PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.folder),
                 "MTV_DATA": str(self.folder / "data"), "LANG": "C.UTF-8"},
        )  # fmt: skip
        return Said(done.returncode, done.stdout, done.stderr)

    def plan(self, name: str = "demo", **changes: str) -> Path:
        """A plan that moves db01 untouched; `changes` replace whole lines by their key."""
        keys = {
            "apiVersion": "mtv/v1", "name": name, "source": "ova:exports", "target": "bundle:out", "vms": "[db01]",
            "networks": '[{from: "*", to: pod}]', "storage": "[{from: ova, to: raw}]", "guest": "{conversion: none}",
            **changes,
        }  # fmt: skip
        path = self.folder / ("plan.yaml" if name == "demo" else f"{name}.yaml")
        path.write_text("".join(f"{key}: {value}\n" for key, value in keys.items()))
        return path
