"""Dates: RVTools writes Excel's, at the clock of who exported, without a zone; some versions, and people, write text.
They are taken for UTC, as they are written here."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1899, 12, 30)
EPOCH_1904_DAYS = 1462
LAST_DAYS = 2_958_466  # the year 10000
_ORDERED = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(.*))?")
_OTHER = re.compile(r"(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}),?(?: +(.*))?")
_CLOCK = re.compile(
    r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,6})\d*)?)? *([AaPp])?\.? ?[Mm]?\.? *(Z|[+-]\d\d:?\d\d)?"
)
NEEDED = "a date is needed, such as 2026/03/31 23:59:59"


def written(value: str) -> datetime | str | None:
    """Excel's own where it can be; other text as it is."""
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return value
    plain = found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    return plain if plain.year >= 1901 else value


def read(raw: str | int | float | bool, order: str = "") -> str:
    """RFC 3339, in UTC. `order` says whether 3/4/2026 is of April (dmy) or of March (mdy). Raises ValueError."""
    if isinstance(raw, bool):
        raise ValueError(NEEDED)
    if isinstance(raw, int | float):
        if not 1 <= raw < LAST_DAYS:
            raise ValueError(NEEDED)
        return stamp(EPOCH + timedelta(milliseconds=round(raw * 86_400_000)))
    found = _text(raw.strip(), order)
    if found is None:
        raise ValueError(NEEDED)
    return stamp(found)


def stamp(found: datetime) -> str:
    parts = "milliseconds" if found.microsecond else "seconds"
    return found.isoformat(timespec=parts) + "Z"


def order(values: Iterable[object]) -> str:
    """How a column of texts writes its days: the first date that can be only one way says so."""
    for value in values:
        if isinstance(value, str) and (found := _OTHER.fullmatch(value.strip())):
            if int(found[1]) > 12 or found[2] == ".":
                return "dmy"
            if int(found[3]) > 12 or re.search("[AaPp][Mm]", found[5] or ""):
                return "mdy"
    return ""


def _text(words: str, order_: str) -> datetime | None:
    if found := _ORDERED.fullmatch(words):
        year, month, day, clock = found[1], found[2], found[3], found[4]
    elif found := _OTHER.fullmatch(words):
        how = order_ or order([words])
        if not how and found[1] != found[3]:
            raise ValueError(f"it may be of month {found[1]} or {found[3]}: write 2026/03/31 23:59:59")
        day, month = (found[3], found[1]) if how == "mdy" else (found[1], found[3])
        year, clock = found[4], found[5]
    else:
        return None
    try:
        return _at(datetime(int(year), int(month), int(day)), clock)
    except (ValueError, OverflowError):
        return None


def _at(day: datetime, clock: str | None) -> datetime | None:
    if not clock:
        return day
    found = _CLOCK.fullmatch(clock.strip())
    if found is None:
        return None
    hour = int(found[1])
    if found[5]:
        hour = hour % 12 + 12 * (found[5] in "Pp")
    made = day.replace(hour=hour, minute=int(found[2]), second=int(found[3] or 0))
    made = made.replace(microsecond=int((found[4] or "0").ljust(6, "0")))
    return made - _zone(found[6] or "Z")


def _zone(told: str) -> timedelta:
    if told == "Z":
        return timedelta()
    minutes = int(told[1:3]) * 60 + int(told[-2:])
    return timedelta(minutes=-minutes if told[0] == "-" else minutes)
