"""A folder in which the examples of `--help` make sense: exports/db01.ova, a plan `demo`, and mtv as a program."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mtv import process
from mtv.settings import settings
from mtv.store import reading
from tests.guests.guests import Guest
from tests.guests.ova import make_ova

MIB = 1 << 20
TAG = "MTV_TESTS_SANDBOX"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


class Sandbox:
    extra: Mapping[str, str] = {}  # more of its environment

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

    @property
    def env(self) -> dict[str, str]:
        return {
            "PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.folder),
            "MTV_DATA": str(self.folder / "data"), "MTV_CACHE": str(settings().cache), "LANG": "C.UTF-8",
            TAG: str(self.folder), **self.extra,
        }  # fmt: skip

    @property
    def store(self) -> Path:
        return self.folder / "data" / "store.db"

    def mtv(self, *words: str) -> Said:
        return self.sh(["mtv", *words])

    def sh(self, argv: Sequence[str], folder: Path | None = None) -> Said:
        done = subprocess.run(
            argv, cwd=folder or self.folder, capture_output=True, text=True, timeout=120, check=False,
            stdin=subprocess.DEVNULL, env=self.env,
        )  # fmt: skip
        return Said(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def running(self, *words: str) -> Iterator["subprocess.Popen[str]"]:
        """mtv as it runs; it is killed when the context ends, if it has not ended."""
        with subprocess.Popen(
            ["mtv", *words], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=self.env,
        ) as child:  # fmt: skip
            try:
                yield child
            finally:
                child.kill()

    def rows(self, *words: str) -> list[dict[str, object]]:
        """What mtv answers with -o json."""
        said = self.mtv(*words, "-o", "json")
        assert said.code == 0, said
        found: list[dict[str, object]] = json.loads(said.out)
        return found

    def states(self, run: str) -> dict[object, object]:
        return {row["name"]: row["state"] for row in self.rows("status", run)}

    def until(self, seen: Callable[[], object], what: str, timeout_s: float = 60) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not seen():
            assert time.monotonic() < deadline_s, what
            time.sleep(0.02)

    def engine(self) -> int:
        """Process id of the living engine, 0 where there is none."""
        if not self.store.exists():
            return 0
        with closing(reading.connect(self.store)) as found:
            seen = reading.engine(found)
        return seen.pid if seen and seen.lives else 0

    def kill_engine(self) -> None:
        """As a crash does it: at once, and nobody is told."""
        pid = self.engine()
        assert pid
        os.kill(pid, signal.SIGKILL)
        self.until(lambda: not self.engine(), "a killed engine is dead")

    def end(self) -> None:
        """Nothing that was started here outlives its test."""
        process.kill(process.tagged(TAG, str(self.folder)))

    def warm(self, name: str = "warm", vms: str = "[vm001]", guest: str = "{conversion: auto}", **changes: str) -> Path:
        """A plan of the memory pair whose rounds are an hour apart."""
        return self.plan(
            name, source="'memory:estate?flavour=snapshots&vms=2&seed=3'", target="memory:target", vms=vms,
            journey="warm", storage='[{from: "*", to: fast}]', guest=guest, **changes,
        )  # fmt: skip

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
