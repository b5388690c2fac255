"""What `logs`, `describe plan` and `why` say, of a move that was done and of one that failed."""

import tarfile
from pathlib import Path

import pytest

from mtv.verbs.running import starting
from tests.cli.sandbox import Sandbox


def test_logs_name_each_attempt_also_where_no_tool_printed_anything(moved: Sandbox) -> None:
    said = moved.mtv("logs", "demo-1")
    heads = [line.partition("db01: ")[2] for line in said.out.splitlines() if line.startswith("== ")]
    assert said.code == 0
    assert heads[0].startswith("check, attempt 1: done in ")
    assert [head.partition(",")[0] for head in heads] == [
        "check", "create-volumes", "worker-ready", "transfer", "verify", "create-vm", "accept",
    ]  # fmt: skip
    [line] = moved.mtv("logs", "demo-1", "--step", "verify").out.splitlines()[:1]
    assert "db01: verify, attempt 1: done in " in line


def test_a_run_has_no_steps_that_its_ends_cannot_do(moved: Sandbox) -> None:
    rows = moved.rows("get", "steps")
    assert "skipped" not in [row["mark"] for row in rows]


def test_logs_of_a_step_that_is_none_say_so(moved: Sandbox) -> None:
    unknown = moved.mtv("logs", "demo-1", "--step", "explode")
    assert (unknown.code, "there is no step 'explode'" in unknown.err, "transfer" in unknown.err) == (2, True, True)


def test_a_plan_that_was_run_is_described_by_its_name_and_its_run_s(moved: Sandbox, tmp_path: Path) -> None:
    for name in ("demo", "demo-1"):
        said = moved.mtv("describe", "plan", name)
        assert said.out.startswith("plan demo as demo-1 has it: ova:")
        assert "db01 as db01: cold, 1 disk of 8.0 MiB" in said.out
    assert moved.mtv("describe", "plan", "nope").code == 2


def test_the_receipts_place_is_known(moved: Sandbox) -> None:
    path = str(moved.folder / "out" / "db01" / "receipt.json")
    assert [row["path"] for row in moved.rows("get", "receipts")] == [path]
    assert moved.mtv("verify", "demo-1").err == f"held against {path}\n"
    [row] = moved.rows("verify", "demo-1")
    assert row["receipt"] == path


def test_why_and_status_name_the_step_that_failed_not_the_last_undo(box: Sandbox) -> None:
    path = box.folder / "exports" / "db01.ova"
    with tarfile.open(path) as packed:
        [disk] = [one for one in packed if one.name.endswith(".vmdk")]
    with path.open("r+b") as file:
        file.seek(disk.offset_data + disk.size - 600)  # its manifest has another digest then
        file.write(b"\xff" * 64)
    box.plan()
    said = box.mtv("run", "plan.yaml")
    assert said.code == 1, said
    assert said.out.startswith("db01: rolled-back in ")
    assert ", it had come to 'copy the disks': " in said.out
    assert box.mtv("why", "demo-1").out.startswith("db01: rolled-back, it had come to 'copy the disks', attempt ")
    assert [row["step"] for row in box.rows("status", "demo-1")] == ["transfer"]
    heads = [line for line in box.mtv("logs", "demo-1").out.splitlines() if line.startswith("== ")]
    assert any("transfer, attempt 1: failed in " in line for line in heads)
    assert any("undo of create-volumes, attempt " in line for line in heads)


def test_logs_of_what_has_not_begun_say_so(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    box.plan(guest="{conversion: none}")
    monkeypatch.chdir(box.folder)
    monkeypatch.setenv("MTV_DATA", str(box.folder / "data"))
    starting.prepare(Path("plan.yaml"), again=False)
    idle = box.mtv("logs", "demo-1", "--step", "transfer")
    assert (idle.code, idle.out, idle.err) == (0, "", "step transfer has not begun yet: mtv status demo-1\n")
    assert box.mtv("logs", "demo-1").err == "demo-1 has not begun yet: mtv status demo-1\n"
