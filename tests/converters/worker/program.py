"""The worker's process as the tests start it, `python program.py DIR`: with the tests' own ways to open an export,
small steps, and operations that misbehave."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from mtv import settings  # noqa: E402
from mtv.converters.transfer import disks  # noqa: E402
from mtv.converters.worker import child, main  # noqa: E402
from mtv.converters.worker.job import Job  # noqa: E402
from mtv.model.estate import Facts  # noqa: E402
from tests.converters.transfer.sources import OPENERS  # noqa: E402

STOP_S = 6.0


def limits() -> settings.Settings:
    return replace(
        settings.Settings(), flush_bytes=2 << 20, flush_s=0.02, progress_s=0.05, reconnect_s=(0.05,),
        worker_stop_s=STOP_S, threads=2,
    )  # fmt: skip


def misbehave(job: Job) -> Facts:
    """What the task's guest part says."""
    what = job.task.guest["do"]
    print(f"now to {what}")
    if what == "orphan":
        subprocess.run(["sh", "-c", "setsid sleep 1000 > /dev/null 2>&1 &"], check=True, pass_fds=())
        time.sleep(100)
    if what == "hang":
        time.sleep(100)
    if what == "raise":
        raise RuntimeError("something that nobody thought of")
    if what == "die":
        os._exit(7)
    if what == "shout":
        os.system("echo out; echo err >&2")
    return {"large": "x" * 100_000, "many": list(range(5000))}


if __name__ == "__main__":
    for module in (disks, child):
        setattr(module, "settings", limits)  # noqa: B010 - a name that they import, not one that they export
    child.OPERATIONS = {**child.OPERATIONS, "inspect": f"{__name__}:misbehave"}
    sys.exit(main(Path(sys.argv[1]), OPENERS, {}))
