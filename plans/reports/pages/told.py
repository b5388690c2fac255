"""A report's cells as people read them."""

from mtv.plans.reports.shapes import Cell, Column, Report, Section, Unit
from mtv.words import plain, size

UNKNOWN = "unknown"
SHOWN = 25  # rows of a table for people; files for programs have all that a section lists


def told(value: Cell, unit: Unit) -> str:
    """What is not known says so, and is never zero."""
    if value is None:
        return UNKNOWN
    if isinstance(value, str):
        return value[:10] if unit == "time" else plain(value)
    match unit:
        case "text":
            return str(value)
        case "bytes":
            return size(value)
        case "share":
            return f"{value * 100:.0f} %"
        case "mhz":
            return f"{value / 1000:.1f} GHz" if value >= 1000 else f"{value:,} MHz"
        case "days":
            return f"{value:,.0f} days"
        case _:
            return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def is_number(column: Column) -> bool:
    return column.unit in ("count", "bytes", "share", "mhz", "days")


def is_shown(report: Report, column: Column) -> bool:
    """Where there is one source, people need not read its name in every line."""
    return column.key != "source" or len(report.sources) > 1


def more(section: Section) -> str:
    """What is below the rows that are shown; "" where nothing is."""
    left = len(section.rows) - SHOWN
    if left <= 0:
        return ""
    return f"and {left:,} more" + (f": {section.more}" if section.more else "")
