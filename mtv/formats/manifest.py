"""An OVF package's manifest: one line a file, `SHA256(web-disk1.vmdk)= 0123...`."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from mtv.errors import Refused

LIMIT_BYTES = 1 << 20
ALGORITHMS = ("sha1", "sha256", "sha512")
LINE = re.compile(r"([A-Za-z][A-Za-z0-9/_-]*)\s*+\((.+)\)\s*+=\s*+([0-9A-Fa-f]*)")  # `+`: what is hostile is read once


@dataclass(frozen=True, kw_only=True)
class Digest:
    file: str
    algorithm: str  # as hashlib calls it
    hex: str


def parse(data: bytes, what: str) -> Mapping[str, Digest]:
    """Digests by file name. Raises Refused `manifest.*`, naming the line."""
    if len(data) > LIMIT_BYTES:
        raise Refused("manifest.size", f"{what}: it has {len(data)} bytes, at most {LIMIT_BYTES} are read")
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise Refused("manifest.line", f"{what}: it is not UTF-8 text") from error
    found: dict[str, Digest] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        digest = _digest(line, f"{what} line {number}")
        if found.setdefault(digest.file, digest) != digest:
            raise Refused("manifest.line", f"{what} line {number}: '{digest.file}' has two different digests")
    return found


def _digest(line: str, where: str) -> Digest:
    match = LINE.fullmatch(line.strip())
    if match is None:
        raise Refused("manifest.line", f"{where}: '{line[:80]}' is not of the form SHA256(FILE)= HEX")
    algorithm = match[1].lower().replace("-", "")
    if algorithm not in ALGORITHMS:
        raise Refused(
            "manifest.algorithm",
            f"{where}: the algorithm '{match[1][:40]}' is not one of SHA1, SHA256, SHA512",
            "write the manifest again with SHA256",
        )
    wanted = hashlib.new(algorithm).digest_size * 2
    if len(match[3]) != wanted:
        raise Refused("manifest.line", f"{where}: a {match[1]} digest has {wanted} hex digits, found {len(match[3])}")
    return Digest(file=match[2], algorithm=algorithm, hex=match[3].lower())
