"""Databases in memory: on a disk that other tests write to by the gigabyte, the kernel holds up whoever writes there
for seconds, and the whole cluster with them. Its Leases lapse then."""

import shutil
import subprocess

from tests.kube.inside.layout import Layout


def keep_databases(layout: Layout) -> None:
    """etcd's will be there; containerd's, as they were sown, are put there. Seen in this mount namespace alone."""
    layout.databases.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", layout.databases], check=True)
    for database in (layout.folder / "containers").rglob("*.db"):
        held = layout.databases / f"{database.parent.name}.db"
        shutil.copy2(database, held)
        subprocess.run(["mount", "--bind", held, database], check=True)
