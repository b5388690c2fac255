"""Space that was promised to VMs and is not filled yet: two that fit alone need not fit together."""

from collections.abc import Sequence
from pathlib import Path

from mtv.providers.bundle.room import allocated


class Promises:
    """Of one engine's life: a VM that was begun by an earlier one has taken most of its space already."""

    def __init__(self) -> None:
        self._promised: dict[str, tuple[int, tuple[Path, ...]]] = {}  # by machine: bytes, and where they go

    def keep(self, machine: str, need_bytes: int, paths: Sequence[Path]) -> None:
        self._promised[machine] = (need_bytes, tuple(paths))

    def drop(self, machine: str) -> None:
        """It has all that it needs, or needs nothing any more."""
        self._promised.pop(machine, None)

    def open_bytes(self, besides: str) -> int:
        """What the other machines will still take."""
        others = [one for machine, one in self._promised.items() if machine != besides]
        return sum(max(0, need_bytes - allocated(paths)) for need_bytes, paths in others)
