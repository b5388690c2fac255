"""Asking an appliance: what fails becomes a fault of the guest, and the rest goes on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from mtv.converters.guest.appliance.handle import Handle

T = TypeVar("T")


@dataclass
class Survey:
    """What is known so far, and what could not be read."""

    handle: Handle
    faults: list[str] = field(default_factory=list)

    def asking(self, what: str, ask: Callable[[], T]) -> T | None:
        """Its answer; None, and a fault noted, where libguestfs fails."""
        try:
            return ask()
        except RuntimeError as error:
            self.faults.append(f"{what}: {str(error)[:200]}")
            return None
