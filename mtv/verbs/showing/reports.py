"""`mtv report`: what the store holds, as a page, a workbook or text that one can hand on."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from mtv.errors import Refused
from mtv.files import replacing
from mtv.plans.reports.estate import estate as make_estate
from mtv.plans.reports.shapes import Report
from mtv.settings import settings

FORMS = ("html", "xlsx", "csv", "json", "md")


def estate(file: Path, source: str, tell: Callable[[str], None] = lambda what: None) -> Report:
    """Write the estate report of one source, or of all where `source` is "", into `file`, whose name says its form.
    Raises Refused `report.form`, `report.nothing`."""
    form = _form(file)
    report = make_estate(settings().store, source, datetime.now(UTC), tell)
    tell(f"writing {file.name}")
    with replacing(file) as place:
        write(report, form, place)
    return report


def write(report: Report, form: str, place: IO[bytes]) -> None:
    """What one form needs is imported for it alone."""
    if form == "xlsx":
        from mtv.plans.reports.pages.sheets import workbook

        workbook(report, place)
        return
    if form == "html":
        from mtv.plans.reports.pages.html import page as say
    elif form == "csv":
        from mtv.plans.reports.pages.text import as_csv as say
    elif form == "json":
        from mtv.plans.reports.pages.text import as_json as say
    else:
        from mtv.plans.reports.pages.text import as_markdown as say
    place.write(say(report).encode())


def _form(file: Path) -> str:
    form = file.suffix.lower().removeprefix(".")
    form = {"htm": "html"}.get(form, form)
    if form not in FORMS:
        known = ", ".join(f".{one}" for one in FORMS)
        raise Refused("report.form", f"what report shall {file} be?", f"let its name end with one of {known}")
    return form
