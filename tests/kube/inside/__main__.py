"""The first process of the namespaces: it reaps what others leave, and when the supervisor ends the kernel ends all."""

import os
import sys
from pathlib import Path

from tests.kube.inside.supervisor import supervise


def main(folder: str, control: str, door: str, outside: str) -> None:
    """The folder of the cluster; sockets that listen outside, for orders and for the apiserver; the network outside."""
    supervisor = os.fork()
    if not supervisor:
        supervise(Path(folder), int(control), int(door), int(outside))
        os._exit(0)
    for one in (control, door, outside):
        os.close(int(one))
    while os.wait()[0] != supervisor:
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
