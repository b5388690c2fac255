"""Looking for secrets where none may be: in files that are left, and in the command lines of this machine."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path


def leaks(folder: Path, secret: str, kept: Sequence[str]) -> list[str]:
    """Files below it that hold the secret, in their bytes or in their names; those that the user keeps are none."""
    found = []
    for path in folder.rglob("*"):
        if path.name in kept or not path.is_file():
            continue
        if secret.encode() in path.read_bytes() or secret in str(path):
            found.append(str(path.relative_to(folder)))
    return found


@contextmanager
def watched_argv(*secrets: str) -> Iterator[list[str]]:
    """Command lines of this machine's processes that hold one of them, looked at again and again meanwhile."""
    wanted = [secret.encode() for secret in secrets]
    seen: list[str] = []
    looks = [0]
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.01):
            looks[0] += 1
            for entry in Path("/proc").iterdir():
                with suppress(OSError):
                    if not entry.name.isdigit():
                        continue
                    line = (entry / "cmdline").read_bytes()
                    if any(secret in line for secret in wanted):
                        seen.append(line.decode(errors="replace"))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()
    assert looks[0], "nobody looked"
