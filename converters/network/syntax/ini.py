"""Sections of `key = value`: NetworkManager's keyfiles and systemd's units."""

from mtv.converters.network.syntax.text import Entry, Flaw, Text


def entries(text: Text, flaws: list[Flaw], continued: bool = False) -> list[Entry]:
    """Every assignment in order. `continued`: a backslash joins lines, as systemd has it."""
    found: list[Entry] = []
    section, nth = "", 0
    for number, line in _joined(text, continued):
        if not line or line[0] in "#;":
            continue
        if line[0] == "[" and line[-1] == "]":
            section, nth = line[1:-1].strip(), nth + 1
        elif "=" in line and section:
            key, _, value = line.partition("=")
            found.append(Entry(section, nth, key.strip(), value.strip(), number))
        else:
            flaws.append(Flaw(text.file, number, f"is neither [section] nor key=value: {line[:60]!r}"))
    return found


def _joined(text: Text, continued: bool) -> list[tuple[int, str]]:
    joined: list[tuple[int, str]] = []
    held, start = "", 0
    for number, line in enumerate(text.lines, 1):
        start = start or number
        if continued and line.endswith("\\"):
            held += line[:-1] + " "
            continue
        joined.append((start, (held + line).strip()))
        held, start = "", 0
    if held:
        joined.append((start, held.strip()))
    return joined


def values(found: list[Entry], section: str, key: str) -> list[Entry]:
    return [entry for entry in found if entry.section == section and entry.key == key]


def last(found: list[Entry], section: str, key: str) -> str:
    """What holds of a key that is written more than once: the last; "" where there is none."""
    return next((entry.value for entry in reversed(found) if entry.section == section and entry.key == key), "")


def rows(found: list[Entry], section: str) -> list[dict[str, str]]:
    """A section that may come many times, [Route] for example, one dict each time."""
    grouped: dict[int, dict[str, str]] = {}
    for entry in found:
        if entry.section == section:
            grouped.setdefault(entry.nth, {})[entry.key] = entry.value
    return list(grouped.values())
