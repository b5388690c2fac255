"""Rows on stdout: table, wide, json, yaml, csv, md. Cells come from strangers: control characters never reach a
terminal, and a CSV cell that a spreadsheet would take for a formula is defused."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from mtv.model.estate import Finding
from mtv.words import cell, size

FORMS = ("table", "wide", "json", "yaml", "csv", "md")
Rows = Sequence[Mapping[str, Any]]

form = click.option("-o", "--output", "form", type=click.Choice(FORMS), default="table", help="Form of the output.")


def show(rows: Rows, form: str, columns: Sequence[str] | None = None, narrow: Sequence[str] | None = None) -> str:
    """All rows as text. `columns` says which and in what order; `narrow` are those of a plain table. Data has bytes as
    numbers, tables for people have them with units."""
    names = list(columns or (rows[0].keys() if rows else []))
    if form == "json":
        return (
            json.dumps([{name: row.get(name) for name in names} for row in rows], indent=2, ensure_ascii=False) + "\n"
        )
    if form == "yaml":
        import yaml

        plain = [{name: row.get(name) for name in names} for row in rows]
        return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=10_000)
    if form == "csv":
        return _csv(names, [[cell(row.get(name)) for name in names] for row in rows])
    if form == "table" and narrow:
        names = list(narrow)
    cells = [[_told(name, row.get(name)) for name in names] for row in rows]
    return _markdown(names, cells) if form == "md" else _table(names, cells)


def findings(found: Sequence[Finding], form: str) -> str:
    """What a check found; people need a fix only for what is wrong."""
    people = form in ("table", "wide", "md")
    rows = [{"name": one.name, "ok": one.ok, "text": one.text, "fix": "" if people and one.ok else one.fix,
             "level": str(one.level)} for one in found]  # fmt: skip
    return show(rows, form, ("name", "ok", "text", "fix", "level"), ("name", "ok", "text", "fix"))


def _told(name: str, value: Any) -> str:
    return size(value) if name.endswith("_bytes") and isinstance(value, int | float) else cell(value)


def _csv(names: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([[_defused(one) for one in row] for row in cells])
    return text.getvalue()


def _defused(text: str) -> str:
    """https://owasp.org/www-community/attacks/CSV_Injection: a leading quote makes it text."""
    return "'" + text if text[:1] in ("=", "+", "@", "\t", "\r") or (text[:1] == "-" and len(text) > 1) else text


def _markdown(names: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    lines = [
        "| " + " | ".join(row) + " |" for row in [names, *([one.replace("|", "\\|") for one in row] for row in cells)]
    ]
    return "\n".join([lines[0], "|" + "---|" * len(names), *lines[1:]]) + "\n"


def _table(names: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    from rich.cells import cell_len

    heads = [name.removesuffix("_bytes").upper().replace("_", " ") for name in names]
    widths = [max(cell_len(row[place]) for row in [heads, *cells]) for place in range(len(names))]
    lines = ["   ".join(one + " " * (width - cell_len(one)) for one, width in zip(row, widths, strict=True)).rstrip()
             for row in [heads, *cells]]  # fmt: skip
    return "\n".join(lines) + "\n" if names else ""
