"""What a system has in which an engine of ours may run: a way to talk to it, a word for who does, and one seat."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, runtime_checkable


class Pipe(Protocol):
    """What a program there reads and prints, line by line. All methods block."""

    def send(self, line: bytes) -> None: ...

    def lines(self) -> Iterator[bytes]:
        """Until it has ended. Raises Temporary where the way to it broke, MtvError where it could not be started."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class Reaches(Protocol):
    """The engine's own program is found and started beside it; nothing listens there."""

    def reach(self, argv: Sequence[str]) -> Pipe: ...


@runtime_checkable
class Vouches(Protocol):
    """Who somebody is, by the system's own word: the one leaves a mark of that name, the other reads whose it is."""

    def mark(self, name: str) -> None: ...

    def whose(self, name: str) -> str:
        """Raises CheckFailed where there is no such mark."""
        ...


class Seat(Protocol):
    """What one of several has at a time; all methods block for a moment at most, but `wait`."""

    def wait(self, waiting: Callable[[], None]) -> None:
        """Until it is ours; `waiting` is called again and again meanwhile."""
        ...

    def hold(self, lost: Callable[[], None], say: Callable[[str], None]) -> None:
        """Keeps it; `lost` is called in a thread of its own as soon as it is not surely ours. What goes wrong until
        then is said."""
        ...

    def holds(self) -> bool:
        """It is ours now, by our own clock, with time to spare."""
        ...

    def leave(self) -> None: ...


@runtime_checkable
class Elects(Protocol):
    def seat(self, name: str) -> Seat: ...
