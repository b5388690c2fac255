"""Guests as folders, for tests of what is concluded from their files."""

from collections.abc import Mapping
from pathlib import Path

from mtv.converters.guest.folder import FolderFiles


def tree(root: Path, files: Mapping[str, str | bytes]) -> FolderFiles:
    for path, content in files.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
    return FolderFiles(root)
