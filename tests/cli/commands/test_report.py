"""`mtv report estate` of an OVA, in every form, and what it refuses."""

import json
from pathlib import Path

import openpyxl
import pytest

from tests.cli.sandbox import Sandbox
from tests.cli.scenes import known


@pytest.mark.parametrize("form", ["html", "xlsx", "csv", "json", "md"])
def test_an_ova_is_reported_on_in_every_form(box: Sandbox, form: str) -> None:
    known(box)
    said = box.mtv("report", "estate", "--source", "exports", "--out", f"estate.{form}")
    file = box.folder / f"estate.{form}"
    assert (said.code, said.out) == (0, ""), said
    assert said.err.endswith(f": {file.as_uri()}\n"), "a terminal makes a link of it"
    if form == "xlsx":
        assert openpyxl.load_workbook(file).sheetnames[0] == "Summary"
    else:
        assert "db01" in file.read_text()


def test_what_an_ova_does_not_say_is_unknown_and_not_zero(box: Sandbox) -> None:
    known(box)
    assert box.mtv("report", "estate", "--out", "estate.json").code == 0
    told = json.loads((box.folder / "estate.json").read_text())
    assert told["figures"]["vms"] == 1
    assert told["figures"]["size_bytes"] == 8 << 20
    assert told["sections"]["hosts"]["rows"] == []
    assert told["sections"]["busiest"]["rows"] == []
    [disks] = told["sections"]["disks"]["rows"]
    assert disks["disks"] == 1
    gaps = {(row["of"], row["what"]) for row in told["sections"]["unknown"]["rows"]}
    assert ("VMs", "which host they run on") in gaps


def test_what_cannot_be_written_is_refused_and_nothing_is_left(box: Sandbox) -> None:
    before = sorted(box.folder.iterdir())
    for words, code in (
        (("--out", "estate.pdf"), "what report shall estate.pdf be?"),
        (("--out", "estate"), "what report shall estate be?"),
        (("--out", "estate.html"), "there is no store"),
    ):
        said = box.mtv("report", "estate", *words)
        assert (said.code, code in said.err) == (2, True), said
    known(box)
    said = box.mtv("report", "estate", "--source", "nobody", "--out", "estate.html")
    assert (said.code, "source 'nobody' has no inventory" in said.err, "mtv refresh nobody" in said.err) == (
        2, True, True,
    )  # fmt: skip
    said = box.mtv("report", "estate", "--out", "no/such/estate.html")
    assert (said.code, "cannot be written: no such file or directory" in said.err) == (2, True)
    assert {path.name for path in box.folder.iterdir()} - {path.name for path in before} == {"data", "plan.yaml"}


def test_a_report_takes_the_place_of_the_one_before(box: Sandbox) -> None:
    known(box)
    file = Path(box.folder / "estate.md")
    file.write_text("last week's")
    file.chmod(0o640)
    assert box.mtv("report", "estate", "--out", "estate.md").code == 0
    assert file.read_text().startswith("# Estate of exports\n")
    assert file.stat().st_mode & 0o777 == 0o640
