"""A report as one page: its style and its pictures are in it, and it asks nobody for anything."""

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mtv.plans.reports.pages import charts
from mtv.plans.reports.pages.told import SHOWN, UNKNOWN, is_number, is_shown, more, told
from mtv.plans.reports.shapes import Report, Section

_FOLDER = Path(__file__).parent


def page(report: Report) -> str:
    style = Markup((_FOLDER / "report.css").read_text())
    return _environment().get_template("report.html").render(report=report, style=style)


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    names: dict[str, Callable[..., object] | object] = {
        "told": told, "is_number": is_number, "is_shown": is_shown, "is_small": _is_small, "more": more,
        "chart": _chart, "shown": SHOWN, "unknown": UNKNOWN, "zip": zip,
    }  # fmt: skip
    made.globals.update(names)
    return made


def _is_small(section: Section) -> bool:
    """Its picture and its table have room side by side."""
    return section.chart is not None and (section.chart.kind == "parts" or len(section.columns) <= 4)


def _chart(section: Section) -> Markup:
    return Markup(charts.chart(section))
