"""A guest's files as a folder or as a dict, for tests: the least that `GuestFiles` asks for."""

import fnmatch
import os
import posixpath
from dataclasses import dataclass, field
from pathlib import Path

from mtv.converters.guest.files import READ_LIMIT_BYTES
from mtv.converters.network import NetworkPlan
from mtv.errors import MtvError


@dataclass
class Tree:
    """Path to bytes. `None` is a name that is there and leads nowhere, such as a link to /dev/null."""

    held: dict[str, bytes | None] = field(default_factory=dict)

    @classmethod
    def of(cls, **texts: str) -> "Tree":
        return cls({path: text.encode() for path, text in texts.items()})

    @classmethod
    def folder(cls, root: Path) -> "Tree":
        found: dict[str, bytes | None] = {}
        for path in sorted(root.rglob("*")):
            if path.is_symlink() or path.is_file():
                inside = "/" + str(path.relative_to(root))
                found[inside] = None if os.path.islink(path) else path.read_bytes()
        return cls(found)

    def exists(self, path: str) -> bool:
        return self.held.get(path) is not None or any(one.startswith(path + "/") for one in self.held)

    def read(self, path: str, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        raw = self.held.get(path)
        if raw is None:
            raise FileNotFoundError(path)
        if len(raw) > limit_bytes:
            raise MtvError("guest.file-too-big", f"{path} has {len(raw)} bytes")
        return raw

    def glob(self, pattern: str) -> list[str]:
        parts = pattern.split("/")
        return sorted(
            path
            for path in self.held
            if path.count("/") == len(parts) - 1
            and all(fnmatch.fnmatchcase(own, one) for own, one in zip(path.split("/"), parts, strict=True))
        )

    def changed(self, plan: NetworkPlan) -> "Tree":
        """The tree after the plan's changes."""
        after = dict(self.held)
        for change in plan.changes:
            path = posixpath.normpath(change.path)
            assert self.text(path) == change.before
            if change.after is None:
                del after[path]
            else:
                after[path] = change.after.encode()
        return Tree(after)

    def text(self, path: str) -> str | None:
        raw = self.held.get(path)
        return None if raw is None else raw.decode()
