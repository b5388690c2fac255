"""The tools root: newer conversion tools than the host's, in a tree of their own that scripts/tools-root makes.

A program is run in it by bubblewrap: the root read-only, a file system of its own in memory, the folders that it reads
and writes at their own paths, no network unless it is asked for, its own process numbers, so that nothing of it
outlives it.
"""

import functools
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import mtv
from mtv import process
from mtv.errors import MtvError
from mtv.files import replacing
from mtv.kvm import kvm_works
from mtv.settings import settings

OLDEST = (2, 6)  # 2.2 fails on real EL9 guests ("no installed kernel packages") and takes about twice the time
PYTHON = "/usr/bin/python3"
_LINKS = ("bin", "sbin", "lib", "lib64")
_NAMES = ("/etc/resolv.conf", "/etc/hosts")  # this machine's names for others, not those of where the root was made
_DEVICES = ("/dev/kvm", "/dev/fuse")
_OURS = ("MTV_", "LIBGUESTFS_DEBUG", "LIBGUESTFS_TRACE")
_TREE = "/mtv/tree"


@functools.cache
def host_version() -> tuple[int, int] | None:
    """The host's own virt-v2v; None where there is none."""
    try:
        told = process.run(["virt-v2v", "--version"], timeout_s=20.0).out
    except MtvError:
        return None
    found = re.search(r"(\d+)\.(\d+)", told)
    return (int(found[1]), int(found[2])) if found else None


def needed() -> bool:
    """The host's own tools are missing, or too old."""
    version = host_version()
    return version is None or version < OLDEST


def available() -> bool:
    """It is there, complete, and can be entered."""
    return (settings().tools_root / "mtv/key").is_file() and process.which("bwrap") is not None


def command(
    argv: Sequence[str], *, reads: Sequence[Path] = (), writes: Sequence[Path] = (),
    places: Mapping[Path, str] | None = None, network: bool = False,
) -> list[str]:  # fmt: skip
    """The argv that runs `argv` inside. This Python is replaced by the root's. `reads` and `writes` are files, folders
    or devices, found inside at the same path; folders of `places` are written to, and found at another. Raises MtvError
    `tools-root.missing`.

    TERM to the group reaches the program alone: bubblewrap would end at once and take it along, unflushed.
    """
    if not available():
        raise MtvError("tools-root.missing", f"no tools root in {settings().tools_root}", "run scripts/tools-root")
    inside = [PYTHON if argv[0] == sys.executable else argv[0], *argv[1:]]
    options = [*_options(reads, writes, network)]
    for folder, place in (places or {}).items():
        options += ["--bind", str(folder), place]
    return ["/bin/sh", "-c", "trap '' TERM; exec \"$@\"", "sh", "bwrap", *options, "--", *inside]


def _options(reads: Sequence[Path], writes: Sequence[Path], network: bool) -> Iterator[str]:
    root, cache = settings().tools_root, settings().cache / "tools-root-var"
    cache.mkdir(parents=True, exist_ok=True)
    yield from ("--unshare-pid", *(() if network else ("--unshare-net",)), "--die-with-parent", "--tmpfs", "/")
    for folder in ("usr", "etc", "mtv"):
        yield from ("--ro-bind", str(root / folder), f"/{folder}")
    for link in _LINKS:
        yield from ("--symlink", f"usr/{link}", f"/{link}")
    yield from ("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/run")
    yield from ("--bind", str(cache), "/var/tmp")
    for file in _NAMES if network else ():
        yield from ("--ro-bind", os.path.realpath(file), file)
    for device in _DEVICES:
        yield from ("--dev-bind-try", device, device)
    yield from _tree(cache)
    yield from _binds(reads, writes)
    yield from _environment()


def _tree(cache: Path) -> Iterator[str]:
    """This package as it is, whether a checkout (whose folders are links) or installed; and its metadata, by which
    its providers are found."""
    package = Path(mtv.__file__).resolve().parent
    yield from ("--tmpfs", _TREE, "--ro-bind", str(package), f"{_TREE}/mtv")
    for link in sorted(entry for entry in package.iterdir() if entry.is_symlink()):
        yield from ("--ro-bind", str(link.resolve()), f"{_TREE}/{os.readlink(link).removeprefix('../')}")
    yield from ("--ro-bind", str(_metadata(cache)), f"{_TREE}/mtv_toolkit.dist-info")


def _metadata(cache: Path) -> Path:
    """Written anew only where it differs: threads and processes enter at the same time."""
    folder = cache / "metadata"
    folder.mkdir(exist_ok=True)
    try:
        found = distribution("mtv-toolkit")
    except PackageNotFoundError:
        return folder  # run from a tree that is not installed: no provider is registered there either
    texts = {"METADATA": f"Metadata-Version: 2.1\nName: mtv-toolkit\nVersion: {found.version}\n"}
    texts["entry_points.txt"] = found.read_text("entry_points.txt") or ""
    for name, text in texts.items():
        if not (folder / name).is_file() or (folder / name).read_text() != text:
            with replacing(folder / name) as file:
                file.write(text.encode())
    return folder


def _binds(reads: Sequence[Path], writes: Sequence[Path]) -> Iterator[str]:
    """Outer folders before inner ones, so that neither hides the other; what is written wins over what is read."""
    wanted = {Path(os.path.abspath(path)): "--ro-bind" for path in reads}
    wanted |= {Path(os.path.abspath(path)): "--bind" for path in writes}
    for path in sorted(wanted, key=lambda path: len(path.parts)):
        yield from ("--dev-bind" if path.is_relative_to("/dev") else wanted[path], str(path), str(path))


def _environment() -> Iterator[str]:
    values = {
        "PATH": "/usr/sbin:/usr/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "PYTHONPATH": f"/mtv/python:{_TREE}",
        "PYTHONPYCACHEPREFIX": "/var/tmp/pycache",
        "LIBGUESTFS_BACKEND": "direct",
        "LIBGUESTFS_PATH": "/mtv/appliance",
        "LIBGUESTFS_BACKEND_SETTINGS": "" if kvm_works() else "force_tcg",
    }
    values |= {name: value for name, value in os.environ.items() if name.startswith(_OURS)}
    yield "--clearenv"
    for name, value in values.items():
        yield from ("--setenv", name, value)
    if (drivers := virtio_win()).exists():
        place = f"/run/{drivers.name}"
        yield from ("--ro-bind", str(drivers), place, "--setenv", "VIRTIO_WIN", place)


def virtio_win() -> Path:
    """Where the drivers for Windows guests are: a folder or an ISO image; it may not be there."""
    return Path(os.environ.get("VIRTIO_WIN") or "/usr/share/virtio-win")
