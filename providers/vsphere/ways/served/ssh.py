"""The way `ssh`: the flat file of a VM that is off, from an ESXi alone, behind nbdkit's ssh plugin. The host's key must
be known to this machine already; all of the file comes over the line, for SSH tells no holes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtv.errors import MtvError
from mtv.model.points import Export
from mtv.model.reading import NbdServer
from mtv.providers.vsphere.ways.doors import flat
from mtv.providers.vsphere.ways.exports import SECRET
from mtv.providers.vsphere.ways.served import nbdkit
from mtv.providers.vsphere.ways.served.meanings import SSH, meaning
from mtv.providers.vsphere.wire.address import Address, read_address
from mtv.settings import settings

VOLUMES = "/vmfs/volumes"
CONNECTIONS = 4  # each with an SSH session of its own: a session answers one request after another
DEPTH = 2


@contextmanager
def open_ssh(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> Iterator[NbdServer]:
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    address, path = read_address(str(export.params["url"])), remote_path(str(export.params["path"]))
    known, key = Path(str(export.params["known_hosts"])), str(export.params.get("key", ""))
    if not known.is_file():
        raise MtvError("ssh.known-hosts", f"no host's key is known to this machine: no {known}", _learn(address))
    login = f"identity={key}" if key else f"password=+{secrets / SECRET}"
    where = nbdkit.place("ssh", scratch)
    plugin = ["ssh", f"path={path}", f"host={address.host}", f"port={export.params['port']}",
              f"user={export.params['user']}", f"known-hosts={known}", "config=", f"timeout={settings().connect_s:.0f}",
              login]  # fmt: skip
    try:
        with nbdkit.serving(where, plugin, [known, Path(key) if key else secrets / SECRET]) as uri:
            yield NbdServer(uri, connections=CONNECTIONS, depth=DEPTH, far=True)
    except Exception as error:
        if nbdkit.is_explained(error, serve) and (found := meaning(SSH, nbdkit.tail(scratch), path, address.host)):
            raise found from error
        raise


def remote_path(path: str) -> str:
    """`[gold] db01/db01.vmdk` as the ESXi's own file with its bytes. Raises MtvError `ssh.path`."""
    store, bracket, file = path.removeprefix("[").partition("] ")
    if not path.startswith("[") or not bracket or not store or ".." in [*file.split("/"), store] or "/" in store:
        raise MtvError("ssh.path", f"'{path}' is no path of a datastore")
    return f"{VOLUMES}/{store}/{flat(file)}"


def _learn(address: Address) -> str:
    return f"`ssh USER@{address.host}` once, and compare its fingerprint with that on the host's own console"
