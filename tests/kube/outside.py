"""Makes the cluster's namespaces, waits until what runs in them has ended, and removes what it leaves: accounts of the
kernel's and the folder. Whatever is killed, the rest ends with it."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.kube.inside import cgroups
from tests.kube.inside.layout import Layout
from tests.kube.inside.programs import follow_to_the_grave

OWN = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


def hold(folder: Path, control: int, door: int) -> None:
    """The sockets for orders and for the apiserver are inherited."""
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.write(lock, str(os.getpid()).encode())
    network = os.open("/proc/self/ns/net", os.O_RDONLY)
    argv = ["unshare", *OWN, "--", sys.executable, "-m", "tests.kube.inside", str(folder)]
    argv += map(str, (control, door, network))
    subprocess.run(argv, pass_fds=(control, door, network), check=False, preexec_fn=follow_to_the_grave)  # noqa: PLW1509
    remove(folder)


def remove(folder: Path) -> None:
    cgroups.remove(Layout(folder).cgroup)
    shutil.rmtree(folder, ignore_errors=True)


def sweep(parent: Path, prefix: str) -> None:
    """What a cluster left whose holder was killed: nobody has its lock."""
    for folder in parent.glob(f"{prefix}*"):
        if not (folder / "lock").exists():
            continue  # one that is just being made
        with (folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            remove(folder)


if __name__ == "__main__":
    hold(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
