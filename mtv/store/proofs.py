"""Receipts as they were signed. The hashes under them lie beside a bundle, in the receipt's side file."""

import json

from mtv import codec
from mtv.model.estate import Json
from mtv.model.receipts import Receipt
from mtv.store import flat
from mtv.store.store import Store, insert


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
