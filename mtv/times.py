"""Moments as they are stored: RFC 3339, UTC, of equal width, so that text order is time order."""

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """Raises ValueError where `text` is no RFC 3339 time with a zone."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"'{text}' has no time zone")
    return found.astimezone(UTC)


def now() -> str:
    return stamp(datetime.now(UTC))
