"""What a file system's refusals mean for a bundle."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtv.errors import CheckFailed, Held, MtvError, Temporary

FULL = {errno.ENOSPC, errno.EDQUOT}
READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


@contextmanager
def told(vm: str, path: Path) -> Iterator[None]:
    """OSErrors of the block as errors that people can act on."""
    try:
        yield
    except OSError as error:
        raise fault(vm, path, error) from error


def fault(vm: str, path: Path, error: OSError) -> MtvError:
    where = f"{vm}: {path}"
    if error.errno in FULL:
        return Held("target.no-space", f"{where}: no space is left", "make space, then `mtv run` again: it goes on")
    if error.errno in READ_ONLY:
        return CheckFailed(
            "target.read-only", f"{where} cannot be written: {error.strerror}", "choose another folder for the bundle"
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return CheckFailed("target.not-a-folder", f"{where}: a file stands where a folder belongs", "move it away")
    if error.errno == errno.EFBIG:
        return CheckFailed(
            "target.file-too-big",
            f"{where}: this file system cannot hold a file of that size",
            "choose a folder on ext4, xfs or btrfs, or `storage: [{to: qcow2}]`",
        )
    return Temporary("target.io", f"{where}: {error.strerror or error}", "look at the system's log")
