"""Who asks an engine for something, and how long the answer is waited for."""

import getpass
import os

PATIENCE_S = 5.0
LOOK_S = 0.05


def who() -> str:
    """For the record: `mtv rpc` says in the environment whom the cluster takes its caller for."""
    if named := os.environ.get("MTV_WHO"):
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"user {os.getuid()}"
