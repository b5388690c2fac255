"""What went wrong, as a value: it is stored in rows, sent over the worker's protocol and shown to people."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    TEMPORARY = "temporary"  # the same again may work: the runner tries again, five times, then holds
    PERMANENT = "permanent"  # the same again will fail: the plan's on_failure acts
    HOLD = "hold"  # neither: no space, an unreadable source, a dead engine. Nothing is undone, `mtv run` goes on
    CANCELLED = "cancelled"  # somebody asked


@dataclass(frozen=True)
class Fault:
    """One failure. `code` is `area.what`, documented and stable; `text` is lower case and names the VM and the
    thing, what was found and what was needed; `hint` is the next command or act."""

    code: str
    text: str
    hint: str = ""
    kind: Kind = Kind.PERMANENT
    exit_code: int = 1
