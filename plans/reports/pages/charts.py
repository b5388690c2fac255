"""Charts as SVG: small, without scripts or anything from outside. Colours are classes, which the page's style has."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from math import cos, pi, sin

from mtv.plans.reports.pages.told import UNKNOWN, told
from mtv.plans.reports.shapes import Cell, Section
from mtv.words import plain

WIDTH, NAMES, VALUES = 640, 250, 90  # of a bar's picture, of its names, of its values
ROW, BAR = 24, 14
DONUT = 470
MOST = 12  # bars of a chart
LONGEST = 36  # characters of a name
HIGH, FULL = 0.75, 0.9  # shares that are worth a look, and those that are bad
LEVELS = {"critical": "critical", "warning": "warning", "info": "info", "none": "good"}


@dataclass(frozen=True)
class Bar:
    name: str
    value: float
    says: str
    colour: str = "c0"


def chart(section: Section) -> str:
    """The section's picture; "" where it has none, or nothing to show."""
    asked = section.chart
    if asked is None or not section.rows:
        return ""
    made = [[_bar(section, number, column) for number in range(len(section.rows))] for column in asked.values]
    title = section.title
    if asked.kind == "parts":
        return donut(title, made[0])
    if asked.kind == "fill":
        return fills(title, made, [section.columns[column].title for column in asked.values])
    return bars(title, made[0])


def bars(title: str, found: Sequence[Bar]) -> str:
    """One bar a row, as long as its value among the largest. The least are summed up if there are too many."""
    shown = [*found[:MOST]]
    largest = max((bar.value for bar in shown), default=0) or 1
    room = WIDTH - NAMES - VALUES
    rows = [_row(n, bar, max(bar.value / largest * room, 1.5 if bar.value else 0)) for n, bar in enumerate(shown)]
    if left := len(found) - len(shown):
        rows.append(_text(NAMES - 8, len(shown) * ROW + 16, f"and {left} more", "name end"))
    return _svg(title, WIDTH, (len(shown) + (left > 0)) * ROW, rows)


def fills(title: str, found: Sequence[Sequence[Bar]], names: Sequence[str]) -> str:
    """Shares of 1 on a track; several a row, one below the other."""
    several, shown = len(found), min(len(found[0]), MOST)
    height = ROW if several == 1 else several * 12 + 8
    room, rows = WIDTH - NAMES - VALUES, []
    for n in range(shown):
        rows.append(_text(NAMES - 8, n * height + height // 2 + 5, _short(found[0][n].name), "name end"))
        for place, series in enumerate(found):
            top = n * height + (5 if several == 1 else 4 + place * 12)
            rows += _track(replace(series[n], colour=f"c{place}"), top, room, several)
    if several > 1:
        rows += [part for place, name in enumerate(names) for part in _key(place, name, shown * height + 6)]
    return _svg(title, WIDTH, shown * height + (24 if several > 1 else 0), rows)


def _key(place: int, name: str, top: int) -> list[str]:
    left = NAMES + place * 150
    box = f'<rect class="c{place}" x="{left}" y="{top}" width="11" height="11" rx="2"/>'
    return [box, _text(left + 17, top + 10, name, "note")]


def _track(bar: Bar, top: int, room: int, several: int) -> list[str]:
    thick = BAR if several == 1 else 9
    level = "critical" if bar.value >= FULL else "warning" if bar.value >= HIGH else bar.colour
    parts = [f'<rect class="track" x="{NAMES}" y="{top}" width="{room}" height="{thick}" rx="3"/>']
    if bar.says != UNKNOWN:
        width = max(min(bar.value, 1) * room, 0)
        parts.append(f'<rect class="{level}" x="{NAMES}" y="{top}" width="{width:.1f}" height="{thick}" rx="3"/>')
    return [*parts, _text(NAMES + room + 8, top + thick - 2, bar.says, "value" if several == 1 else "value small")]


def donut(title: str, found: Sequence[Bar]) -> str:
    """Parts of a whole, with their names beside it."""
    total = sum(bar.value for bar in found) or 1
    middle, radius, parts, at = 80, 62, [], 0.0
    for bar in found:
        part = bar.value / total
        if part > 0.9999:
            parts.append(f'<circle class="ring {bar.colour}" cx="{middle}" cy="{middle}" r="{radius}"/>')
        elif part > 0:
            parts.append(_arc(middle, radius, at, at + part, bar))
        at += part
    parts.append(_text(middle, middle + 6, f"{total:,.0f}", "total"))
    for n, bar in enumerate(found[:MOST]):
        top = 20 + n * ROW
        parts.append(f'<rect class="{bar.colour}" x="190" y="{top}" width="12" height="12" rx="2"/>')
        share = f"{bar.says}, {bar.value / total * 100:.1f} %"
        parts.append(_text(210, top + 11, bar.name[:22], "name"))
        parts.append(_text(DONUT - 4, top + 11, share, "value end"))
    return _svg(title, DONUT, max(160, 28 + min(len(found), MOST) * ROW), parts, "chart donut")


def _arc(middle: int, radius: int, begin: float, end: float, bar: Bar) -> str:
    ends = [(middle + radius * sin(2 * pi * at), middle - radius * cos(2 * pi * at)) for at in (begin, end)]
    (x, y), (to_x, to_y) = ends
    large = int(end - begin > 0.5)
    path = f"M{x:.2f} {y:.2f}A{radius} {radius} 0 {large} 1 {to_x:.2f} {to_y:.2f}"
    return f'<path class="ring {bar.colour}" d="{path}"><title>{escape(f"{bar.name}: {bar.says}")}</title></path>'


def _row(number: int, bar: Bar, width: float) -> str:
    top = number * ROW
    return (
        _text(NAMES - 8, top + 16, _short(bar.name), "name end")
        + f'<rect class="{bar.colour}" x="{NAMES}" y="{top + 5}" width="{width:.1f}" height="{BAR}" rx="3">'
        + f"<title>{escape(f'{bar.name}: {bar.says}')}</title></rect>"
        + _text(NAMES + width + 8, top + 16, bar.says, "value")
    )


def _svg(title: str, width: int, height: int, parts: Sequence[str], style: str = "chart") -> str:
    head = f'<svg class="{style}" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">'
    return head + "".join(parts) + "</svg>"


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}">{escape(text)}</text>'


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def _bar(section: Section, number: int, column: int) -> Bar:
    row = section.rows[number]
    value, name = row[column], ", ".join(str(row[at]) for at in (section.chart.names if section.chart else (0,)))
    length = float(value) if isinstance(value, int | float) else 0.0
    colour = _colour(section, row, number)
    return Bar(plain(name), length, told(value, section.columns[column].unit), colour)


def _colour(section: Section, row: Sequence[Cell], number: int) -> str:
    """By its level where the section has one; parts of a whole are told apart."""
    for column, cell in zip(section.columns, row, strict=True):
        if column.unit == "level":
            return LEVELS.get(str(cell), "c0")
    return f"c{number % 8}" if section.chart and section.chart.kind == "parts" else "c0"
