"""How a file says that it is ours: an extended attribute, or, where the file system has none, a record in OUT/.mtv.

A label names the run, the VM and the disk, and carries a nonce that no copy made by another program keeps together
with the inode: both make a volume's identity.
"""

import errno
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

ATTRIBUTE = "user.mtv.label"
NO_ATTRIBUTES = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EPERM}
SELF = ".self"
_LIMIT_BYTES = 2048


@dataclass(frozen=True, kw_only=True)
class Label:
    run: str
    owner: str  # digest of the VM's key: attributes have little room, names have none to respect
    disk: str = ""  # digest of the disk's key; "" for the folder and for papers
    nonce: str = ""

    @classmethod
    def of(cls, run: str, vm: str, disk: str = "") -> "Label":
        return cls(run=run[:120], owner=digest(vm), disk=digest(disk) if disk else "", nonce=secrets.token_hex(16))

    def same_thing(self, other: "Label") -> bool:
        """All but the nonce."""
        return (self.run, self.owner, self.disk) == (other.run, other.owner, other.disk)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


class Labels:
    """Labels of what lies under `root`. Links are never followed: a link carries no label."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.records = root / ".mtv" / "labels"

    def get(self, path: Path) -> Label | None:
        """The label of that file or folder; None if it is not there or not ours."""
        if path.is_symlink() or not path.exists():
            return None
        try:
            return _parse(os.getxattr(path, ATTRIBUTE, follow_symlinks=False))
        except OSError as error:
            if error.errno not in NO_ATTRIBUTES:
                return None
        return self._recorded(path)

    def put(self, path: Path, label: Label, final: Path | None = None) -> None:
        """Label `path`, which will be renamed to `final`."""
        text = json.dumps(asdict(label)).encode()
        try:
            os.setxattr(path, ATTRIBUTE, text, follow_symlinks=False)
        except OSError as error:
            if error.errno not in NO_ATTRIBUTES:
                raise
            self._record(final or path, path.lstat().st_ino, label)

    def drop(self, path: Path) -> None:
        """Forget a file that is gone."""
        record = self._file(path)
        record.unlink(missing_ok=True)
        self._prune(record.parent)

    def sweep(self, folder: Path) -> None:
        """Forget what was labelled and never came to its place in that folder."""
        records = self._file(folder).parent
        for record in [*records.glob("*.json"), *records.glob("*.new")]:
            if record.suffix == ".new" or not (folder / record.stem.removeprefix(SELF)).exists():
                record.unlink()
        self._prune(records)

    def _prune(self, records: Path) -> None:
        for folder in (records, self.records, self.records.parent):
            with suppress(OSError):  # others' records are in it
                folder.rmdir()

    def _file(self, path: Path) -> Path:
        """OUT/VM/disk0.raw has VM/disk0.raw.json, OUT/VM itself VM/.self.json."""
        if path.parent == self.root:
            return self.records / path.name / f"{SELF}.json"
        return self.records / path.parent.name / f"{path.name}.json"

    def _record(self, path: Path, inode: int, label: Label) -> None:
        record = self._file(path)
        record.parent.mkdir(parents=True, exist_ok=True)
        new = record.with_suffix(".new")
        new.write_text(json.dumps({"inode": inode, "label": asdict(label)}))
        new.replace(record)

    def _recorded(self, path: Path) -> Label | None:
        try:
            with self._file(path).open("rb") as file:
                record = json.loads(file.read(_LIMIT_BYTES))
            if record["inode"] != path.lstat().st_ino:
                return None
            return _shape(record["label"])
        except (OSError, ValueError, TypeError, KeyError):
            return None


def _parse(text: bytes) -> Label | None:
    try:
        return _shape(json.loads(text[:_LIMIT_BYTES]))
    except ValueError:
        return None


def _shape(fields: object) -> Label | None:
    """A label that another program wrote is no label."""
    if not isinstance(fields, Mapping) or not all(isinstance(value, str) for value in fields.values()):
        return None
    try:
        return Label(**fields)
    except TypeError:
        return None
