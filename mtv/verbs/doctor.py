"""Is this machine fit? Each probe looks for itself; what follows from what it finds is in fitness.py."""

import hashlib
import importlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import mtv
from mtv import process
from mtv.errors import MtvError
from mtv.model.estate import Finding, Level
from mtv.settings import settings
from mtv.verbs import fitness

SETUP = "run scripts/setup"
SCRIPTS = ("tools-root", "packages", "appliance", "unpacked-kernel")
TOOLS_ROOT_PARTS = (*(f"scripts/{script}" for script in SCRIPTS), "uv.lock")
BINDINGS = {"guestfs": "python3-guestfs", "nbd": "python3-libnbd"}


def doctor() -> list[Finding]:
    """Every probe's findings. A probe that fails is a finding too."""
    return [found for name, probe in _PROBES.items() for found in _safely(name, probe)]


def _safely(name: str, probe: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from probe()
    except MtvError as error:
        yield Finding(name=name, ok=False, text=error.fault.text, fix=error.fault.hint)
    except OSError as error:
        yield Finding(name=name, ok=False, text=str(error))


def _kvm() -> Iterator[Finding]:
    from mtv.kvm import kvm_works

    device = Path("/dev/kvm")
    yield fitness.judge_kvm(device.exists(), os.access(device, os.R_OK | os.W_OK), kvm_works())


def _tools() -> Iterator[Finding]:
    from mtv import toolsroot

    inside = _versions(lambda program: toolsroot.command([program, "--version"])) if toolsroot.available() else {}
    host = _versions(lambda program: [program, "--version"])
    for tool in fitness.TOOLS:
        if tool.program == "bwrap" and not toolsroot.needed():
            continue  # nobody enters a tools root
        yield fitness.judge_tool(tool, host.get(tool.program), inside.get(tool.program))


def _versions(command: Callable[[str], Sequence[str]]) -> Mapping[str, fitness.Version | None]:
    return {tool.program: _version(command(tool.program)) for tool in fitness.TOOLS}


def _version(argv: Sequence[str]) -> fitness.Version | None:
    try:
        return fitness.version_in(process.run(argv, timeout_s=20).out)
    except MtvError:
        return None  # not installed, or it cannot run: the same to whoever needs it


def _bindings() -> Iterator[Finding]:
    for module, package in BINDINGS.items():
        try:
            version = _binding_version(module)
        except ImportError as error:
            yield Finding(name=module, ok=False, text=str(error), fix=f"apt install {package}, then {SETUP}")
        else:
            yield Finding(name=module, ok=True, text=f"the Python binding, {version}")


def _binding_version(module: str) -> str:
    loaded = importlib.import_module(module)
    if module == "nbd":
        return str(loaded.NBD().get_version())
    found = loaded.GuestFS(python_return_dict=True).version()
    return f"{found['major']}.{found['minor']}.{found['release']}"


def _tools_root() -> Iterator[Finding]:
    from mtv import toolsroot

    root = settings().tools_root
    key = root / "mtv/key"
    told = key.read_text() if toolsroot.available() else ""
    yield fitness.judge_tools_root(root, toolsroot.host_version(), toolsroot.OLDEST, current_key(), told)


def current_key() -> str | None:
    """What scripts/tools-root of this tree would write; None where there is no such script (an installed wheel)."""
    tree = Path(mtv.__file__).resolve().parents[1]
    parts = [tree / part for part in TOOLS_ROOT_PARTS]
    if not all(part.is_file() for part in parts):
        return None
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()


def _appliance() -> Iterator[Finding]:
    from mtv.kvm import kernels

    found = kernels()
    text = (
        f"its kernel is {found[0]}" if found else "no kernel that may be read: inspection and conversion cannot start"
    )
    yield Finding(name="appliance", ok=bool(found), text=text, fix="" if found else SETUP)


def _windows() -> Iterator[Finding]:
    from mtv.toolsroot import virtio_win

    drivers = virtio_win()
    if drivers.exists():
        yield Finding(name="virtio-win", ok=True, text=f"{drivers}")
    else:
        fix = "get virtio-win and name its folder or ISO image by $VIRTIO_WIN"
        text = f"no drivers for Windows guests in {drivers}"
        yield Finding(name="virtio-win", ok=False, text=text, fix=fix, level=Level.INFO)


def _sources() -> Iterator[Finding]:
    from mtv import providers

    yield from providers.fits()


def _space() -> Iterator[Finding]:
    for name, folder, needed in (
        ("store-space", settings().store.parent, fitness.STORE_BYTES),
        ("cache-space", settings().cache, fitness.CACHE_BYTES),
    ):
        there = next(parent for parent in (folder, *folder.parents) if parent.exists())
        yield fitness.judge_space(name, folder, shutil.disk_usage(there).free, needed)


def _store() -> Iterator[Finding]:
    from mtv.store.reading import connect

    path = settings().store
    if not path.exists():
        yield Finding(name="store", ok=True, text=f"{path} is not there yet: the first verb that writes makes it")
        return
    connect(path).close()
    yield Finding(name="store", ok=True, text=f"{path} can be read")


_PROBES: Mapping[str, Callable[[], Iterator[Finding]]] = {
    "kvm": _kvm,
    "tools": _tools,
    "bindings": _bindings,
    "tools-root": _tools_root,
    "appliance": _appliance,
    "virtio-win": _windows,
    "sources": _sources,
    "space": _space,
    "store": _store,
}
