"""A stranger's JSON by its path: the value if it has the sort that is meant, else nothing. Nothing is trusted.

Each asks by itself: an inventory puts half a million such questions, and one call more for each is a tenth of it.
"""

from collections.abc import Mapping, Sequence
from typing import cast

Object = Mapping[str, object]
NOTHING: Object = {}


def value(of: object, *path: str) -> object:
    """What lies at that path; None where it ends before."""
    for key in path:
        if not isinstance(of, dict):
            return None
        of = of.get(key)
    return of


def text(of: object, *path: str) -> str:
    for key in path:
        if not isinstance(of, dict):
            return ""
        of = of.get(key)
    return of if isinstance(of, str) else ""


def whole(of: object, *path: str) -> int | None:
    found = value(of, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def flag(of: object, *path: str) -> bool:
    return value(of, *path) is True


def mapping(of: object, *path: str) -> Object:
    for key in path:
        if not isinstance(of, dict):
            return NOTHING
        of = of.get(key)
    return cast(Object, of) if isinstance(of, dict) else NOTHING


def rows(of: object, *path: str) -> Sequence[Object]:
    """The objects of a list; what is none is left out."""
    found = value(of, *path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def words(of: object, *path: str) -> tuple[str, ...]:
    found = value(of, *path)
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def pairs(of: object, *path: str) -> dict[str, str]:
    """Labels and the like: texts by texts."""
    return {key: one for key, one in mapping(of, *path).items() if isinstance(one, str)}
