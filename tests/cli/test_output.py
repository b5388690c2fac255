"""What `mtv get` writes, in every form, of names that mean something to a terminal, a spreadsheet or a page."""

import csv
import json
from io import BytesIO, StringIO
from pathlib import Path

import openpyxl
import pytest
import yaml
from click.testing import CliRunner, Result

from mtv.cli import cli
from mtv.cli.output import FORMS, findings, show
from mtv.errors import Refused
from mtv.model.estate import Finding
from mtv.store.store import Store
from tests.store.estates import ODD_NAMES, filled


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "store.db"
    with Store(path) as made:
        filled(made, len(ODD_NAMES) + 3)
    monkeypatch.setenv("MTV_STORE", str(path))
    return path


def get(*words: str) -> Result:
    done = CliRunner().invoke(cli, ["get", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def test_data_is_exact_in_json_yaml_csv_and_in_a_workbook() -> None:
    told = {
        form: get("vms", "-o", form, "--columns", "name,memory_bytes,secure_boot,allocated_bytes") for form in FORMS
    }
    rows = json.loads(told["json"].stdout)
    assert [row["name"] for row in rows][: len(ODD_NAMES)] == list(ODD_NAMES)
    assert yaml.safe_load(told["yaml"].stdout) == rows
    page = openpyxl.load_workbook(BytesIO(told["xlsx"].stdout_bytes)).worksheets[0]
    for row, cells in zip(rows, list(page.iter_rows(values_only=True))[1:], strict=True):
        name = row["name"].replace("\r", "\n").replace("\x1b", "\N{REPLACEMENT CHARACTER}")
        assert cells == (name, row["memory_bytes"], row["secure_boot"], row["allocated_bytes"])
    lines = list(csv.DictReader(StringIO(told["csv"].stdout_bytes.decode(), newline="")))
    for row, line in zip(rows, lines, strict=True):
        assert line["name"].lstrip("'").replace("\N{REPLACEMENT CHARACTER}", "\x1b") == row["name"]
        assert line["memory_bytes"] == str(row["memory_bytes"])
        assert line["allocated_bytes"] == str(row["allocated_bytes"] or "")


@pytest.mark.parametrize("form", ["table", "wide", "md"])
def test_what_people_read_moves_no_cursor_and_keeps_its_lines(form: str) -> None:
    text = get("vms", "-o", form, "--columns", "name,power").stdout
    assert len(text.splitlines()) == len(ODD_NAMES) + 3 + (2 if form == "md" else 1)
    assert not any(one in text for one in "\x1b\r\t\u202e")
    assert "rocket 🚀" in text
    assert "שרת בדיקה" in text


def test_columns_line_up_whatever_stands_in_them() -> None:
    from rich.cells import cell_len

    head, *rows = get("vms", "--columns", "name,source").stdout.splitlines()
    at = head.index("SOURCE")
    for row in rows:
        before, _, after = row.rpartition("vc01")
        assert (cell_len(before), after) == (at, "")


def test_a_long_name_is_cut_in_a_plain_table_and_a_sentence_never() -> None:
    rows = [{"name": "名" * 150, "text": "t" * 300}, {"name": "db01", "text": "short"}]
    head, long, short = show(rows, "table").splitlines()
    assert long == "名" * 23 + "…" + "   " + "t" * 300
    assert (head.index("TEXT"), short.index("short")) == (50, 50)
    for form in ("wide", "json", "yaml", "csv", "md"):
        assert "名" * 150 in show(rows, form)


def test_twins_are_told_apart_by_their_ids() -> None:
    rows = json.loads(get("vms", "--where", "name = 'twin'", "--columns", "name,id", "-o", "json").stdout)
    assert [row["id"] for row in rows] == ["vm-100005", "vm-100006"]


def test_where_reaches_into_tags_and_attributes() -> None:
    where = "tags->>'app' = 'ledger' AND attributes->>'owner' LIKE 'team-%' AND cpus > 1"
    rows = json.loads(get("vms", "--where", where, "--sort", "-cpus,name", "--limit", "2", "-o", "json").stdout)
    assert [row["name"] for row in rows] == ["=cmd|' /C calc'!A0", "<script>alert(1)</script>"]


@pytest.mark.parametrize("form", FORMS)
def test_a_file_holds_what_a_pipe_gets(form: str, tmp_path: Path) -> None:
    file = tmp_path / "found"
    said = get("vms", "-o", form, "--out", str(file))
    assert said.stdout == ""
    piped = get("vms", "-o", form).stdout_bytes
    if form == "xlsx":
        both = [openpyxl.load_workbook(BytesIO(one)).worksheets[0] for one in (file.read_bytes(), piped)]
        assert list(both[0].values) == list(both[1].values)
    else:
        assert file.read_bytes() == piped


@pytest.mark.parametrize("suffix", ["json", "yaml", "csv", "xlsx", "md"])
def test_a_file_s_name_says_its_form(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"found.{suffix.upper()}"
    get("networks", "--out", str(file))
    piped = get("networks", "-o", suffix).stdout_bytes
    assert file.read_bytes()[:40] == piped[:40]


def test_a_workbook_is_nothing_for_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    from mtv.cli import output

    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with pytest.raises(Refused, match="nothing for a terminal"):
        output.write([], "xlsx", "", ["name"])


def test_a_file_that_cannot_be_written_is_named_and_what_was_there_stays(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        CliRunner().invoke(cli, ["get", "vms", "--out", str(tmp_path / "no" / "x.csv")], catch_exceptions=False)
    assert caught.value.fault.code == "file.no-access"
    file = tmp_path / "x.csv"
    file.write_text("mine")
    with pytest.raises(Refused):
        CliRunner().invoke(cli, ["get", "vms", "--where", "nope", "--out", str(file)], catch_exceptions=False)
    assert file.read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_an_empty_answer_is_empty_in_every_form() -> None:
    nothing = ("vms", "--where", "name = 'nobody'", "--columns", "name")
    assert get(*nothing, "-o", "json").stdout == "[]\n"
    assert get(*nothing, "-o", "csv").stdout == "name\n"
    assert get(*nothing).stdout == "NAME\n"
    page = openpyxl.load_workbook(BytesIO(get(*nothing, "-o", "xlsx").stdout_bytes)).worksheets[0]
    assert list(page.values) == [("name",)]


LINES = ("govc:", "  govc role.create mtv-control Global.Licenses", "  govc permissions.set -role mtv-control /")
CHECKED = (
    Finding(name="login", ok=True, text="fine", fix="none\nneeded"),
    Finding(name="rights", ok=False, text="the account lacks some", fix="\n".join(LINES)),
    Finding(name="clock", ok=False, text="late", fix="set up NTP"),
)


@pytest.mark.parametrize("form", ["table", "wide", "md"])
def test_a_fix_of_several_lines_can_be_pasted(form: str) -> None:
    said = findings(CHECKED, form).splitlines()
    at = said.index("rights:")
    skip = 3 if form == "md" else 1
    assert tuple(said[at + skip : at + skip + 3]) == LINES
    assert "see below" in next(line for line in said[:at] if "lacks some" in line)
    assert "set up NTP" in next(line for line in said[:at] if "late" in line)
    assert "needed" not in "".join(said)
    assert "\N{REPLACEMENT CHARACTER}" not in "".join(said)


def test_a_fix_below_the_table_moves_no_cursor() -> None:
    one = Finding(name="rights", ok=False, text="", fix="first\n\x1b[2Jsecond")
    assert "\x1b" not in findings([one], "table")


def test_data_has_a_fix_as_it_is() -> None:
    assert [one["fix"] for one in json.loads(findings(CHECKED, "json"))] == [one.fix for one in CHECKED]
