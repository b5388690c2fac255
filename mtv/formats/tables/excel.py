"""What Excel takes, and the one way in which its files are begun: a row in memory at a time, strings as strings."""

from typing import IO, Any

import xlsxwriter

ROWS = 1_048_576  # with the heads: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
COLUMNS = 16_384
CELL = 32_767  # UTF-16 units
QUOTED = {"quote_prefix": True}  # a format: this cell stays text where somebody edits it


def begin(file: IO[bytes]) -> Any:
    """A book of XlsxWriter's; nothing becomes a formula or a link because of how it looks."""
    return xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})


def cut(text: str, mark: str = "") -> str:
    """As much of it as a cell takes, with the mark at its end where that is not all."""
    if 2 * len(text) <= CELL or len(units := text.encode("utf-16-le")) <= 2 * CELL:
        return text
    return units[: 2 * (CELL - len(mark))].decode("utf-16-le", "ignore") + mark
