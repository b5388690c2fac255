"""The key that signs receipts, ed25519, and the keys that are trusted: one's own, and those in `trusted/`."""

import base64
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from mtv.errors import MtvError, Refused

PREFIX = "ed25519:"
KEY, PUBLIC, TRUSTED = "receipts.pem", "receipts.pub", "trusted"


@dataclass(frozen=True)
class Signer:
    """`made`: this very call made the key."""

    private: Ed25519PrivateKey
    made: bool = False

    @property
    def public(self) -> str:
        return word(self.private.public_key())


def word(key: Ed25519PublicKey) -> str:
    """A public key as receipts carry it."""
    return PREFIX + base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def public_key(text: str) -> Ed25519PublicKey:
    """Raises Refused `key.shape`."""
    try:
        if not text.startswith(PREFIX):
            raise ValueError(f"it does not begin with '{PREFIX}'")
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.removeprefix(PREFIX), validate=True))
    except ValueError as error:
        raise Refused("key.shape", f"'{text[:60]}' is no key: {error}") from error


def fingerprint(text: str) -> str:
    """What people compare: SHA256 of the key, in ssh's manner."""
    raw = public_key(text).public_bytes(Encoding.Raw, PublicFormat.Raw)
    return "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")


def create(folder: Path) -> Signer:
    """Make the key. Raises Refused `key.exists`."""
    private = Ed25519PrivateKey.generate()
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    open_half = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        _write(folder / KEY, secret)
        (folder / PUBLIC).write_bytes(open_half)
    except FileExistsError as error:
        raise Refused("key.exists", f"there is a key already: {folder / KEY}", "`mtv key show` shows it") from error
    except OSError as error:
        raise MtvError("key.write", f"the key cannot be kept in {folder}: {(error.strerror or '').lower()}") from error
    return Signer(private, made=True)


def _write(path: Path, secret: bytes) -> None:
    """Whole or not at all, never over a key that is there: a link is made only where there is no file."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(new, path)
    finally:
        new.unlink()


def signer(folder: Path) -> Signer:
    """The key, made if there is none. Raises MtvError `key.open` for one that others may read, `key.damaged`."""
    path = folder / KEY
    try:
        mode, data = path.stat().st_mode, path.read_bytes()
    except FileNotFoundError:
        return create(folder)
    if mode & 0o077:
        raise MtvError("key.open", f"{path} can be read by others (mode {mode & 0o777:o})", f"chmod 600 {path}")
    try:
        private = load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise MtvError("key.damaged", f"{path} holds no private key", "put it back from a copy") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise MtvError("key.damaged", f"{path} is no ed25519 key", "put it back from a copy")
    return Signer(private)


def trusted(folder: Path) -> dict[str, Path]:
    """Public keys that are believed, with the file that says so. A file that holds no such key is left out."""
    return {key: path for path in _candidates(folder) if (key := _read(path))}


def _candidates(folder: Path) -> Iterator[Path]:
    yield folder / PUBLIC
    yield from sorted((folder / TRUSTED).glob("*.pub"))


def _read(path: Path) -> str:
    try:
        found = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm):
        return ""
    return word(found) if isinstance(found, Ed25519PublicKey) else ""
