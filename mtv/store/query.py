"""The grammar of `--where`, `select` and rules: an SQL expression over the documented columns of one kind.

It is looked at three times: by its words, prepared against an empty table that has nothing but those columns, and run
on a read-only connection; the last two behind SQLite's authorizer, and within 2 s.
"""

import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from difflib import get_close_matches
from typing import Any

from mtv.errors import Refused
from mtv.model.estate import Json
from mtv.store.columns import KINDS, Kind

LIMIT_S = 2.0
_STEPS = 1000  # of SQLite's machine between two looks at the clock: well under a millisecond
_FUNCTIONS = frozenset(
    ["like", "glob", "->", "->>", "json_extract", "json_array_length", "json_type", "lower", "upper", "length",
     "substr", "substring", "instr", "trim", "ltrim", "rtrim", "replace", "coalesce", "ifnull", "nullif", "iif",
     "abs", "round", "min", "max", "typeof", "date", "time", "datetime", "julianday", "strftime", "unixepoch"]
)  # fmt: skip
_WORDS = re.compile(
    r"""(?P<space>\s+) | (?P<text>'(?:[^']|'')*') | (?P<quoted>"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\])
      | (?P<open>\() | (?P<close>\)) | (?P<bad>--|/\*|;|'|"|`|\[|[?@#$:\\{}]) | (?P<other>->>|->|[\w.]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1 << 20,  # replace() inside replace() builds no gigabytes
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 64 << 10,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 256,  # LIKE '%a%a%a...' is exponential and cannot be interrupted
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
}
_OF_THE_FILE = frozenset(
    [sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN]
)  # errors that no expression makes: `reading.said` has words for them
_AFFINITY = {"text": "TEXT", "json": "TEXT", "integer": "INTEGER", "boolean": "INTEGER", "real": "REAL"}

Row = dict[str, Json]


def select(
    found: sqlite3.Connection,
    kind: str,
    where: str = "",
    sort: str = "",
    columns: Sequence[str] = (),
    limit: int | None = None,
) -> list[Row]:
    """Flat rows with the kind's columns (`name` always), the oldest first; `sort` is a column, `-column` or several
    with commas. `found` comes from reading.connect. Raises Refused: query.*."""
    table = _kind(kind)
    check(kind, where)
    wanted = list(dict.fromkeys(["name", *(_column(table, one) for one in columns)])) if columns else list(table.names)
    inner = ", ".join(f"{column.sql or 't.' + column.name} AS {column.name}" for column in table.columns)
    sql = (
        f"SELECT {', '.join(wanted)} FROM (SELECT {inner} FROM {table.tables} ORDER BY {table.order}) AS {table.name}"
        f"{f' WHERE ({chr(10)}{where}{chr(10)})' if where.strip() else ''}{_order(table, sort)}"
        f" LIMIT {-1 if limit is None else max(0, int(limit))}"
    )
    with _guarded(found, _reads_all), _limited(found, where):
        return [_row(table, wanted, row) for row in found.execute(sql)]


def matching(kind: str, rows: Iterable[Mapping[str, Json]], where: str) -> list[bool]:
    """Which of these rows the expression holds for; for what is in no store. A column that a row lacks is null."""
    table = _kind(kind)
    check(kind, where)
    with closing(_empty(table)) as memory:
        marks = ", ".join("?" for _ in table.names)
        values = [tuple(row.get(name) for name in table.names) for row in rows]
        memory.executemany(f"INSERT INTO {table.name} VALUES ({marks})", values)
        with _guarded(memory, _reads_only(table)), _limited(memory, where):
            return [bool(row[0]) for row in memory.execute(f"SELECT (\n{where}\n) IS TRUE FROM {table.name}")]


def check(kind: str, where: str) -> None:
    """Raises Refused where it is no expression over that kind's columns."""
    table = _kind(kind)
    if not where.strip():
        return
    _read_words(table, where)
    with closing(_empty(table)) as memory, _guarded(memory, _reads_only(table)), _explained(table, where):
        memory.execute(f"EXPLAIN SELECT 1 FROM {table.name} WHERE (\n{where}\n)").fetchall()


def _read_words(table: Kind, where: str) -> None:
    """What SQLite would take for something else: parentheses that close ours, and "text", which it takes for text
    where it is no column."""
    depth = 0
    for word in _WORDS.finditer(where):
        depth += (word.lastgroup == "open") - (word.lastgroup == "close")
        if depth < 0 or word.lastgroup == "bad" or "\0" in word[0]:
            raise _wrong(where, f"unexpected {word[0]!r} at character {word.start() + 1}")
        if word.lastgroup == "quoted":
            _column(table, word[0][1:-1], "text stands in single quotes: 'text'")
    if depth:
        raise _wrong(where, "a parenthesis is not closed")


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise Refused("query.unknown-kind", f"there is no kind '{name}'", _nearest(name, KINDS))
    return KINDS[name]


def _column(table: Kind, name: str, more: str = "") -> str:
    if name not in table.names:
        hint = "; ".join(part for part in (_nearest(name, table.names), more) if part)
        raise Refused("query.unknown-column", f"{table.name} have no column '{name}'", hint)
    return name


def _nearest(name: str, names: Iterable[str]) -> str:
    near = get_close_matches(name.lower(), list(names), 1, 0.5)
    return f"did you mean '{near[0]}'?" if near else f"there are {', '.join(names)}"


def _order(table: Kind, sort: str) -> str:
    parts = []
    for one in filter(None, (part.strip() for part in sort.split(","))):
        parts.append(f"{_column(table, one.lstrip('-'))}{' DESC' if one.startswith('-') else ''}")
    return f" ORDER BY {', '.join(parts)}" if parts else ""


def _row(table: Kind, wanted: Sequence[str], row: Sequence[Any]) -> Row:
    truths = {column.name for column in table.columns if column.type == "boolean"}
    return {
        name: bool(value) if name in truths and value is not None else value
        for name, value in zip(wanted, row, strict=True)
    }


def _empty(table: Kind) -> sqlite3.Connection:
    memory = sqlite3.connect(":memory:", isolation_level=None)
    columns = ", ".join(f"{column.name} {_AFFINITY[column.type]}" for column in table.columns)
    memory.execute(f"CREATE TABLE {table.name} ({columns})")
    return memory


Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]


def _reads_only(table: Kind) -> Authorizer:
    """One SELECT, that table's columns, functions on the list."""
    selects = 0

    def allow(action: int, first: str | None, second: str | None, _: str | None, __: str | None) -> int:
        nonlocal selects
        if action == sqlite3.SQLITE_SELECT:
            selects += 1
            return sqlite3.SQLITE_OK if selects == 1 else sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_READ:
            known = first == table.name and (second in table.names or not second)
            return sqlite3.SQLITE_OK if known else sqlite3.SQLITE_DENY
        return _function(action, second)

    return allow


def _reads_all(action: int, first: str | None, second: str | None, _: str | None, __: str | None) -> int:
    """The expression was checked: what is left is that nothing writes. Our own SELECT counts and groups."""
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ):
        return sqlite3.SQLITE_OK
    ours = action == sqlite3.SQLITE_FUNCTION and second in ("count", "sum")
    return sqlite3.SQLITE_OK if ours else _function(action, second)


def _function(action: int, name: str | None) -> int:
    allowed = action == sqlite3.SQLITE_FUNCTION and (name or "").lower() in _FUNCTIONS
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


@contextmanager
def _guarded(found: sqlite3.Connection, authorizer: Authorizer) -> Iterator[None]:
    before = {limit: found.setlimit(limit, value) for limit, value in _LIMITS.items()}
    found.set_authorizer(authorizer)
    try:
        yield
    finally:
        found.set_authorizer(None)
        for limit, value in before.items():
            found.setlimit(limit, value)


@contextmanager
def _limited(found: sqlite3.Connection, where: str) -> Iterator[None]:
    deadline = time.monotonic() + LIMIT_S
    if where.strip():  # a list of all takes what it takes
        found.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        yield
    except sqlite3.Error as error:
        if "interrupted" in str(error):
            raise Refused(
                "query.too-slow", f"'{where[:200]}' took over {LIMIT_S:g} s", "ask for less at once"
            ) from error
        if error.sqlite_errorcode & 0xFF in _OF_THE_FILE:
            raise
        raise _wrong(where, str(error)) from error
    finally:
        found.set_progress_handler(None, 0)


@contextmanager
def _explained(table: Kind, where: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        if missing := re.match(r"no such column: (.*)", text):
            _column(table, missing[1].rpartition(".")[2])
        if missing := re.match(r"not authorized to use function: (\w+)|no such function: (\w+)", text):
            name = missing[1] or missing[2]
            hint = f"there are {', '.join(sorted(_FUNCTIONS))}"
            raise Refused("query.function", f"'{name}' is no function that can be used here", hint) from error
        if "not authorized" in text or "prohibited" in text:
            raise _wrong(where, "only an expression over its columns, no SELECT of its own") from error
        raise _wrong(where, text) from error


def _wrong(where: str, why: str) -> Refused:
    return Refused(
        "query.wrong", f"'{where[:200]}' is no expression: {why}", "for example: cluster = 'CL-7' AND cpus > 4"
    )
