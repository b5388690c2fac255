"""The grammar: what it finds, what it explains, and what it never does."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtv.errors import Refused
from mtv.model.estate import Json
from mtv.store import flat, query, reading
from mtv.store.query import check, matching, select
from mtv.store.store import Store
from tests.store.made import ESTATE, filled, vm


def names(store: Store, where: str, kind: str = "vms", sort: str = "") -> list[Json]:
    return [row["name"] for row in store.read(lambda found: select(found, kind, where, sort))]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("", ["db01", "db02", "web"]),
        ("  ", ["db01", "db02", "web"]),
        ("cluster = 'CL-7' AND tags->>'app' = 'ledger'", ["db01", "web"]),
        ("name LIKE 'db%'", ["db01", "db02"]),
        ("name like 'DB%' and not cpus > 4", ["db01"]),
        ("\"name\" = 'web'", ["web"]),
        ("[name] GLOB 'w*'", ["web"]),
        ("cpus IN (8, 16)", ["db02"]),
        ("cpus BETWEEN 3 AND 9", ["db02"]),
        ("critical", ["web"]),
        ("critical = 0", ["db01", "db02"]),
        ("attributes->>'owner' = 'o''neil' AND (name = 'web')", ["web"]),
        ("attributes->>'$.owner' = 'nobody'", []),
        ("CASE WHEN cpus > 4 THEN 1 ELSE 0 END", ["db02"]),
        ("length(name) = 3", ["web"]),
        ("datastores LIKE '%tin%' AND size_bytes > 9e9 AND NOT secure_boot", ["db01", "db02", "web"]),
        ("name = ')' OR name = '--' OR name = '(;'", []),
    ],
)
def test_it_finds_in_the_store_and_in_memory_alike(store: Store, where: str, found: list[str]) -> None:
    filled(store)
    assert names(store, where) == found
    rows = [flat.vm_row(one) for one in ESTATE if isinstance(one, type(vm("x")))]
    if where.strip():
        held = matching("vms", rows, where)
        assert [row["name"] for row, holds in zip(rows, held, strict=True) if holds] == found


def test_rows_are_flat_with_their_name_in_order_and_with_truths(store: Store) -> None:
    filled(store)
    [row] = store.read(
        lambda found: select(found, "vms", sort="-name", columns=["cpus", "secure_boot", "tags"], limit=1)
    )
    assert row == {"name": "web", "cpus": 2, "secure_boot": False, "tags": '{"app":"ledger"}'}
    assert names(store, "", sort="-cpus,name") == ["db02", "db01", "web"]
    assert names(store, "", kind="disks")[:2] == ["db01/disk0", "db01/disk1"]
    assert names(store, "level = 'critical'", kind="concerns") == ["web/vm.rdm"]
    assert names(store, "vms = 2", kind="clusters") == ["CL-7"]
    [provider] = store.read(lambda found: select(found, "datastores", "free_bytes IS NULL"))
    assert provider["free_bytes"] is None
    assert store.read(lambda found: select(found, "receipts")) == []


@pytest.mark.parametrize(
    ("where", "says", "hint"),
    [
        ("clutser = 'CL-7'", "no column 'clutser'", "did you mean 'cluster'?"),
        ("vms.memory > 1", "no column 'memory'", "memory_bytes"),
        ("zzz = 1", "no column 'zzz'", "there are name, source"),
        ('cluster = "CL-7"', "no column 'CL-7'", "single quotes"),
        ("rowid = 1", "", ""),
        ("generation = 1", "no column 'generation'", ""),
        ("doc LIKE '%'", "no column 'doc'", ""),
        ("name =", "syntax", ""),
        ("name = 'x", "unexpected", ""),
        ("(name = 'x'", "not closed", ""),
        ("name = 'x')", "unexpected ')'", ""),
    ],
)
def test_it_explains_what_is_wrong(store: Store, where: str, says: str, hint: str) -> None:
    with pytest.raises(Refused) as caught:
        names(store, where)
    assert says in caught.value.fault.text
    assert hint in caught.value.fault.hint
    assert caught.value.fault.exit_code == 2


@pytest.mark.parametrize(
    "where",
    [
        "1) OR (1",
        "1; DROP TABLE vms",
        "1 -- x",
        "1 /* x",
        "name = ?",
        "name = :x",
        "1) UNION SELECT 1 FROM vms WHERE (1",
        "EXISTS (SELECT 1 FROM providers)",
        "name IN (SELECT secret FROM providers)",
        "EXISTS (SELECT 1 FROM vms AS a, vms AS b)",
        "name IN (SELECT name FROM vms)",
        "name IN providers",
        "name IN pragma_table_info('vms')",
        "name IN json_each('[1]')",
        "1 IN (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c)",
        "(SELECT count(*) FROM vms a, vms b, vms c) > 0",
        "load_extension('evil.so')",
        "LOAD_EXTENSION('evil.so')",
        "readfile('/etc/passwd') > ''",
        "writefile('/tmp/x', 'x')",
        "randomblob(1000000000) > ''",
        "zeroblob(1000000000) = ''",
        "printf('%.*c', 1000000000, 'x') = ''",
        "sqlite_version() = ''",
        "count(*) > 1",
        "sum(cpus) > 1",
        "row_number() OVER () > 1",
        "PRAGMA journal_mode",
        "ATTACH 'x' AS y",
        "raise(abort, 'x')",
        pytest.param("(" * 300 + "1" + ")" * 300, id="deep"),
        pytest.param("name = 'x' OR " * 20000 + "1", id="long"),
        "name MATCH 'x'",
        "name REGEXP '(a+)+$'",
        "name\0 = 1",
    ],
)
def test_it_is_an_expression_and_no_more(store: Store, where: str) -> None:
    for asks in (lambda: names(store, where), lambda: check("vms", where), lambda: matching("vms", [{}], where)):
        with pytest.raises(Refused) as caught:
            asks()
        assert caught.value.fault.code.startswith("query.")
    assert names(filled(store), "") == ["db01", "db02", "web"]


def test_unknown_kinds_and_columns_name_the_nearest(store: Store) -> None:
    for asks, near in (({"kind": "vm"}, "vms"), ({"sort": "nmae"}, "name"), ({"columns": ["cpu"]}, "cpus")):
        with pytest.raises(Refused) as caught:
            store.read(lambda found, asks=asks: select(found, **{"kind": "vms", **asks}))  # type: ignore[misc]
        assert f"did you mean '{near}'?" in caught.value.fault.hint


def test_strings_that_grow_are_stopped(store: Store) -> None:
    filled(store)
    grown = "name"
    for _ in range(12):
        grown = f"replace('{'a' * 100}', 'a', {grown})"
    with pytest.raises(Refused, match="too big"):
        names(store, f"{grown} = 'x'")
    with pytest.raises(Refused, match="too complex"):
        names(store, f"name LIKE '{'%a' * 200}'")


def test_what_takes_too_long_is_stopped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(store)
    monkeypatch.setattr(query, "LIMIT_S", -1.0)
    monkeypatch.setattr(query, "_STEPS", 10)
    with pytest.raises(Refused) as caught:
        names(store, "name LIKE '%a%b%c%'")
    assert caught.value.fault.code == "query.too-slow"
    monkeypatch.undo()
    assert names(store, "") == ["db01", "db02", "web"], "the limit is lifted again"


def test_the_connection_is_as_it_was_afterwards(tmp_path: Path) -> None:
    with Store(tmp_path / "s"), closing(reading.connect(tmp_path / "s")) as found:
        select(found, "vms", "cpus > 1")
        assert found.execute("SELECT sqlite_version()").fetchone()
        assert found.getlimit(sqlite3.SQLITE_LIMIT_LENGTH) > 1 << 20


PIECES = st.sampled_from(
    ["name", "cpus", "tags", "->>", "'a'", "1", "(", ")", " AND ", " OR ", " NOT ", "=", "<", " LIKE ", " IN ", ",",
     "SELECT ", " FROM vms", "'", '"', ";", "--", "/*", "lower", "doc", " UNION ", "*", "?", " IS NULL", "x'00'"]
)  # fmt: skip


def answer(where: str) -> bool | str:
    try:
        return matching("vms", [{"name": "a", "cpus": 1, "tags": "{}"}], where)[0]
    except Refused as refusal:
        return refusal.fault.code


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=12).map("".join))
def test_any_text_is_an_answer_or_a_refusal(where: str) -> None:
    found = answer(where)
    assert isinstance(found, bool) or found.startswith("query.")
    if "SELECT " in where and "'" not in where:
        assert not isinstance(found, bool)
