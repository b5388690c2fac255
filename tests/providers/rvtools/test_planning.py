"""A book as a source, from the command line: looked at, planned, linted; never run."""

import json
from pathlib import Path

import pytest

from tests.cli.sandbox import Sandbox
from tests.providers.rvtools.books import FULL, book


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    """A folder with a book that is known as `lab`, and a store of its own."""
    made = Sandbox(tmp_path)
    book(tmp_path / "estate.xlsx", FULL)
    assert made.mtv("add", "provider", "lab", "estate.xlsx", "--kind", "rvtools").code == 0
    return made


def test_its_vms_are_looked_at(box: Sandbox) -> None:
    said = box.mtv("refresh", "lab")
    assert "2 VMs, 1 network, 1 datastore" in said.err
    assert "estate.xlsx has no tab vHost: hosts are not known (export all tabs" in said.err
    rows = json.loads(box.mtv("get", "vms", "--where", "attributes->>'Owner' = 'ann'", "-o", "json").out)
    assert [(row["name"], row["cpus"], row["disks"]) for row in rows] == [("db01", 4, 2)]
    said = box.mtv("check", "provider", "lab")
    assert said.code == 0
    assert "2 VMs in" in said.out


def test_a_plan_is_made_and_linted_and_refused_before_anything_is_changed(box: Sandbox) -> None:
    made = box.mtv("create", "plan", "plan.yaml", "--from", "lab", "--to", "bundle:out")
    assert made.code == 0, made.err
    assert "- db01" in (box.folder / "plan.yaml").read_text()
    assert box.mtv("lint", "plan.yaml").code == 0
    assert box.mtv("describe", "plan", "plan.yaml").code == 0
    for words in (("run", "plan.yaml"), ("run", "plan.yaml", "--dry-run"), ("run", "plan.yaml", "--detach")):
        said = box.mtv(*words)
        assert said.code == 2
        assert "VMs of 'lab' can be looked at and planned, not moved: kind 'rvtools' has no disks" in said.err
        assert "add the vCenter itself with `mtv add provider NAME https://... --kind vsphere`" in said.err
    assert json.loads(box.mtv("get", "runs", "-o", "json").out) == []
    assert not (box.folder / "out").exists()
    assert box.mtv("inspect", "lab").code == 2


def test_a_url_is_read_as_it_is_now(box: Sandbox) -> None:
    assert box.mtv("create", "plan", "plan.yaml", "--from", "rvtools:estate.xlsx", "--to", "bundle:out").code == 0
    book(box.folder / "estate.xlsx", {**FULL, "vInfo": FULL["vInfo"][:1]})
    said = box.mtv("lint", "plan.yaml")
    assert said.code == 2
    assert "no VM is named 'web01'" in said.out


def test_another_file_is_refused_with_its_name(box: Sandbox) -> None:
    (box.folder / "estate.xlsx").write_text("VM,CPUs\n")
    said = box.mtv("refresh", "lab")
    assert said.code == 2
    assert "estate.xlsx is no .xlsx workbook" in said.err
    assert "save it as .xlsx" in said.err
    assert box.mtv("check", "provider", "lab").code == 4


def test_what_is_exported_is_a_source_again(box: Sandbox) -> None:
    assert box.mtv("refresh", "lab").code == 0
    said = box.mtv("export", "rvtools", "again.xlsx", "--source", "lab")
    assert said.code == 0
    assert "wrote again.xlsx: 2 VMs" in said.err
    before = json.loads(box.mtv("get", "disks", "-o", "json").out)
    assert box.mtv("add", "provider", "again", "again.xlsx", "--kind", "rvtools").code == 0
    assert box.mtv("refresh", "again").code == 0
    after = json.loads(box.mtv("get", "disks", "--where", "source = 'again'", "-o", "json").out)
    assert [{**row, "source": ""} for row in after] == [{**row, "source": ""} for row in before]
    assert box.mtv("export", "rvtools", "again.xlsx", "--source", "lab").code == 2, "it is there: --yes"
    assert box.mtv("export", "rvtools", "again.xlsx", "--source", "lab", "--yes").code == 0


def test_a_file_that_cannot_be_written_leaves_nothing(box: Sandbox) -> None:
    said = box.mtv("export", "rvtools", "none/again.xlsx", "--source", "lab")
    assert said.code == 2
    assert "none/again.xlsx cannot be written" in said.err
    assert not [one for one in box.folder.iterdir() if one.name.endswith("again.xlsx")]
    said = box.mtv("export", "rvtools", "again.csv", "--source", "lab")
    assert (said.code, "again.csv is no name of a workbook" in said.err) == (2, True)
