"""What a column and a kind are, in few words."""

from dataclasses import dataclass
from typing import Literal

Type = Literal["text", "integer", "real", "boolean", "json"]


@dataclass(frozen=True)
class Column:
    name: str
    type: Type
    says: str
    sql: str = ""  # where it is not simply that column of the kind's table


@dataclass(frozen=True)
class Kind:
    """`tables` is what follows FROM; `order` puts the oldest first."""

    name: str
    says: str
    tables: str
    order: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def text(name: str, says: str, sql: str = "") -> Column:
    return Column(name, "text", says, sql)


def whole(name: str, says: str, sql: str = "") -> Column:
    return Column(name, "integer", says, sql)


def real(name: str, says: str, sql: str = "") -> Column:
    return Column(name, "real", says, sql)


def flag(name: str, says: str, sql: str = "") -> Column:
    return Column(name, "boolean", says, sql)


def document(name: str, says: str, sql: str = "") -> Column:
    return Column(name, "json", says, sql)


VM = text("vm", "name of its VM")
SOURCE = text("source", "name of the provider that it was read from")
RUN = text("run", "the run, PLAN-N")
