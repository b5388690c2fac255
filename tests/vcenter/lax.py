"""Starts govmomi's simulator as the library has it: no rights, no passwords, and of an older version few services. What
mtv meets there beside our strict one, and what it is measured against."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.vcenter.building import plain
from tests.vcenter.certificates import Authority
from tests.vcenter.server import end

USER, PASSWORD = "anybody", "anything"


@dataclass(frozen=True)
class Lax:
    url: str
    ca: Path
    process: subprocess.Popen[str]


@contextmanager
def lax(folder: Path, load: Path | None = None, *, old: bool = False, esxi: bool = False) -> Iterator[Lax]:
    """It serves that estate, or a small one of its own; it ends with the block, or with this process."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = Authority(folder)
    certificate = authority.issue("vcenter")
    argv: list[str | Path] = [plain(old=old), "-certificate", certificate.file, "-key", certificate.key]
    argv += ["-load", load] if load else ["-machines", "2"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*argv, *(["-esxi"] if esxi else [])], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            env={**os.environ, "TMPDIR": str(folder)}, cwd=folder,
        )  # fmt: skip
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError(f"the simulator did not start: {(folder / 'log').read_text()[-2000:]}")
            yield Lax(json.loads(line)["url"], authority.file, process)
        finally:
            end(process)


if __name__ == "__main__":  # only builds them
    for old in (True, False):
        print("building the library's own simulator", "of old" if old else "of today", flush=True)
        plain(old=old)
