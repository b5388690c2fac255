"""`mtv check provider` of a bundle: may we write there, is there room, do labels stick."""

import os
import tempfile
from pathlib import Path

from mtv.errors import MtvError
from mtv.model.estate import Finding, Level
from mtv.process import which
from mtv.providers.bundle.labels import ATTRIBUTE
from mtv.providers.bundle.room import MARGIN_BYTES, check_writable, free, standing


def findings(root: Path) -> list[Finding]:
    try:
        check_writable(root, "bundle")
    except MtvError as error:
        return [Finding(name="writable", ok=False, text=error.fault.text, fix=error.fault.hint)]
    return [
        Finding(name="writable", ok=True, text=f"{root} can be written"),
        _room(root),
        _labels(root),
        _tool(),
    ]


def _room(root: Path) -> Finding:
    free_bytes = free(root)
    return Finding(
        name="space",
        ok=free_bytes > MARGIN_BYTES,
        text=f"{free_bytes >> 20} MiB are free in {root}",
        fix="make space: a bundle takes what the guests' disks hold",
    )


def _labels(root: Path) -> Finding:
    with tempfile.TemporaryFile(dir=standing(root)) as file:
        try:
            os.setxattr(file.fileno(), ATTRIBUTE, b"{}")
            text = "files keep extended attributes"
        except OSError:
            text = f"files keep no extended attributes: labels are kept in {root}/.mtv, keep it beside the bundles"
    return Finding(name="labels", ok=True, text=text, level=Level.INFO)


def _tool() -> Finding:
    found = which("qemu-img")
    return Finding(
        name="qemu-img",
        ok=found is not None,
        text=found or "qemu-img is not installed: only raw disks can be made",
        fix="apt-get install qemu-utils",
        level=Level.WARNING,
    )
