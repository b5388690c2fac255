"""Values as people read them, for command line, TUI and reports alike."""

import json
from typing import Any

_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
_LINES = "\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}"


def plain(text: str) -> str:
    """A stranger's words without what would move a terminal's cursor or turn its line around. Joiners stay: an emoji
    may be made of several, and some scripts need them; so do spaces other than ours."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in _JOINERS or one.isspace() and one > "\x85" and one not in _LINES
                   else "\N{REPLACEMENT CHARACTER}" for one in text)  # fmt: skip


def cell(value: Any) -> str:
    """One value as people read it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return plain(str(value))


def size(size_bytes: int | float | None) -> str:
    """Bytes with a binary unit: 4.0 GiB."""
    if size_bytes is None:
        return "-"
    amount, units = float(size_bytes), ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    while amount >= 1024 and len(units) > 1:
        amount, units = amount / 1024, units[1:]
    return f"{amount:.0f} {units[0]}" if units[0] == "B" else f"{amount:.1f} {units[0]}"


def share(done_bytes: int, total_bytes: int) -> str:
    """3.0 GiB of 8.0 GiB; without a total, which is 0 until it is counted, 3.0 GiB so far."""
    return f"{size(done_bytes)} of {size(total_bytes)}" if total_bytes else f"{size(done_bytes)} so far"


def duration(seconds: float | None) -> str:
    """1 h 02 min, 3 min 05 s, 12 s, 0.4 s."""
    if seconds is None:
        return "-"
    if 0 < seconds < 0.95:
        return f"{max(seconds, 0.1):.1f} s"
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"


def count(number: int, thing: str) -> str:
    """1 VM, 2 VMs."""
    return f"{number} {thing}{'s' * (number != 1)}"
