"""What a Pod of the workers' image runs instead of a task: by the real lease, it writes who writes, on the VM's own
scratch claim; and so does a child of it that asks nobody. Given to `python3 -c`."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from mtv.formats.lines import encode
from mtv.providers.kubevirt.jobs.inside import keep

LOG = "/scratch/written"
CHILD = 'while :; do echo "$0" >>{log}; sleep 0.02; done'


def write(guard: Callable[[], None]) -> int:
    name = os.uname().nodename.rsplit("-", 1)[0]
    os.write(1, b"".join(encode(0, "2026-01-01T00:00:00.000Z", "hello", {})))
    subprocess.Popen(["/bin/sh", "-c", CHILD.format(log=LOG), name], start_new_session=True)
    with open(LOG, "a", buffering=1) as file:
        while True:
            guard()
            file.write(f"{name}\n")
            time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(keep(sys.argv[-1], Path(sys.argv[-3]), write))
