"""Reading a guest's files: the same small protocol over libguestfs and over a folder, so that all that is concluded
from them can be tested without an appliance."""

from typing import Protocol

READ_LIMIT_BYTES = 1 << 20


class GuestFiles(Protocol):
    """Paths are absolute in the guest. Links are followed inside the guest only, never out of it."""

    def exists(self, path: str) -> bool: ...

    def read(self, path: str, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        """At most `limit_bytes`. Raises FileNotFoundError; MtvError `guest.file-too-big`."""
        ...

    def glob(self, pattern: str) -> list[str]:
        """Paths that match a shell pattern, sorted; [] where there is none."""
        ...


class GuestPrograms(GuestFiles, Protocol):
    """The same, where the beginning of a big file is all that is wanted."""

    def head(self, path: str, size_bytes: int) -> bytes:
        """Its first bytes; less where it is shorter. Raises as `read` does."""
        ...
