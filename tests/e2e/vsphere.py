"""Moves off the tests' vCenter as a user makes them: an end that was added, a plan, `mtv` as a program."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyVmomi import SoapAdapter

from mtv.model.outcomes import Mark, Row
from mtv.providers.vsphere.rights.roles import FOLDER, Role
from tests.e2e.moving import Desk
from tests.e2e.yard import fill, rows_of, until
from tests.vcenter.machines import allow
from tests.vcenter.server import ADMIN, COPY, VCenter
from tests.vddk import shelves
from tests.vddk.library import Stub, library

NAME = "vc01"
PATIENCE_S = 300.0  # a guest that is looked into and converted under emulation
SECRETS = ("control", "copy")  # files with the accounts' passwords


@dataclass(frozen=True)
class Yard:
    """A desk that knows the vCenter by its name."""

    vc: VCenter
    desk: Desk

    @classmethod
    def of(cls, vc: VCenter, folder: Path, of: Role = FOLDER, copier: str = COPY) -> "Yard":
        """Its second account has that role."""
        made = cls(vc, Desk(folder))
        with vc.connected() as service:
            allow(service, copier, of.given)
        secret, copy_secret = made._secret("control", ADMIN), made._secret("copy", copier)
        made.mtv(
            "add", "provider", NAME, vc.url, "--kind", "vsphere", "--user", ADMIN, "--secret", secret,
            "--copy-user", copier, "--copy-secret", copy_secret, "--fingerprint", vc.certificate.sha256,
        )  # fmt: skip
        return made

    def _secret(self, name: str, user: str) -> str:
        file = self.desk.folder / name
        file.touch(0o600)
        file.write_text(self.vc.setup.accounts[user])
        return f"file:{file}"

    def mtv(self, *words: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
        done = self.desk.mtv(*words)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def plan(self, vms: Sequence[str], **keys: str) -> Path:
        told = {
            "apiVersion": "mtv/v1", "name": "wave", "source": NAME, "target": "bundle:out",
            "vms": f"[{', '.join(vms)}]", "networks": '[{from: "*", to: pod}]', "storage": '[{from: "*", to: raw}]',
            "guest": "{conversion: none}", **keys,
        }  # fmt: skip
        file = self.desk.folder / "plan.yaml"
        file.write_text("".join(f"{key}: {value}\n" for key, value in told.items()))
        return file

    def run(self, vms: Sequence[str], *, code: int = 0, **keys: str) -> str:
        """Read the estate, and run a plan for these to its end. Gives all that was said."""
        self.mtv("refresh", NAME)
        return self.go_on(self.plan(vms, **keys), code=code)

    def go_on(self, plan: Path, code: int = 0) -> str:
        done = self.mtv("run", str(plan), code=code)
        return done.stdout + done.stderr

    def rows(self, run: str) -> list[Row]:
        return rows_of(self.desk.folder / "data", run)

    def leaves_nothing(self) -> None:
        """No session, lease or task of ours is left at the server."""
        state: Mapping[str, Any] = self.vc.state()
        assert state["leases"] == []
        assert state["running_tasks"] == []
        assert [one for one in state["sessions"] if one.get("agent", "").startswith("mtv")] == []


def picture(vm: Any) -> str:
    """All that is configured of a VM, as the server says it; without what any change changes."""
    told = re.sub("<(changeVersion|modified)>[^<]*", "", SoapAdapter.SerializeToStr(vm.config))
    return "\n".join([vm.name, vm.runtime.powerState, str(bool(vm.snapshot)), told])


@dataclass
class Engine:
    """`mtv run` under way, to be killed when a step has begun."""

    yard: Yard
    child: "subprocess.Popen[bytes]"
    run: str = "wave-1"

    @classmethod
    def of(cls, yard: Yard, run: str = "wave-1", words: Sequence[str] = ()) -> "Engine":
        """It begins that run, or goes on with it; or does what the words say."""
        again = () if run == "wave-1" or yard.rows(run) else ("--again",)
        argv = [str(Path(sys.executable).with_name("mtv")), *(words or ("run", "plan.yaml", *again))]
        environment = {**os.environ, "MTV_DATA": str(yard.desk.folder / "data")}
        log = (yard.desk.folder / "said").open("ab")
        with log:
            child = subprocess.Popen(
                argv, cwd=yard.desk.folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        return cls(yard, child, run)

    def kill_at(self, step: str, mark: Mark = Mark.BEGIN) -> bool:
        """False where it ended before."""
        return self.kill_when(f"{step}: {mark}", lambda: self.has(step, mark))

    def kill_when(self, what: str, seen: Callable[[], object]) -> bool:
        """False where it ended before."""
        until(what, lambda: self.child.poll() is not None or seen(), PATIENCE_S)
        if self.child.poll() is not None:
            return False
        self.child.kill()
        self.child.wait()
        return True

    def has(self, step: str, mark: Mark = Mark.BEGIN) -> bool:
        return any(row.step == step and row.mark is mark for row in self.yard.rows(self.run))

    def kill_undoing(self, step: str) -> bool:
        """As soon as it begins to undo that step. False where it ended before."""

        def seen() -> bool:
            return any(row.step == step and row.undo for row in self.yard.rows(self.run))

        return self.kill_when(f"undo of {step}", seen)


def shelve(vc: VCenter, vm: Any, folder: Path) -> Stub:
    """VMware's library as the tests have it, with that VM's disks as they are now, for the copy account alone."""
    stub = library(folder)
    shelves.shelve(stub, vc, vm._moId, COPY)
    return stub


def content(file: Path, mib: int, seed: int) -> Path:
    """Every third MiB holds something."""
    return fill(file, mib, seed, lambda number: number % 3 == 0)
