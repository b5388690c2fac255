"""Databases in memory: on a disk that other tests write to by the gigabyte, the kernel holds up whoever writes there
for seconds, and the whole cluster with them. Its Leases lapse then."""

import shutil
import subprocess
from pathlib import Path

from tests.kube.inside.layout import Layout

ADDRESSES = Path("/var/lib/cni")  # where the plugins of Pods' networks note which are taken


def keep_databases(layout: Layout) -> None:
    """etcd's will be there; containerd's, as they were sown, are put there. Seen in this mount namespace alone, and so
    are the addresses of its Pods: those of a cluster that was killed would never be free again."""
    for place in (layout.databases, ADDRESSES):
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
    for database in (layout.folder / "containers").rglob("*.db"):
        held = layout.databases / f"{database.parent.name}.db"
        shutil.copy2(database, held)
        subprocess.run(["mount", "--bind", held, database], check=True)
