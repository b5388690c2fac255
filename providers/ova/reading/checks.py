"""The source's own checksums: each file of an image held against its line in the manifest, in one pass."""

import hashlib
from collections.abc import Callable, Mapping

from mtv.errors import Cancelled, MtvError
from mtv.model.estate import Facts
from mtv.model.points import Export
from mtv.model.reading import SourceCheck
from mtv.providers.ova.reading.pieces import STEP_BYTES, Pieces, Stamp, opened
from mtv.providers.ova.reading.stored import Checked, stored


def check(export: Export, stopping: Callable[[], bool]) -> Facts:
    """Facts: `algorithm` and the number of `files` and `bytes` that agreed; {} where the package has no manifest.
    Raises MtvError `source.checksum`; Cancelled `source.check-stopped` where it was told to stop."""
    image = stored(export)
    total = 0
    for checked in image.checks:
        paths = {piece.path for piece in checked.pieces}
        stamps: list[Stamp] = [stamp for stamp in image.stamps if stamp.path in paths]
        with opened(checked.pieces, stamps) as pieces:
            _compare(checked, _digest(checked, pieces, stopping), image.what)
            total += pieces.size
    if not image.checks:
        return {}
    algorithms = sorted({checked.digest.algorithm for checked in image.checks})
    return {"algorithm": ",".join(algorithms), "files": len(image.checks), "bytes": total}


def _digest(checked: Checked, pieces: Pieces, stopping: Callable[[], bool]) -> str:
    sums = hashlib.new(checked.digest.algorithm, usedforsecurity=False)
    buffer = memoryview(bytearray(STEP_BYTES))
    for offset in range(0, pieces.size, STEP_BYTES):
        if stopping():
            raise Cancelled("source.check-stopped", f"{checked.digest.file}: the check of its checksum was stopped")
        part = buffer[: min(STEP_BYTES, pieces.size - offset)]
        pieces.read_into(offset, part)
        sums.update(part)
    return sums.hexdigest()


def _compare(checked: Checked, found: str, what: str) -> None:
    wanted = checked.digest
    if found != wanted.hex:
        raise MtvError(
            "source.checksum",
            f"{what}: '{wanted.file}' has the {wanted.algorithm} digest {found}, its manifest says {wanted.hex}",
            "it was damaged or changed after its export: fetch it again",
        )


CHECKS: Mapping[str, SourceCheck] = dict.fromkeys(("ova.raw", "ova.vmdk", "ova.qcow2", "ova.gzip", "ova.spool"), check)
