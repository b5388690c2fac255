"""What `mtv get`, `--where`, `--sort` and a plan's `select` may name: the documented columns of each kind.

docs/columns.md says the same to people, and a test holds one against the other. Columns are only ever added.
"""

from collections.abc import Mapping

from mtv.store.columns.infrastructure import INFRASTRUCTURE
from mtv.store.columns.runs import RUNS
from mtv.store.columns.shapes import Column, Kind
from mtv.store.columns.vms import CONCERNS, VMS

__all__ = ["KINDS", "Column", "Kind", "markdown"]

_ALL = (*VMS, *INFRASTRUCTURE, *CONCERNS, *RUNS)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}


def markdown() -> str:
    """docs/columns.md."""
    parts = [
        "# Columns\n\nWhat `mtv get KIND`, `--where`, `--sort`, `--columns` and a plan's `select` can name. "
        "Columns are only ever added. Sizes are bytes, times UTC in RFC 3339.\n"
    ]
    for kind in _ALL:
        rows = "\n".join(f"| {column.name} | {column.type} | {column.says} |" for column in kind.columns)
        head = f"## {kind.name}\n\n{kind.says[0].upper()}{kind.says[1:]}.\n\n| column | type | says |\n|---|---|---|"
        parts.append(f"{head}\n{rows}\n")
    return "\n".join(parts)
