"""A lease to export a VM's disks: opened by the worker's own process, kept alive with the progress of its streams.

One lease a VM, so the disks of a VM share theirs.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from mtv.errors import Held, MtvError, Temporary
from mtv.model.points import Export
from mtv.providers.vsphere.objects.elements import all_of, fields, kind, number, text
from mtv.providers.vsphere.reading import collector
from mtv.providers.vsphere.ways.machine import HINT, machine
from mtv.providers.vsphere.ways.sharing import Shared
from mtv.providers.vsphere.wire.answer import VIM, Element
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import Ref, SoapFault, said, tag

TAKEN = ("TaskInProgress", "ConcurrentAccess", "InvalidState")
KEEP_S = 30.0  # at the latest; a third of what the server allows where that is less
POLL_S = 0.2
ALGORITHM = "sha256"  # asked for; SHA-1 is what a server has that knows no other


@dataclass(frozen=True)
class Device:
    """One disk of a lease: its key there, and where its stream is had."""

    key: str
    url: str
    thumbprint: str


@dataclass(frozen=True)
class Told:
    """What the server's manifest says of a stream; "" for no checksum."""

    algorithm: str
    hex: str
    size_bytes: int


class Lease:
    """One that is ready. `broken` says why it serves no more."""

    def __init__(self, session: Session, ref: Ref, name: str, info: Element | None) -> None:
        self.session, self.name, self.broken = session, name, ""
        self._ref, told = ref, fields(info)
        disks = [one for one in map(fields, all_of(info, "deviceUrl")) if text(one, "disk") != "false"]  # not NVRAM
        self._devices = [Device(text(one, "key"), text(one, "url"), text(one, "sslThumbprint")) for one in disks]
        self._shares: dict[str, float] = {}  # of each disk, how much of it has come
        self._unfinished: set[str] = set()
        self._end = threading.Event()
        self._every_s = min(KEEP_S, (number(told, "leaseTimeout") or 300) / 3)
        self.algorithm = self._choose_checksum()
        self._keeper = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._keeper.start()

    def device(self, slot: str) -> Device:
        """The disk in that place of the VM: by controller, bus and unit, never by its number in a list."""
        fits = [one for one in self._devices if one.key.rpartition("/")[2] == slot]
        if len(fits) == 1:
            return fits[0]
        keys = ", ".join(one.key for one in self._devices)[:200]
        raise MtvError("vsphere.lease", f"the export of {self.name} has no disk at {slot}: it has {keys or 'none'}",
                       "write 'read: folder' in the plan")  # fmt: skip

    def begin(self, key: str) -> None:
        self._unfinished.add(key)
        self._shares[key] = 0.0

    def advance(self, key: str, share: float) -> None:
        self._shares[key] = share

    def finish(self, key: str) -> None:
        self._unfinished.discard(key)
        self._shares[key] = 1.0

    def manifest(self, key: str) -> Told | None:
        """What the server computed while it sent that stream; None where it says nothing."""
        try:
            answer = self.session.call("HttpNfcLeaseGetManifest", self._ref)
        except SoapFault:
            return None
        for told in map(fields, answer.findall(f"{VIM}returnval")):
            if text(told, "key") == key:
                sums = {"sha1": text(told, "sha1"), text(told, "checksumType"): text(told, "checksum")}
                return Told(self.algorithm, sums.get(self.algorithm, "").lower(), number(told, "size") or 0)
        return None

    def end(self) -> None:
        """Completed where all that was begun came whole, else aborted. A lease that is gone is no error."""
        self._end.set()
        self._keeper.join()
        method = "HttpNfcLeaseAbort" if self._unfinished or self.broken else "HttpNfcLeaseComplete"
        with suppress(SoapFault, MtvError):  # what is not ended now, its session's end ends
            self.session.call(method, self._ref, again=False)

    def _choose_checksum(self) -> str:
        pairs = "".join(
            f"<deviceUrlsToChecksumTypes>{tag('key', one.key)}{tag('value', ALGORITHM)}</deviceUrlsToChecksumTypes>"
            for one in self._devices
        )
        try:
            self.session.call("HttpNfcLeaseSetManifestChecksumType", self._ref, pairs)
        except SoapFault:  # before 6.7 U2
            return "sha1"
        return ALGORITHM

    def _keep(self) -> None:
        while not self._end.wait(self._every_s):
            percent = int(100 * sum(self._shares.values()) / max(1, len(self._devices)))
            try:
                self.session.call("HttpNfcLeaseProgress", self._ref, tag("percent", min(percent, 99)))
            except SoapFault as error:
                self.broken = f"the export of {self.name} was ended by its server ({error.name})"
                return
            except MtvError as error:  # asked again soon enough
                logging.getLogger(__name__).warning("%s: its export is not kept alive: %s", self.name, error)


LEASES: Shared[Lease] = Shared(sound=lambda lease: not lease.broken)
_TOLD: set[str] = set()  # VMs of which it was said that another's lease is waited for


@contextmanager
def leased(session: Session, export: Export) -> Iterator[Lease]:
    """This process's lease on the VM, or on the point's snapshot of it. Raises Temporary `vsphere.leased` while
    somebody else's holds it, Held `source.changed` where the VM is on."""
    snapshot = str(export.params.get("snapshot", ""))

    @contextmanager
    def made() -> Iterator[Lease]:
        lease = _patiently(session, export, snapshot)
        try:
            yield lease
        finally:
            lease.end()

    with LEASES.use((id(session), machine(export), snapshot), made) as lease:
        yield lease


def _patiently(session: Session, export: Export, snapshot: str) -> Lease:
    """A worker that died leaves its lease behind until the server's own time limit: said at once, then waited for."""
    name, limits = str(export.params["name"]), session.limits
    until = time.monotonic() + (limits.lease_wait_s if name in _TOLD else 0)
    while True:
        try:
            made = _opened(session, export, snapshot, name)
            _TOLD.discard(name)
            return made
        except Temporary as error:
            if error.fault.code != "vsphere.leased" or time.monotonic() >= until:
                _TOLD.add(name)
                raise
        time.sleep(limits.lease_poll_s)


def _opened(session: Session, export: Export, snapshot: str, name: str) -> Lease:
    of = Ref("VirtualMachineSnapshot", snapshot) if snapshot else machine(export)
    method = "ExportSnapshot" if snapshot else "ExportVm"
    with said(str(session.address), f"exporting {name}"):
        try:
            made = session.call(method, of, again=False)[0]
            ref = Ref(made.get("type", "HttpNfcLease"), made.text or "")
            return Lease(session, ref, name, _ready(session, ref, name))
        except SoapFault as error:
            raise _refused(error.name, error, name) from error


def _ready(session: Session, ref: Ref, name: str) -> Element | None:
    """The lease's info. Raises SoapFault for one that failed, Temporary for one that takes too long."""
    until = time.monotonic() + session.limits.lease_ready_s
    while time.monotonic() < until:
        found = collector.one(session, ref, ("state", "error", "info"))
        state = text(found, "state")
        if state == "ready":
            return found.get("info")
        if state != "initializing":
            failed = fields(found.get("error"))
            raise SoapFault(kind(failed.get("fault")), text(failed, "localizedMessage"), {})
        time.sleep(POLL_S)
    raise Temporary("vsphere.lease-late", f"the export of {name} was not ready in time")


def _refused(fault: str, error: SoapFault, name: str) -> Exception:
    if fault in TAKEN:
        return Temporary(
            "vsphere.leased", f"{name} is being exported or worked on by somebody else: an export that nobody keeps"
            " alive is ended by the server after 5 minutes, until then the VM waits",
            "see the VM's recent tasks",
        )  # fmt: skip
    if fault == "InvalidPowerState":
        return Held("source.changed", f"{name} was switched on while it was to be read", HINT)
    if fault == "Timedout":
        return Temporary("vsphere.lease-late", f"the export of {name} was ended by its server before it was ready")
    return error
