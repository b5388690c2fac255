"""docs/cli.md says what the program says."""

import re
from collections.abc import Iterator
from pathlib import Path

import click

import mtv.cli
from mtv.cli.output import FORMS
from mtv.cli.table import TABLE

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()


def rows(heading: str) -> list[tuple[str, str]]:
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `?([^`|]+?)`? \| (.+) \|$", section, re.MULTILINE)[1:]


def test_every_command_is_there_with_its_own_line() -> None:
    assert rows("Commands") == [(f"mtv {name}", text) for name, (_, text) in TABLE.items()]


def options(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, list[str]]]:
    context = click.Context(command)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from options(found, (*path, name))
    else:
        known = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
        yield " ".join(path), [max(one.opts, key=len) for one in known]


def test_every_option_of_every_command_is_there() -> None:
    told = [(re.sub(r" [A-Z\[].*", "", name), re.findall(r"`(--[a-z-]+)`", text)) for name, text in rows("Options")]
    assert told == [(f"mtv {name}", found) for name, found in options(mtv.cli.cli)]
    assert all(f"`{max(one.opts, key=len)}`" in PAGE for one in mtv.cli.cli.params)


def test_every_exit_code_is_there() -> None:
    told = " ".join((mtv.cli.__doc__ or "").split())
    codes = [code for code, _ in rows("Exit codes")]
    assert codes == re.findall(r"\b(\d+) ", told.partition("Exit codes: ")[2])


def test_every_form_is_there() -> None:
    section = PAGE.partition("## Forms of output\n")[2]
    assert re.findall(r"`(\w+)`", section.partition(". ")[0]) == list(FORMS)
