"""Reading a book as a test needs it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from mtv.model.estate import VM, Change
from mtv.providers.rvtools import RVTools

T = TypeVar("T")


def changes(path: Path, since: str | None = None) -> list[Change]:
    async def read() -> list[Change]:
        return [one async for one in RVTools("book", str(path)).inventory(since)]

    return asyncio.run(read())


def all_of(kind: type[T], found: Sequence[object]) -> list[T]:
    return [one for one in found if isinstance(one, kind)]


def vms(path: Path) -> dict[str, VM]:
    return {vm.name: vm for vm in all_of(VM, changes(path))}
