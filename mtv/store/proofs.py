"""Receipts as they were signed, and the hashes under them: one BLOB for each 256 MiB of a disk."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Literal

from mtv import codec
from mtv.model.estate import Json
from mtv.model.receipts import Receipt
from mtv.store import flat
from mtv.store.store import Store, insert

Part = Literal["copied", "handed_over"]


@dataclass(frozen=True)
class Span:
    """The hashes of 256 MiB of one disk, one after another."""

    part: Part
    disk: str
    number: int
    hashes: bytes


def save_receipt(store: Store, receipt: Receipt, path: str = "") -> None:
    """One a migration: a later one replaces it."""
    tables = receipt.handed_over or receipt.copied
    row: dict[str, Json] = {
        "run": receipt.run, "vm_key": receipt.vm, "name": f"{receipt.run}/{receipt.name}", "vm": receipt.name,
        "at": receipt.at, "level": receipt.level, "algorithm": receipt.algorithm, "disks": len(tables),
        "size_bytes": sum(table.size_bytes for table in tables),
        "data_bytes": sum(table.data_bytes for table in tables),
        "key": receipt.key, "path": path, "doc": flat.document(receipt),
    }  # fmt: skip
    store.write(lambda found: insert(found, "receipts", row, "OR REPLACE"))


def receipts(store: Store, run: str) -> list[Receipt]:
    sql = "SELECT doc FROM receipts WHERE run = ? ORDER BY at, vm_key"
    texts = store.read(lambda found: [row[0] for row in found.execute(sql, (run,))])
    return [codec.load(Receipt, json.loads(text)) for text in texts]


def save_hashes(store: Store, run: str, vm_key: str, spans: Iterable[Span]) -> None:
    """A span has at most 32 bytes for each MiB, 8 KiB; a hundred of them go into one transaction."""
    left = iter(spans)
    while some := list(islice(left, 100)):
        rows = [(run, vm_key, span.part, span.disk, span.number, span.hashes) for span in some]
        store.write(partial(_add_hashes, rows=rows))


def _add_hashes(found: sqlite3.Connection, rows: Sequence[tuple[str, str, str, str, int, bytes]]) -> None:
    found.executemany("INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?, ?, ?)", rows)


def hashes(store: Store, run: str, vm_key: str, part: Part, disk: str) -> list[Span]:
    """Of one disk, in order."""
    sql = "SELECT span, hashes FROM hashes WHERE run = ? AND vm_key = ? AND part = ? AND disk = ? ORDER BY span"
    rows = store.read(lambda found: found.execute(sql, (run, vm_key, part, disk)).fetchall())
    return [Span(part, disk, row["span"], row["hashes"]) for row in rows]


def prune(store: Store, run: str, vm_key: str) -> None:
    """The hashes of a committed migration; its receipt stays."""
    store.write(lambda found: found.execute("DELETE FROM hashes WHERE run = ? AND vm_key = ?", (run, vm_key)))
