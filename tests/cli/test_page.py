"""docs/cli.md says what the program says."""

import re
from pathlib import Path

import mtv.cli
from mtv.cli.output import FORMS
from mtv.cli.table import TABLE

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()


def rows(heading: str) -> list[tuple[str, str]]:
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `?([^`|]+?)`? \| (.+) \|$", section, re.MULTILINE)[1:]


def test_every_command_is_there_with_its_own_line() -> None:
    assert rows("Commands") == [(f"mtv {name}", text) for name, (_, text) in TABLE.items()]


def test_every_exit_code_is_there() -> None:
    told = " ".join((mtv.cli.__doc__ or "").split())
    codes = [code for code, _ in rows("Exit codes")]
    assert codes == re.findall(r"\b(\d+) ", told.partition("Exit codes: ")[2])


def test_every_form_is_there() -> None:
    section = PAGE.partition("## Forms of output\n")[2]
    assert re.findall(r"`(\w+)`", section.partition(". ")[0]) == list(FORMS)
