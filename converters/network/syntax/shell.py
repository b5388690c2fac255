"""Files of shell assignments: ifcfg of Red Hat and SUSE, and their like. Read, never run."""

import re
import shlex

from mtv.converters.network.syntax.text import Entry, Flaw, Text

_ASSIGNMENT = re.compile(r"^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$")


def entries(text: Text, flaws: list[Flaw]) -> list[Entry]:
    """Every assignment in order; a line of any other kind is a flaw."""
    found = []
    for number, raw in enumerate(text.lines, 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _ASSIGNMENT.match(line)
        value = _unquoted(match[2]) if match else None
        if match is None or value is None:
            flaws.append(Flaw(text.file, number, f"is no plain KEY=value: {line[:60]!r}"))
            continue
        found.append(Entry("", 0, match[1], value, number))
    return found


def _unquoted(value: str) -> str | None:
    try:
        return " ".join(shlex.split(value, comments=True))
    except ValueError:
        return None


def table(found: list[Entry]) -> dict[str, str]:
    """Key to value; of a key written twice the last holds."""
    return {entry.key: entry.value for entry in found}


def yes(value: str) -> bool:
    return value.lower() in ("yes", "true", "on", "1", "y", "t")
