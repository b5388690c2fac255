"""What this machine has for the ways that another program serves: for `mtv doctor`."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from mtv import process
from mtv.errors import MtvError
from mtv.model.estate import Finding, Level
from mtv.providers.vsphere.ways.served import nbdkit
from mtv.providers.vsphere.ways.served.meanings import VDDK, meaning
from mtv.providers.vsphere.ways.served.vddk import library, shown
from mtv.settings import settings

NAME = "vddk"
LOAD_S = 20.0


def fit() -> Iterator[Finding]:
    """Whether VMware's library loads. Not to have it is no fault: there are other ways."""
    if settings().vddk is None:
        text = "VMware's disk library is not configured: running VMs cannot be read, and others more slowly"
        fix = "get it from VMware and name its folder by MTV_VDDK, see docs/vsphere.md"
        yield Finding(name=NAME, ok=False, text=text, fix=fix, level=Level.INFO)
        return
    try:
        yield Finding(name=NAME, ok=True, text=_loaded())
    except MtvError as error:
        yield Finding(name=NAME, ok=False, text=error.fault.text, fix=error.fault.hint, level=Level.WARNING)


def _loaded() -> str:
    folder, version = library()
    with tempfile.TemporaryDirectory(prefix="mtv-") as scratch:
        where = nbdkit.place("vddk", Path(scratch))
        argv = ["nbdkit", "vddk", "--dump-plugin", f"libdir={shown(folder, version, where)}"]
        done = process.run(where.command(argv, [folder]), timeout_s=LOAD_S, check=False)
    told = dict(line.split("=", 1) for line in done.out.splitlines() if "=" in line)
    if "vddk_library_version" not in told:
        raise _why(folder, done.err.splitlines())
    where_text = "the tools root" if where.is_inside else "this machine"
    return f"VMware's disk library {version} in {folder}, by nbdkit {told.get('version', '')} of {where_text}"


def _why(folder: Path, lines: list[str]) -> MtvError:
    first = next(iter(lines), "nothing was said")[:300]
    text = f"VMware's disk library in {folder} does not load: {first}"
    return meaning(VDDK, lines, str(folder), "") or MtvError("vddk.library", text, "see docs/vsphere.md")
