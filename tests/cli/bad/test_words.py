"""Words that name nothing: exit 2, said by name, with the way out, and nothing is left behind."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from mtv.cli import main
from tests.cli.sandbox import Sandbox

NOWHERE = "nowhere: no such file or folder"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("worker", "nope"), "nope is no task's folder: it has no TASK.json"),
        (("worker", "."), "is no task's folder"),
        (("verify", "nofile.json"), "nofile.json"),
        (("verify", "out/nobody"), "out/nobody"),
        (("verify", "nope-1"), "there is no run 'nope-1'"),
        (("run", "nowhere.yaml"), f"nowhere.yaml:3:1: 'ova:{{folder}}/nowhere': {{folder}}/{NOWHERE}"),
        (("run", "nowhere.yaml", "--dry-run"), "nowhere.yaml:3:1: 'ova:"),
        (("lint", "nowhere.yaml"), "nowhere.yaml:3:1: 'ova:"),
        (("refresh", "ova:nowhere"), f"'ova:{{folder}}/nowhere': {{folder}}/{NOWHERE}"),
        (("inspect", "ova:nowhere"), NOWHERE),
        (("create", "plan", "new.yaml", "--from", "ova:nowhere", "--to", "bundle:out"), NOWHERE),
        (("create", "plan", "no/such/place.yaml", "--from", "ova:exports", "--to", "bundle:out"), "no/such/place.yaml"),
        (("add", "provider", "x", "--kind", "nope", "y"), "there are bundle, kubevirt, memory, ova"),
        (("add", "provider", "x", "--kind", "bundle", "ova:exports"), "'ova:exports' is of kind 'ova', not 'bundle'"),
        (("lint", "pipe.yaml"), "pipe.yaml is no file"),
        (("lint", "exports"), "exports: is a directory"),
        (("run", "kind.yaml"), "kind.yaml:4:1: there is no provider 'bundel:out'"),
        (("run", "missing.yaml"), "missing.yaml: no such file"),
        (("get", "things"), "there is no kind 'things'"),
        (("describe", "vm", "nobody"), "no source has a VM 'nobody'"),
        (("boot", "out/nobody"), "out/nobody"),
    ],
)
def test_what_is_not_there_is_named(box: Sandbox, words: tuple[str, ...], said: str) -> None:
    box.plan("nowhere", source="ova:nowhere")
    box.plan("kind", target="bundel:out")
    os.mkfifo(box.folder / "pipe.yaml")
    before = {path.name for path in box.folder.iterdir()}
    answer = box.mtv(*words)
    assert answer.code == 2, answer
    assert said.format(folder=box.folder) in answer.out + answer.err
    assert "Traceback" not in answer.err
    assert {path.name for path in box.folder.iterdir()} - before <= {"data"}


def test_a_plan_may_come_by_a_pipe_that_the_shell_has_open(box: Sandbox) -> None:
    box.plan()
    for line in ("mtv lint <(cat plan.yaml)", "cat plan.yaml | mtv lint /dev/stdin"):
        argv = ["bash", "-c", line]
        done = subprocess.run(argv, cwd=box.folder, env=box.env, capture_output=True, text=True, timeout=60)
        assert (done.returncode, "nothing to complain of" in done.stderr) == (0, True), done


def test_the_kind_may_be_said_twice(box: Sandbox) -> None:
    assert box.mtv("add", "provider", "x", "--kind", "ova", "ova:exports").code == 0
    assert [row["address"] for row in box.rows("get", "providers")] == [str(box.folder / "exports")]


def test_a_place_that_is_not_there_is_a_finding_of_its_check(box: Sandbox) -> None:
    said = box.mtv("check", "provider", "ova:nowhere")
    assert (said.code, NOWHERE in said.out) == (4, True)


def test_a_broken_package_is_found_under_its_own_name(box: Sandbox) -> None:
    (box.folder / "exports" / "cut.ova").write_bytes((box.folder / "exports" / "db01.ova").read_bytes()[:3000])
    said = box.mtv("check", "provider", "ova:exports", "-o", "json")
    assert (said.code, [row["name"] for row in json.loads(said.out) if not row["ok"]]) == (4, ["cut.ova"])


def test_a_defect_is_told_in_a_line_and_its_traceback_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken() -> None:
        raise KeyError("oops")

    monkeypatch.setattr("mtv.verbs.proof.show_key", broken)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main(["key", "show"]) == 1
    [kept] = tmp_path.iterdir()
    said = capsys.readouterr().err
    assert said == f"mtv: an unexpected KeyError: 'oops'\n     please report it, with {kept}\n"
    assert "Traceback" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0
