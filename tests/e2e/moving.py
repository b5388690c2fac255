"""The command line as a user has it, with a store of its own, and what it made."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

Row = dict[str, str | int | bool | None]


@dataclass(frozen=True)
class Desk:
    """A folder with a data folder, plans and bundles; commands run in it."""

    folder: Path

    def mtv(self, *arguments: str, timeout_s: float = 900) -> "subprocess.CompletedProcess[str]":
        argv = [str(Path(sys.executable).with_name("mtv")), *arguments]
        environment = {**os.environ, "MTV_DATA": str(self.folder / "data")}
        return subprocess.run(
            argv, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )

    def rows(self, *arguments: str) -> list[Row]:
        done = self.mtv(*arguments, "-o", "json")
        rows: list[Row] = json.loads(done.stdout)
        return rows

    def write_plan(self, ova: Path, vm: str, guest: str) -> Path:
        plan = self.folder / "plan.yaml"
        plan.write_text(
            "apiVersion: mtv/v1\n"
            "name: move\n"
            f"source: ova:{ova}\n"
            "target: bundle:out\n"
            f"vms: [{vm}]\n"
            'networks: [{from: "*", to: pod}]\n'
            'storage: [{from: "*", to: raw}]\n'
            f"guest: {guest}\n"
        )
        return plan

    def bundle(self, vm: str) -> Path:
        return self.folder / "out" / vm
