"""A worker with a lease that only writes lines: by itself, asking before each, and by a child that asks nobody. Each
line says who wrote and when. `python -m tests.providers.kubevirt.jobs.program FOLDER NAME SECONDS`."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from mtv.providers.kubevirt.jobs.inside import folder, keep
from mtv.providers.kubevirt.wire.api import Api
from tests.providers.kubevirt.jobs.filed import Filed

CHILD = "while :; do echo child >>{target}; sleep 0.02; done"


def main(place: Path, name: str, seconds: float) -> int:
    target = place / "target"

    @contextmanager
    def connected(namespace: str) -> Iterator[Api]:
        yield cast(Api, Filed(place))

    folder.connected = connected

    def write(guard: Callable[[], None]) -> int:
        (place / f"{name}.pid").write_text(str(os.getpid()))
        subprocess.Popen(["/bin/sh", "-c", CHILD.format(target=target)], start_new_session=True)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            guard()
            with target.open("a") as file:
                file.write(f"{name}\n")
            time.sleep(0.01)
        return 0

    return keep(f"ns/{name}", place / name, write, place / f"{name}-task")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
