"""What the world looks like before an example of `--help` is typed."""

from collections.abc import Callable
from dataclasses import replace

from mtv.converters.worker.folders import write_task
from mtv.formats import kubeyaml
from mtv.model.tasks import Task
from mtv.providers.memory.estate import read_address, read_estate, write_estate
from tests.cli.sandbox import Sandbox
from tests.converters.manifests.rules.documents import CLAIM, MACHINE


def planned(box: Sandbox) -> None:
    box.plan()


def known(box: Sandbox) -> None:
    """The provider `exports`, and what it holds."""
    for words in (("add", "provider", "exports", "--kind", "ova", "exports/"), ("refresh", "exports")):
        assert box.mtv(*words).code == 0
    box.plan(source="exports")


def moved(box: Sandbox) -> None:
    box.plan()
    assert box.mtv("run", "plan.yaml").code == 0


def warm(box: Sandbox) -> None:
    """demo-1 with its VM db01 waits for the next round; its engine lives."""
    address = f"memory:{box.folder}/estate?vms=1&seed=3"
    estate = read_estate("", read_address(address))
    write_estate(box.folder / "estate", replace(estate, vms=(replace(estate.vms[0], name="db01"),)))
    box.plan(
        source=f"'{address}'", target="memory:target", journey="warm", storage='[{from: "*", to: fast}]',
        guest="{conversion: auto}",
    )  # fmt: skip
    assert box.mtv("run", "plan.yaml", "--detach").code == 0
    box.until(lambda: box.states("demo-1") == {"db01": "waiting"}, "db01 waits")


def held(box: Sandbox) -> None:
    """A cold move of db01, held half-way: nothing drives it."""
    box.plan(limits="{bytes_per_second: 64K}")
    assert box.mtv("run", "plan.yaml", "--detach").code == 0
    box.kill_engine()
    assert box.mtv("hold", "demo-1").code == 0


def refused(box: Sandbox) -> None:
    """db01 failed, and what was in its way is gone now."""
    box.plan(on_failure="keep")
    foreign = box.folder / "out" / "db01" / "precious.txt"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("mine")
    assert box.mtv("run", "plan.yaml").code == 4
    foreign.unlink()


def probation(box: Sandbox) -> None:
    warm(box)
    assert box.mtv("cutover", "demo-1", "--yes").code == 0
    box.until(lambda: box.states("demo-1") == {"db01": "probation"}, "db01 was moved")


def tasked(box: Sandbox) -> None:
    """A worker's folder with a task that asks what was done so far: nothing."""
    task = Task(
        run="demo-1", vm="s/1", name="db01", step="transfer", attempt=1, epoch=1, op="journal", disks=(),
        scratch=str(box.folder),
    )  # fmt: skip
    assert write_task(task, {}) == box.folder / "tasks" / "transfer-1"


def written(box: Sandbox) -> None:
    """Manifests as somebody wrote them."""
    (box.folder / "manifests").mkdir()
    for name in ("vm.yaml", "manifests/claim.yaml"):
        (box.folder / name).write_bytes(kubeyaml.dump([MACHINE if name == "vm.yaml" else CLAIM]))


def served(box: Sandbox) -> None:
    """An engine serves."""
    assert box.sh(["bash", "-c", "mtv serve > serve.log 2>&1 &"]).code == 0
    box.until(box.engine, "it serves")


def bare(box: Sandbox) -> None:
    """Nothing but exports/db01.ova."""


SCENES: dict[str, Callable[[Sandbox], None]] = {
    "add": bare, "check": known, "check manifest": written, "refresh": known, "inspect": bare, "get": known,
    "report": known, "export": known, "describe": known, "create": bare, "lint": planned, "run": planned,
    "status": moved, "watch": moved, "logs": moved, "why": moved, "cutover": warm,
    "hold": warm, "resume": held, "retry": refused, "cancel": held, "rollback": probation, "commit": probation,
    "purge": refused, "verify": moved, "key create": bare, "key show": moved, "boot": moved, "ui": moved,
    "serve": served, "rpc": bare, "doctor": bare, "worker": tasked, "completion": bare,
}  # fmt: skip
"""By command, or by its first word."""
