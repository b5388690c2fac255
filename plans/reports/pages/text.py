"""A report as Markdown for people, as CSV and JSON for programs."""

import json

from mtv.formats.tables import comma, markdown
from mtv.plans.reports.pages.told import SHOWN, is_number, is_shown, more, told
from mtv.plans.reports.shapes import Cell, Report, Section


def as_markdown(report: Report) -> str:
    lines = [f"# {markdown.escape(report.title)}", "", f"Made {report.at}.", ""]
    lines += [f"- {markdown.escape(name)} was read {at}" for name, at in report.sources]
    rows = [(one.title, told(one.value, one.unit), one.note) for one in report.figures]
    lines += ["", markdown.table(["", "", ""], rows, [False, True, False])]
    for chapter in report.chapters:
        lines += [f"## {chapter.title}", ""]
        for section in chapter.sections:
            lines += [
                f"### {section.title}",
                "",
                *([section.says, ""] if section.says else []),
                _table(report, section),
            ]
    return "\n".join(lines)


def _table(report: Report, section: Section) -> str:
    if not section.rows:
        return section.none + "\n"
    places = [n for n, column in enumerate(section.columns) if is_shown(report, column)]
    columns = [section.columns[n] for n in places]
    rows = [[told(row[n], section.columns[n].unit) for n in places] for row in section.rows[:SHOWN]]
    text = markdown.table([one.title for one in columns], rows, [is_number(one) for one in columns])
    return text + (f"\n{left}\n" if (left := more(section)) else "")


def as_csv(report: Report) -> str:
    """A line a value: which section, which of its rows, which column. Unknown values are empty."""
    lines: list[tuple[Cell, ...]] = [("figures", 1, one.key, one.value) for one in report.figures]
    for section in report.sections:
        for number, row in enumerate(section.rows, 1):
            lines += [(section.id, number, column.key, cell) for column, cell in zip(section.columns, row, strict=True)]
    return comma.dump(("section", "row", "column", "value"), lines)


def as_json(report: Report) -> str:
    """Figures by their key, rows of each section as flat objects; sizes in bytes, unknown values null."""
    told = {
        "report": report.kind, "title": report.title, "at": report.at,
        "sources": [{"name": name, "read_at": at} for name, at in report.sources],
        "figures": {one.key: one.value for one in report.figures},
        "sections": {one.id: {"title": one.title, "rows": _objects(one)} for one in report.sections},
    }  # fmt: skip
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _objects(section: Section) -> list[dict[str, Cell]]:
    keys = [column.key for column in section.columns]
    return [dict(zip(keys, row, strict=True)) for row in section.rows]
