"""What a new user types, from an OVA to a bundle, and what mtv answers."""

import json

import pytest

from tests.cli.sandbox import Sandbox
from tests.guests.guests import Guest
from tests.guests.ova import make_ova

pytestmark = pytest.mark.slow  # whole moves by the command line: a minute in all


def test_an_ova_becomes_a_bundle_and_a_finished_plan_changes_nothing(box: Sandbox) -> None:
    written = box.mtv("create", "plan", "plan.yaml", "--from", "ova:exports", "--to", "bundle:out")
    assert (written.code, written.err) == (0, "wrote plan.yaml: 1 VM; next: mtv run plan.yaml\n")
    box.plan()
    done = box.mtv("run", "plan.yaml")
    assert done.code == 0, done
    assert done.out.startswith("db01: done in ")
    folder = box.folder / "out" / "db01"
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.txt", "disk0.raw", "receipt.hashes", "receipt.json", "vm.yaml",
    ]  # fmt: skip
    assert (folder / "disk0.raw").read_bytes() == (box.folder / "db01.raw").read_bytes()
    assert sorted(path.name for path in (box.folder / "out").iterdir()) == ["db01"]
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    again = box.mtv("run", "plan.yaml")
    assert again.code == 0
    assert again.err == "demo-1 has ended already, nothing was changed; the next run: mtv run plan.yaml --again\n"
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_again_refuses_while_the_target_stands(box: Sandbox) -> None:
    box.plan()
    assert box.mtv("run", "plan.yaml").code == 0
    refused = box.mtv("run", "plan.yaml", "--again")
    assert (refused.code, refused.out) == (4, "")
    assert refused.err == (
        f"mtv: db01: {box.folder}/out/db01: what an earlier run made still stands at the target\n"
        "     move it away, or give the plan another target\n"
    )
    assert [row["name"] for row in json.loads(box.mtv("get", "runs", "-o", "json").out)] == ["demo-1"]
    for path in (box.folder / "out" / "db01").iterdir():
        path.unlink()
    (box.folder / "out" / "db01").rmdir()
    assert box.mtv("run", "plan.yaml", "--again").code == 0
    assert [row["name"] for row in json.loads(box.mtv("get", "runs", "-o", "json").out)] == ["demo-1", "demo-2"]


def test_detached_it_goes_on_alone(box: Sandbox) -> None:
    box.plan()
    left = box.mtv("run", "plan.yaml", "--detach")
    assert left.code == 0, left
    assert left.err == "demo-1 runs in the background; follow it: mtv watch demo-1\n"
    seen = box.mtv("watch", "demo-1")
    assert seen.code == 0, seen
    assert seen.out.startswith("db01: done in ")


def test_a_dry_run_changes_nothing_and_says_all(box: Sandbox) -> None:
    box.plan()
    said = box.mtv("run", "plan.yaml", "--dry-run")
    assert said.code == 0, said
    assert "db01 as db01: cold, 1 disk of 8.0 MiB" in said.out
    assert "nothing was changed" in said.out
    assert "things worth knowing: mtv describe plan plan.yaml" in said.out
    assert "\n  info: " not in said.out
    assert "\n  info: " in box.mtv("describe", "plan", "plan.yaml").out
    assert not (box.folder / "out").exists()
    assert box.mtv("get", "runs", "-o", "json").out == "[]\n"
    (box.folder / "out" / "db01").mkdir(parents=True)
    (box.folder / "out" / "db01" / "precious.txt").write_text("mine")
    said = box.mtv("run", "plan.yaml", "--dry-run")
    assert (said.code, "would be refused: " in said.out, "precious.txt" in said.out) == (4, True, True)


def test_a_plan_with_a_mistake_is_refused_with_its_place(box: Sandbox) -> None:
    path = box.plan(storge="[]")
    said = box.mtv("run", "plan.yaml")
    assert said.code == 2
    line = 1 + path.read_text().splitlines().index("storge: []")
    assert said.err == f"mtv: plan.yaml:{line}:1: unknown key 'storge': did you mean 'storage'?\n"
    assert box.mtv("lint", "plan.yaml").code == 2


def test_foreign_files_at_the_target_refuse_the_move_before_anything_is_changed(box: Sandbox) -> None:
    box.plan()
    foreign = box.folder / "out" / "db01" / "precious.txt"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("mine")
    said = box.mtv("run", "plan.yaml")
    assert said.code == 4, said
    assert said.out.startswith("db01: refused before any change: ")
    assert "precious.txt" in said.out
    assert box.states("demo-1") == {"db01": "refused"}, "nothing was done, so nothing was rolled back"
    assert box.mtv("why", "demo-1").out.startswith("db01: refused, it had come to 'check source and target', attempt 1")
    assert box.mtv("run", "plan.yaml").code == 4
    assert box.mtv("watch", "demo-1").code == 4
    assert [path.name for path in foreign.parent.iterdir()] == ["precious.txt"]
    foreign.unlink()
    assert box.mtv("run", "plan.yaml").code == 0, "what was in its way is gone: it goes on without --again"
    assert box.states("demo-1") == {"db01": "done"}


def test_a_plan_that_was_mended_after_its_refusal_is_run_as_its_next_run(box: Sandbox) -> None:
    box.plan()
    foreign = box.folder / "out" / "db01" / "precious.txt"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("mine")
    assert box.mtv("run", "plan.yaml").code == 4
    box.plan(target="bundle:other")
    assert "it would be demo-2\n" in box.mtv("run", "plan.yaml", "--dry-run").out
    said = box.mtv("run", "plan.yaml")
    assert (said.code, said.err.splitlines()[0]) == (
        0,
        "note: plan.yaml has changed since demo-1 was refused: this is the next run",
    )
    assert (box.folder / "other" / "db01" / "vm.yaml").is_file()


def test_get_speaks_json_with_names_and_no_store_is_no_error(box: Sandbox) -> None:
    assert box.mtv("get", "vms", "-o", "json").out == "[]\n"
    assert box.mtv("refresh", "ova:exports").err == "ova:exports: 1 VM, 1 network, 1 datastore, 0 concerns\n"
    rows = json.loads(box.mtv("get", "vms", "-o", "json").out)
    assert [(row["name"], row["disks"], row["size_bytes"]) for row in rows] == [("db01", 1, 8 << 20)]
    assert json.loads(box.mtv("get", "vms", "--where", "disks > 1", "-o", "json").out) == []
    wrong = box.mtv("get", "vms", "--where", "dsks > 1")
    assert (wrong.code, "did you mean 'disks'?" in wrong.err) == (2, True)


def test_the_tui_wants_a_terminal(box: Sandbox) -> None:
    said = box.mtv("ui")
    assert (said.code, "there is no terminal to draw on" in said.err) == (2, True)


def test_a_dry_run_of_a_run_that_goes_on_checks_only_who_has_not_begun(box: Sandbox) -> None:
    guest = Guest(
        name="app01", disks=(box.folder / "db01.raw",), hostname="app01", os_id="debian12_64Guest", os_number=96
    )
    make_ova(guest, box.folder / "exports" / "app01.ova")
    foreign = box.folder / "out" / "app01" / "precious.txt"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("mine")
    box.plan(vms="[db01, app01]")
    assert box.mtv("run", "plan.yaml").code == 3
    said = box.mtv("run", "plan.yaml", "--dry-run")
    refusals = [line for line in said.out.splitlines() if line.startswith("would be refused: ")]
    assert (said.code, len(refusals), "precious.txt" in refusals[0]) == (4, 1, True), said
    foreign.unlink()
    said = box.mtv("run", "plan.yaml", "--dry-run")
    assert (said.code, "it would go on with demo-1\n" in said.out) == (0, True), said
