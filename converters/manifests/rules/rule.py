"""A rule as a row of the table, and what it says of one field of one document."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from mtv.converters.manifests.rules.view import View
from mtv.model.estate import Json

Version = tuple[int, int]


class Level(StrEnum):
    REFUSED = "refused"  # the cluster does not take the document
    BROKEN = "broken"  # it takes it, and then it does not work, or not as it says
    WARNING = "warning"  # it works, otherwise than one may think


@dataclass(frozen=True)
class Rule:
    """`of` is whose versions `since` and `until` (the first without the rule) are."""

    id: str
    level: Level
    what: str
    fix: str
    link: str
    of: str = "kubevirt"
    since: Version | None = None
    until: Version | None = None

    def at(self, place: View, text: str = "", value: Json = None) -> "Complaint":
        """What `text` says beside the rule's own sentence is the case at hand: both numbers, the other's name."""
        told = value if value is not None else place.value
        secret = place.path.rpartition(".")[2] in _SECRET
        return Complaint(
            self, place.path, "..." if secret else _short(told), f"{self.what}: {text}" if text else self.what
        )

    def applies(self, version: Version) -> bool:
        return (self.since is None or version >= self.since) and (self.until is None or version < self.until)


@dataclass(frozen=True)
class Complaint:
    rule: Rule
    field: str
    value: str  # as JSON would write it, cut
    text: str

    @property
    def level(self) -> Level:
        return self.rule.level


class Book:
    """The rules of one module, in the order of the table."""

    def __init__(self, topic: str, link: str, of: str = "kubevirt") -> None:
        self.topic, self.link, self.of = topic, link, of
        self.rules: list[Rule] = []

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def refused(
        self, name: str, what: str, fix: str, *, since: Version | None = None, until: Version | None = None
    ) -> Rule:
        return self._add(Level.REFUSED, name, what, fix, since, until)

    def broken(
        self, name: str, what: str, fix: str, *, since: Version | None = None, until: Version | None = None
    ) -> Rule:
        return self._add(Level.BROKEN, name, what, fix, since, until)

    def warning(self, name: str, what: str, fix: str) -> Rule:
        return self._add(Level.WARNING, name, what, fix, None, None)

    def _add(self, level: Level, name: str, what: str, fix: str, since: Version | None, until: Version | None) -> Rule:
        made = Rule(f"{self.topic}.{name}", level, what, fix, self.link, self.of, since, until)
        self.rules.append(made)
        return made


_LIMIT = 80
_SECRET = {"userData", "userDataBase64", "networkData", "networkDataBase64"}  # passwords lie in cloud-init's data


def _short(value: Json) -> str:
    if isinstance(value, dict | list):
        return "{...}" if isinstance(value, dict) else "[...]"
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _LIMIT else f"{text[: _LIMIT - 3]}..."
