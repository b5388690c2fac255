"""The cluster's own corner in the kernel's accounts, so that two clusters do not end each other's Pods."""

from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


def hierarchies() -> list[Path]:
    """One with version 2, else one for each controller."""
    if (ROOT / "cgroup.controllers").exists():
        return [ROOT]
    return [folder for folder in ROOT.iterdir() if (folder / "cgroup.procs").exists()]


def make(cgroup: str) -> None:
    for hierarchy in hierarchies():
        made = Path(f"{hierarchy}{cgroup}")
        made.mkdir(exist_ok=True)
        for name in ("cpuset.cpus", "cpuset.mems"):  # version 1 hands them down only when asked
            if (hierarchy / name).exists() and not (hierarchy / "cgroup.controllers").exists():
                (made / name).write_text((hierarchy / name).read_text())


def remove(cgroup: str) -> None:
    """When nothing runs in it any more."""
    for hierarchy in hierarchies():
        top = Path(f"{hierarchy}{cgroup}")
        if top.exists():
            for folder in sorted((one for one in top.rglob("*") if one.is_dir()), reverse=True):
                folder.rmdir()
            top.rmdir()
