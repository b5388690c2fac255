"""`mtv --via`: what is typed here is done by another mtv, over a pipe to its `mtv rpc`."""

import json
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from mtv import process
from mtv.verbs.remote.board import StoreBoard
from mtv.verbs.remote.far import FarBoard
from mtv.verbs.remote.reaching import session
from tests.cli.sandbox import TAG, Said, Sandbox


class Laptop:
    """A folder and a data folder of its own; its engine is the sandbox's."""

    def __init__(self, box: Sandbox, folder: Path) -> None:
        self.box, self.folder = box, folder
        folder.mkdir()
        self.via = f"exec:env MTV_DATA={box.folder}/data sh -c 'cd {box.folder} && exec mtv rpc'"

    def mtv(self, *words: str, typed: str = "") -> Said:
        env = {**self.box.env, "MTV_DATA": str(self.folder / "data"), "HOME": str(self.folder)}
        done = subprocess.run(
            ["mtv", "--via", self.via, *words], cwd=self.folder, capture_output=True, text=True, timeout=120,
            check=False, input=typed, env=env,
        )  # fmt: skip
        assert not (self.folder / "data").exists(), "nothing is kept here"
        return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def laptop(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    return Laptop(box, tmp_path_factory.mktemp("far") / "laptop")


pytestmark = pytest.mark.slow  # whole moves by the command line


def test_a_plan_travels_and_is_done_there(laptop: Laptop) -> None:
    box = laptop.box
    plan = box.plan(source=f"'ova:{box.folder}/exports'", target=f"'bundle:{box.folder}/out'")
    shutil.move(plan, laptop.folder / "mine.yaml")
    done = laptop.mtv("run", "mine.yaml")
    assert done.code == 0, done
    assert done.out.startswith("db01: done in ")
    assert (box.folder / "out" / "db01" / "disk0.raw").exists()
    again = laptop.mtv("run", "./mine.yaml")
    assert "the next run: mtv run ./mine.yaml --again" in again.err
    assert [path.name for path in (box.folder / "data").glob("rpc-*")] == []
    assert json.loads(laptop.mtv("get", "runs", "-o", "json").out)[0]["name"] == "demo-1"


def test_files_that_are_written_come_back_under_the_names_that_were_typed(laptop: Laptop) -> None:
    exports = f"ova:{laptop.box.folder}/exports"
    made = laptop.mtv("create", "plan", "plans/new.yaml", "--from", exports, "--to", "bundle:/srv/out")
    assert made.code == 0, made
    assert made.err == "wrote plans/new.yaml: 1 VM; next: mtv run plans/new.yaml\n"
    assert exports in (laptop.folder / "plans" / "new.yaml").read_text()
    asked = laptop.mtv("create", "plan", "plans/new.yaml", "--from", exports, "--to", "bundle:/srv/out")
    assert (asked.code, "overwrite plans/new.yaml? there is no terminal" in asked.err) == (2, True), asked
    assert laptop.mtv("get", "vms", "--out=vms.csv").code == 0
    assert (laptop.folder / "vms.csv").read_text().startswith("name,")
    assert laptop.mtv("get", "vms", "-o", "xlsx", "--out", "vms.xlsx").code == 0
    assert (laptop.folder / "vms.xlsx").read_bytes().startswith(b"PK")
    assert laptop.mtv("export", "gitops", "tree", "--plan", "plans/new.yaml", "--namespace", "x").code == 0
    assert len(list((laptop.folder / "tree").rglob("*.yaml"))) > 1


def test_wrong_use_is_said_here_and_errors_come_with_their_exit_codes(laptop: Laptop) -> None:
    assert "Usage: mtv run" in laptop.mtv("run", "--help").out
    assert laptop.mtv("run").code == 2
    assert laptop.mtv("nonsense").code == 2
    served = laptop.mtv("serve")
    assert (served.code, "for the machine that it is typed on" in served.err) == (2, True)
    gone = laptop.mtv("status", "nowhere-1")
    assert (gone.code, gone.out) == (2, "")
    assert "mtv: there is no" in gone.err
    laptop.via = "exec:cat"
    assert "does not speak our protocol" in laptop.mtv("get", "runs").err
    laptop.via = "exec:true"
    said = laptop.mtv("get", "runs").err
    assert "closed" in said or "ended" in said, said


def test_the_tuis_board_is_the_same_from_afar(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    box = laptop.box
    box.plan(limits="{bytes_per_second: 64K}")
    assert box.mtv("run", "plan.yaml", "--detach").code == 0
    box.kill_engine()
    assert box.mtv("hold", "demo-1").code == 0
    for name, value in box.env.items():
        monkeypatch.setenv(name, value)
    near = StoreBoard()
    with session(laptop.via) as found:
        far = FarBoard(found)
        assert far.migrations() == near.migrations()
        [one] = far.migrations()
        assert far.journey(one.run, one.vm) == near.journey(one.run, one.vm)
        assert far.log(one.run, one.vm, 5) == near.log(one.run, one.vm, 5)
        assert far.steer("cancel", one.run, one.name).startswith("db01: cancel: ")
    box.until(lambda: near.migrations()[0].state == "cancelled", "it is undone")


def test_what_follows_a_run_ends_with_who_asked(laptop: Laptop) -> None:
    box = laptop.box
    assert box.mtv("run", str(box.warm()), "--detach").code == 0
    box.until(lambda: "waiting" in box.states("warm-1").values(), "it waits")
    env = {**box.env, "MTV_DATA": str(laptop.folder / "data")}
    with subprocess.Popen(
        ["mtv", "--via", laptop.via, "watch", "warm-1"], cwd=laptop.folder, env=env, stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as watching:  # fmt: skip
        box.until(lambda: len(watchers(box)) == 2, "it watches")
        watching.kill()
    box.until(lambda: not watchers(box), "nobody watches any more")
    assert box.engine(), "the engine goes on"


def watchers(box: Sandbox) -> list[bytes]:
    """Command lines of those that follow a run, here and there."""
    found = []
    for number in process.tagged(TAG, str(box.folder)):
        with suppress(OSError):
            found.append(Path(f"/proc/{number}/cmdline").read_bytes())
    return [one for one in found if b"watch" in one.split(b"\0")]


def test_what_a_killed_one_left_is_swept_away(laptop: Laptop) -> None:
    left = laptop.box.folder / "data" / "rpc-left"
    (left / "0").mkdir(parents=True)
    os.utime(left, (0, 0))
    assert laptop.mtv("get", "runs").code == 0
    assert not left.exists()
