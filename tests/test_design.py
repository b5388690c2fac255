"""docs/design.md is true: its folders, its commands with their options, its forms, and what it says is yet to come."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mtv.cli import cli
from mtv.cli.output import FORMS
from mtv.cli.table import TABLE
from mtv.store.columns import KINDS
from tests.test_docs import LATER, PAGES

ROOT = Path(__file__).parents[1]
DESIGN = (ROOT / "docs/design.md").read_text().replace("\\|", "|")  # as a table wants it
ROWS = [
    [cell.strip() for cell in re.split(r" \| ", line.strip("| "))]
    for line in DESIGN.splitlines()
    if line.startswith("| `mtv")
]


def commands(spoken: str) -> Iterator[tuple[str, click.Command]]:
    """Those that "check provider NAME" or "hold|resume RUN" name, by their words."""
    words = re.split(r"\s+", spoken)
    for name in words[0].split("|"):
        found = cli.get_command(click.Context(cli), name)
        assert found, f"mtv {name}"
        below = (
            [found.get_command(click.Context(found), one) for one in words[1:2][0].split("|")]
            if isinstance(found, click.Group) and words[1:]
            else [found]
        )
        yield from ((spoken, one) for one in below if one)


def options(command: click.Command) -> set[str]:
    return {
        name
        for one in (*command.params, *cli.params)
        if isinstance(one, click.Option)
        for name in (*one.opts, *one.secondary_opts)
    } | {"--help"}


def spoken(text: str) -> list[str]:
    """What stands behind `mtv` in code spans and indented lines."""
    found = re.findall(r"`mtv ([a-z][^`]*)`|^ {4,}(?:\.venv/bin/)?mtv ([a-z].*)$", text, re.MULTILINE)
    return [one.partition(" #")[0].strip() for pair in found for one in pair if one]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_option_that_is_named_with_its_command_exists(page: Path) -> None:
    for words in spoken(page.read_text().replace("\\|", "|")):
        if set(words.split()[0].split("|")) & LATER:
            continue
        for name, command in commands(words):
            assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", words)) <= options(command), f"{page.name}: mtv {name}"


def test_the_designs_table_of_commands_has_every_one() -> None:
    named = {name for words in spoken(DESIGN) for name in words.split()[0].split("|")}
    assert set(TABLE) <= named
    assert named - set(TABLE) == LATER


def test_what_is_yet_to_come_stands_in_the_column_next() -> None:
    for row in ROWS:
        built = {name for words in spoken(f"`{row[0].strip('`')}`") for name in words.split()[0].split("|")}
        assert not built & LATER, row[0]
        later = spoken(row[2]) if len(row) > 2 else []
        assert all(words.split()[0] in LATER or words.startswith("export forklift") for words in later), row[2]


def test_the_designs_options_are_all_that_add_and_get_have() -> None:
    (add,) = (row[0] for row in ROWS if "mtv add" in row[0])
    ((_, command),) = commands("add provider NAME")
    assert set(re.findall(r"--[a-z-]+", add)) == options(command) - options(cli) - {"-h"}
    (get,) = (row for row in ROWS if "mtv get" in row[0])
    assert f"-o {'|'.join(FORMS)}" in get[1]
    assert re.match(r"[a-z ]+", get[1])[0].split() == list(KINDS)  # type: ignore[index]


def packages(text: str) -> set[str]:
    """Folders that the block names, as FOLDER/PART, FOLDER/PART/PART or one deeper."""
    found, top, part = set[str](), "", ""
    for line in text.splitlines():
        if head := re.match(r" {4}([a-z]+)/ ", line):
            top = head[1]
        line = re.sub(r"^ {4}\S+", "", line)
        for inner, outer in re.findall(r"\(([^()]*)\)|(?<![\w/-])([a-z0-9]+)/(?=[ ,)]|$)", line):
            if outer:
                part = outer
                found.add(f"{top}/{part}")
            for below in re.findall(r"(?<![\w/])([a-z]+(?:/[a-z]+)?)/(?!\w)", inner):
                found.add(f"{top}/{part}/{below}")
    return found


def test_the_folders_are_those_that_there_are() -> None:
    block = DESIGN[DESIGN.index("    mtv/         model/") : DESIGN.index("    next         providers/")]
    named = packages(block)
    there = {str(path.parent.relative_to(ROOT)) for top in ("mtv", "providers", "converters", "plans")
             for path in (ROOT / top).rglob("*.py") if path.parent != ROOT / top
             and not any(parent.is_symlink() for parent in path.parents)}  # fmt: skip
    assert {one for one in named if one.split("/")[0] in ("mtv", "providers", "converters", "plans")} == there | {
        "converters/manifests/schemas"
    }


def test_the_folders_of_later_are_not_there_yet() -> None:
    (line,) = (one for one in DESIGN.splitlines() if one.startswith("    next         providers/"))
    wanted = [(top, part) for top, parts in re.findall(r"([a-z]+)/((?:[a-z]+/ ?)+)", line) for part in parts.split()]
    assert len(wanted) > 3
    assert not [one for one in wanted if (ROOT / one[0] / one[1]).is_dir()]
