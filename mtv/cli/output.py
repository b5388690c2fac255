"""Rows on stdout or into a file: table, wide, json, yaml, csv, xlsx, md. Cells come from strangers: control characters
never reach a terminal, and a cell that a spreadsheet would take for a formula is text."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import click

from mtv.errors import Refused
from mtv.files import replacing
from mtv.model.estate import Finding
from mtv.words import cell, plain, size

TEXTS = ("table", "wide", "json", "yaml", "csv", "md")
FORMS = ("table", "wide", "json", "yaml", "csv", "xlsx", "md")
SUFFIXES = {".json": "json", ".yaml": "yaml", ".yml": "yaml", ".csv": "csv", ".xlsx": "xlsx", ".md": "md"}
SENTENCES = ("text", "why", "hint", "fix", "where", "path", "file", "address", "receipt", "signed_by")
WIDTH = 48  # of any other cell of a table, in columns of a terminal
Rows = Sequence[Mapping[str, Any]]

form = click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(TEXTS),
    default="table",
    help="Form of the output; only a plain table cuts long names.",
)
forms = click.option(
    "-o", "--output", "form", type=click.Choice(FORMS), help="Form of the output; else what FILE's name says, or table."
)
out = click.option("--out", metavar="FILE", default="", help="Write it there, not to stdout.")


def write(rows: Rows, form: str | None, file: str, columns: Sequence[str], narrow: Sequence[str] | None = None) -> None:
    """Into `file`, or to stdout where there is none or "-". A workbook is nothing for a terminal."""
    form = form or SUFFIXES.get(Path(file).suffix.lower(), "table")
    to_file = file not in ("", "-")
    if form != "xlsx" and not to_file:
        click.echo(show(rows, form, columns, narrow), nl=False)
    elif to_file:
        with replacing(Path(file)) as place:
            _put(place, rows, form, columns, narrow)
    elif sys.stdout.isatty():
        raise Refused("cli.binary", "a workbook is nothing for a terminal", "name a file with --out, or send it to one")
    else:
        _put(sys.stdout.buffer, rows, form, columns, narrow)


def _put(place: IO[bytes], rows: Rows, form: str, columns: Sequence[str], narrow: Sequence[str] | None) -> None:
    if form == "xlsx":
        place.write(_workbook(rows, columns))
    else:
        place.write(show(rows, form, columns, narrow).encode(errors="replace"))


def show(rows: Rows, form: str, columns: Sequence[str] | None = None, narrow: Sequence[str] | None = None) -> str:
    """All rows as text. `columns` says which and in what order; `narrow` are those of a plain table. Data has bytes as
    numbers, tables for people have them with units."""
    names = list(columns or (rows[0].keys() if rows else []))
    if form == "json":
        plain = [{name: row.get(name) for name in names} for row in rows]
        return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
    if form == "yaml":
        import yaml

        plain = [{name: row.get(name) for name in names} for row in rows]
        return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=10_000)
    if form == "csv":
        from mtv.formats.tables import comma

        return comma.dump(names, ([row.get(name) for name in names] for row in rows))
    if form == "table" and narrow:
        names = list(narrow)
    cells = [[_told(name, row.get(name)) for name in names] for row in rows]
    if form == "md":
        from mtv.formats.tables import markdown

        return markdown.table(names, cells)
    return _table(names, [_cut(names, row) for row in cells] if form == "table" else cells)


def _workbook(rows: Rows, columns: Sequence[str]) -> bytes:
    from datetime import UTC, datetime
    from io import BytesIO

    from mtv.formats.tables.workbook import Head, Workbook

    made = BytesIO()
    with Workbook(made, datetime.now(UTC)) as book:
        heads = [Head(name, "time" if name == "at" or name.endswith("_at") else "text") for name in columns]
        book.sheet("mtv", heads, ([row.get(name) for name in columns] for row in rows))
    return made.getvalue()


def findings(found: Sequence[Finding], form: str) -> str:
    """What a check found; people need a fix only for what is wrong, and one of several lines as lines, to be pasted."""
    people = form in ("table", "wide", "md")
    long = [one for one in found if people and not one.ok and "\n" in one.fix]
    rows = [{"name": one.name, "ok": one.ok, "text": one.text, "level": str(one.level),
             "fix": "see below" if one in long else "" if people and one.ok else one.fix} for one in found]  # fmt: skip
    table = show(rows, form, ("name", "ok", "text", "fix", "level"), ("name", "ok", "text", "fix"))
    return table + "".join(_below(one, form) for one in long)


def _below(one: Finding, form: str) -> str:
    lines = [plain(line) for line in one.fix.split("\n")]
    return "\n".join(["", f"{plain(one.name)}:", *(["", "```", *lines, "```"] if form == "md" else lines), ""])


def _told(name: str, value: Any) -> str:
    return size(value) if name.endswith("_bytes") and isinstance(value, int | float) else cell(value)


def _cut(names: Sequence[str], cells: Sequence[str]) -> list[str]:
    """A name of 300 characters would make every line that wide; sentences and places stay whole."""
    from rich.cells import cell_len, set_cell_size

    return [
        cell if name in SENTENCES or cell_len(cell) <= WIDTH else set_cell_size(cell, WIDTH - 1).rstrip() + "…"
        for name, cell in zip(names, cells, strict=True)
    ]


def _table(names: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    from rich.cells import cell_len

    heads = [name.removesuffix("_bytes").upper().replace("_", " ") for name in names]
    widths = [max(cell_len(row[place]) for row in [heads, *cells]) for place in range(len(names))]
    lines = ["   ".join(one + " " * (width - cell_len(one)) for one, width in zip(row, widths, strict=True)).rstrip()
             for row in [heads, *cells]]  # fmt: skip
    return "\n".join(lines) + "\n" if names else ""
