"""Files that several VMs name as a disk, over a whole estate: no VM can tell by itself, so the store does, once all of
them are written."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from mtv import codec
from mtv.model.estate import VM, Concern, Level
from mtv.store import generation

ID = "estate.disk-of-several"
NAMED = 3  # of the others
_TWINS = """
    SELECT d.vm_id, d.vm, d.label, d.path, v.datacenter FROM disks AS d
    JOIN vms AS v ON v.generation = d.generation AND v.id = d.vm_id
    WHERE d.generation = ?1 AND d.path IN (
        SELECT path FROM disks WHERE generation = ?1 AND path != '' GROUP BY path HAVING count(DISTINCT vm_id) > 1)
    ORDER BY d.n"""  # a path names its datastore, whose name is its own in a datacenter alone


def search(found: sqlite3.Connection, number: int) -> Mapping[str, str | None]:
    """What is to be said of VMs that say otherwise now, by id; None: nothing any more. 50 ms for 10,000 VMs."""
    wanted, told = _wanted(found, number), _told(found, number)
    return {id_: wanted.get(id_) for id_ in {**wanted, **told} if wanted.get(id_) != told.get(id_)}


def mark(found: sqlite3.Connection, number: int, said: Mapping[str, str | None]) -> None:
    """Write what `search` found."""
    sql = "SELECT doc FROM vms WHERE generation = ? AND id = ?"
    rows = [found.execute(sql, (number, id_)).fetchone() for id_ in said]
    vms = [codec.load(VM, json.loads(row[0])) for row in rows]
    generation.put(found, number, [(("vm", vm.id), _marked(vm, said[vm.id])) for vm in vms])


def _wanted(found: sqlite3.Connection, number: int) -> Mapping[str, str]:
    """What to say of a VM, by its id."""
    files: dict[tuple[str, str], dict[str, tuple[str, str]]] = defaultdict(dict)
    for id_, name, label, path, datacenter in found.execute(_TWINS, (number,)):
        files[datacenter, path][id_] = (name, label)
    said: dict[str, list[str]] = defaultdict(list)
    for (_, path), vms in files.items():
        for id_, (_, label) in vms.items() if len(vms) > 1 else ():
            others = [name for other, (name, _) in vms.items() if other != id_]
            more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
            said[id_].append(f"{label or 'a disk'} ({path}) is a disk of {', '.join(others[:NAMED])}{more} too")
    return {id_: "; ".join(texts) for id_, texts in said.items()}


def _told(found: sqlite3.Connection, number: int) -> Mapping[str, str]:
    rows = found.execute("SELECT vm_id, text FROM concerns WHERE generation = ? AND id = ?", (number, ID))
    return {row[0]: row[1] for row in rows}


def _marked(vm: VM, text: str | None) -> VM:
    others = tuple(one for one in vm.concerns if one.id != ID)
    if text is None:
        return replace(vm, concerns=others)
    hint = "move them together and off, or leave it out of all but one: each copy of it goes its own way"
    return replace(vm, concerns=(*others, Concern(id=ID, level=Level.WARNING, text=text, hint=hint)))
