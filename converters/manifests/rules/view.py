"""A document as one reads it who trusts nothing: what is absent, null or of another type reads as empty.

Whether types are right is the structure's business; rules ask for values only.
"""

from collections.abc import Iterator, Mapping

from mtv.model.estate import Json

_NOTHING: Mapping[str, Json] = {}


class View:
    """One value and the path to it, as the API server writes paths."""

    __slots__ = ("path", "value")

    def __init__(self, value: Json, path: str = "") -> None:
        self.value, self.path = value, path

    def __bool__(self) -> bool:
        """Whether it is there: an empty object is, null is not."""
        return self.value is not None

    @property
    def fields(self) -> Mapping[str, Json]:
        return self.value if isinstance(self.value, dict) else _NOTHING

    def at(self, *keys: str) -> "View":
        place = self
        for key in keys:
            place = View(place.fields.get(key), f"{place.path}.{key}" if place.path else key)
        return place

    def each(self, *keys: str) -> list["View"]:
        """The objects of a list, with their places in it."""
        place = self.at(*keys)
        found = place.value if isinstance(place.value, list) else []
        return [View(one, f"{place.path}[{number}]") for number, one in enumerate(found)]

    def pairs(self, *keys: str) -> Iterator[tuple[str, "View"]]:
        place = self.at(*keys)
        for key, value in place.fields.items():
            yield key, View(value, f"{place.path}.{key}")

    def has(self, *keys: str) -> bool:
        return self.at(*keys).value is not None

    def text(self, *keys: str) -> str:
        found = self.at(*keys).value
        return found if isinstance(found, str) else ""

    def number(self, *keys: str) -> int:
        found = self.at(*keys).value
        return found if isinstance(found, int) and not isinstance(found, bool) else 0

    def truth(self, *keys: str) -> bool | None:
        found = self.at(*keys).value
        return found if isinstance(found, bool) else None

    def is_on(self, *keys: str) -> bool:
        """A feature's state: there, and not switched off."""
        return self.has(*keys) and self.truth(*keys, "enabled") is not False
