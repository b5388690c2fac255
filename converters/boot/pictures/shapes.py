"""Values out of what a guest answered: the wrong shape is nothing, too much is cut."""

import json

from mtv.model.estate import Json

MOST = 1000  # interfaces, disks, mounts: more is no answer
LONGEST = 500


def parsed(text: bytes) -> Json:
    try:
        found: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found


def part(value: Json, key: str) -> Json:
    return value.get(key) if isinstance(value, dict) else None


def items(value: Json) -> tuple[Json, ...]:
    return tuple(value[:MOST]) if isinstance(value, list) else ()


def text(value: Json, key: str) -> str:
    found = part(value, key)
    return found[:LONGEST] if isinstance(found, str) else ""


def number(value: Json, key: str) -> int:
    found = part(value, key)
    if isinstance(found, str) and found.isdecimal() and len(found) < 20:  # lsblk before 2.33 quotes numbers
        return int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0
