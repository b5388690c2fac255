"""What tests of bundles do over and over."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
PAPERS = {"receipt.json": b"{}\n", "receipt.hashes": b"\0", "README.txt": b"read me\n"}


def do(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())
