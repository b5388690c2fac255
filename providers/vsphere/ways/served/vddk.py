"""The way `vddk`: VMware's own disk library, which the user brings, behind nbdkit's vddk plugin. It reads VMs that are
off and snapshots of running ones; its data come straight from the VM's host, whoever is logged in to."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtv.errors import MtvError
from mtv.model.points import Export
from mtv.model.reading import NbdServer
from mtv.providers.vsphere.ways.exports import SECRET
from mtv.providers.vsphere.ways.served import nbdkit
from mtv.providers.vsphere.ways.served.meanings import VDDK, meaning
from mtv.providers.vsphere.ways.served.nbdkit import Place
from mtv.providers.vsphere.ways.served.thumbprint import thumbprint
from mtv.providers.vsphere.wire.address import Address, read_address
from mtv.settings import settings

NEWEST = 8  # nbdkit 1.42 looks for libvixDiskLib.so.8 and older; 9 differs in name alone
NFC_MEMORY = "vddk.nfc-memory"


def library() -> tuple[Path, int]:
    """Its folder, and its major version. Raises MtvError `vddk.library`."""
    given = settings().vddk
    if given is None:
        raise MtvError("vddk.library", "VMware's disk library is not configured", "MTV_VDDK=DIR, see docs/vsphere.md")
    folder = (given.parent if given.name == "lib64" else given).resolve()
    found = [int(name[1]) for path in folder.glob("lib64/libvixDiskLib.so.*")
             if (name := re.fullmatch(r"libvixDiskLib\.so\.(\d+)", path.name))]  # fmt: skip
    if not found:
        raise MtvError("vddk.library", f"{given} holds no lib64/libvixDiskLib.so.N", "see docs/vsphere.md for MTV_VDDK")
    return folder, max(found)


@contextmanager
def open_vddk(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> Iterator[NbdServer]:
    """One connection, many requests in flight: the library locks a disk for each connection anew, and has memory at the
    host for each. Served for QEMU in the same way."""
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    address = read_address(str(export.params["url"]))
    what = str(export.params["path"])
    restraint = Restraint(scratch)
    folder, version = library()
    where = nbdkit.place("vddk", scratch)
    (scratch / "vddk.conf").write_text(restraint.config)
    print_ = thumbprint(address, str(export.params["fingerprint"]))
    plugin = [*_options(export, address, print_), f"password=+{secrets / SECRET}",
              f"libdir={shown(folder, version, where)}", f"config={where.folder}/vddk.conf"]  # fmt: skip
    try:
        with nbdkit.serving(where, plugin, [folder, secrets / SECRET]) as uri:
            yield NbdServer(uri, connections=1, depth=restraint.depth, far=True)
    except Exception as error:
        if nbdkit.is_explained(error, serve):
            _explain(error, what, str(address), restraint)
        raise


def _options(export: Export, address: Address, print_: str) -> Iterator[str]:
    """Not the account's password: that is read from its file."""
    params = export.params
    yield from ("-D", "vddk.datapath=0", "vddk", f"file={params['path']}", f"vm=moref={params['vm']}")
    yield from (f"server={address.host}", f"port={address.port}", f"user={params['user']}", f"thumbprint={print_}")
    yield from ("transports=nbdssl", f"compression={settings().vddk_compression}")
    if params.get("snapshot"):
        yield f"snapshot={params['snapshot']}"


def shown(folder: Path, version: int, where: Place) -> str:
    """What nbdkit is told as its folder: where it does not know that version's name, one with links."""
    if version <= NEWEST:
        return str(folder)
    links = where.scratch / "vddk"
    (links / "lib64").mkdir(parents=True, exist_ok=True)
    wanted = {path.name: path for path in folder.iterdir() if path.name != "lib64"}
    wanted |= {f"lib64/{path.name}": path for path in (folder / "lib64").iterdir()}
    wanted[f"lib64/libvixDiskLib.so.{NEWEST}"] = folder / f"lib64/libvixDiskLib.so.{version}"
    for name, path in wanted.items():
        (links / name).unlink(missing_ok=True)
        (links / name).symlink_to(path)
    return f"{where.folder}/vddk"


def _explain(error: Exception, what: str, server: str, restraint: "Restraint") -> None:
    """Raises what the log says was the cause, if it says one."""
    found = meaning(VDDK, nbdkit.tail(restraint.scratch), what, server)
    if found is None:
        return
    if found.fault.code == NFC_MEMORY:
        restraint.tighten()
    raise found from error


class Restraint:
    """How much less than usual is asked for at a time: halved with each time that the host had no memory; kept in the
    scratch folder, so that it holds for the rest of this worker's life."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self._path = scratch / "restraint"
        self._halvings = len(self._path.read_bytes()) if self._path.exists() else 0

    @property
    def depth(self) -> int:
        return max(1, settings().depth >> self._halvings)

    @property
    def config(self) -> str:
        """The library's own buffers at the host."""
        count = max(1, settings().vddk_buffers >> self._halvings)
        size = settings().vddk_buffer_bytes >> 16
        return f"vixDiskLib.nfcAio.Session.BufSizeIn64KB={size}\nvixDiskLib.nfcAio.Session.BufCount={count}\n"

    def tighten(self) -> None:
        self._path.write_bytes(b"x" * (self._halvings + 1))
