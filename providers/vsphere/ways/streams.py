"""Reading a disk as its lease streams it: decoded on all cores while it comes, held against the server's sum."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from mtv.errors import CheckFailed, MtvError, Temporary
from mtv.formats.vmdk_stream import Feed, grains_by
from mtv.model.estate import Facts, Json
from mtv.model.points import Export
from mtv.model.reading import Opened
from mtv.providers.vsphere.ways import machine
from mtv.providers.vsphere.ways.lease import Device, Lease, Told, leased
from mtv.providers.vsphere.ways.sharing import session_of
from mtv.providers.vsphere.wire.address import Address
from mtv.providers.vsphere.wire.link import Link, said
from mtv.providers.vsphere.wire.session import COOKIE
from mtv.providers.vsphere.wire.trust import Guard, Trust

PIECE_BYTES = 1 << 20


@contextmanager
def open_export(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> Iterator[Opened]:
    if serve:
        raise CheckFailed("source.cannot-serve", f"{export.params['name']}: an export can only be read as a stream",
                          "the guest is looked into after the first copy")  # fmt: skip
    with session_of(export, secrets) as session:
        found = machine.look(session, export) if export.params.get("snapshot") else machine.check(session, export)
        with leased(session, export) as lease, closing(Stream(lease, lease.device(found.slot), export)) as reader:
            yield reader
        if not export.params.get("snapshot"):
            machine.check(session, export)


class Stream:
    """A stream reader. `checked` is what the server's own checksum said, once all of it has come."""

    def __init__(self, lease: Lease, device: Device, export: Export) -> None:
        self.size_bytes, self.checked = export.size_bytes, dict[str, Json]()
        self._lease, self._device, self._name = lease, device, str(export.params["name"])
        self._address, self._guard, self._path = _place(lease, device)
        self._link: Link | None = None
        self._digest = hashlib.new(lease.algorithm, usedforsecurity=False)
        self._read_bytes = 0

    def chunks(self) -> Iterator[tuple[int, bytes]]:
        lease, key = self._lease, self._device.key
        lease.begin(key)
        pieces = self._pieces()
        try:
            for offset, content in grains_by(Feed(pieces, self._name), self.size_bytes, len(os.sched_getaffinity(0))):
                lease.advance(key, offset / self.size_bytes)
                yield offset, content[: self.size_bytes - offset]
            for _ in pieces:  # what lies behind the end of the disk belongs to the checksum
                pass
        except Temporary as error:
            raise Temporary(error.fault.code, lease.broken or error.fault.text, error.fault.hint) from error
        lease.finish(key)
        self.checked = dict(self._compared(lease.manifest(key)))

    def close(self) -> None:
        if self._link:
            self._link.close()

    def _pieces(self) -> Iterator[bytes]:
        limits = self._lease.session.limits
        with said(self._address):
            link = self._link = Link(self._address, self._guard, limits.connect_s, limits.stream_stall_s)
            own = self._guard is self._lease.session.guard
            link.request("GET", self._path, headers={"Cookie": f"{COOKIE}={self._lease.session.cookie}"} if own else {})
            response = link.getresponse()
            if response.status != 200:
                raise Temporary("vsphere.export", f"{self._address} answers {response.status} instead of a disk")
            while data := response.read(PIECE_BYTES):
                self._digest.update(data)
                self._read_bytes += len(data)
                yield data

    def _compared(self, told: Told | None) -> Facts:
        """Raises MtvError `source.checksum`."""
        if told is None or not told.hex:
            return {}
        found = self._digest.hexdigest()
        if found != told.hex or told.size_bytes not in (0, self._read_bytes):
            raise MtvError(
                "source.checksum", f"{self._read_bytes} bytes came with the {told.algorithm} digest {found}, the server"
                f" says {told.size_bytes} with {told.hex}", "something between changes what it carries: try again",
            )  # fmt: skip
        return {"algorithm": told.algorithm, "files": 1, "bytes": self._read_bytes}


def _place(lease: Lease, device: Device) -> tuple[Address, Guard, str]:
    """Where the stream is had: `*` is the server itself; a host's certificate is what its vCenter says."""
    try:
        url = urlsplit(device.url)
        host, port = url.hostname or "", url.port or 443
    except ValueError as error:
        raise MtvError(
            "vsphere.lease", f"the export of {lease.name} has an odd address: {device.url[:100]!r}"
        ) from error
    own, path = lease.session.address, url.path + (f"?{url.query}" if url.query else "")
    if host in ("", "*") or Address(host, port) == own:
        return own, lease.session.guard, path
    pin = device.thumbprint.replace(":", "").lower()
    if url.scheme != "https" or len(pin) not in (40, 64):
        raise MtvError("vsphere.lease", f"the export of {lease.name} leads to {host}, of which no certificate is known")
    address = Address(host, port)
    return address, Guard(Trust(fingerprint=pin), str(address)), path
