"""What is dear to build is kept in ~/.cache/mtv-tests under the hash of everything that it is made from."""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

UNUSED_S = 14 * 86400


def folder() -> Path:
    given = os.environ.get("MTV_TEST_CACHE")
    return Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mtv-tests"


def digest(parts: Iterable[Path | str]) -> str:
    """Over texts and over the files' contents: a recipe that changes is another guest."""
    sha = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        sha.update(len(content).to_bytes(8, "big") + content)
    return sha.hexdigest()[:16]


def kept(name: str, parts: Iterable[Path | str], build: Callable[[Path], None]) -> Path:
    """The folder that `build` filled, now or earlier. One builder at a time; a broken build leaves nothing."""
    cache = folder()
    cache.mkdir(parents=True, exist_ok=True)
    home = cache / f"{name}-{digest(parts)}"
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            _drop_unused(cache, name)
            work = Path(tempfile.mkdtemp(prefix=f"{name}-building.", dir=cache))
            try:
                build(work)
                work.chmod(0o755)
                work.rename(home)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    os.utime(home)
    return home


def _drop_unused(cache: Path, name: str) -> None:
    """Of the same name: what a killed builder left (the lock is ours), and what nobody asked for in two weeks."""
    for old in cache.glob(f"{name}-*"):
        if old.name.startswith(f"{name}-building.") or time.time() - old.stat().st_mtime > UNUSED_S:
            shutil.rmtree(old, ignore_errors=True)
