"""Where a datastore's file is asked for: at the vCenter (or an ESXi alone) by its session, or straight at the VM's host
by tickets of the vCenter's, one a request."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote, urlencode

from mtv.errors import MtvError
from mtv.model.points import Export
from mtv.providers.vsphere.objects.elements import fields, text
from mtv.providers.vsphere.ways.exports import reaches
from mtv.providers.vsphere.ways.table import ALONE
from mtv.providers.vsphere.wire.address import Address, read_address
from mtv.providers.vsphere.wire.link import Link
from mtv.providers.vsphere.wire.session import COOKIE, Session
from mtv.providers.vsphere.wire.soap import said, tag
from mtv.providers.vsphere.wire.trust import Guard, Trust


class Door(Protocol):
    """`path` is the file's. `headers` are for one request; `renew` is for after a 401 to those that were sent."""

    path: str

    @property
    def address(self) -> Address: ...

    def link(self) -> Link: ...

    def headers(self) -> Mapping[str, str]: ...

    def renew(self, sent: Mapping[str, str]) -> None: ...


def door(session: Session, export: Export) -> Door:
    """The VM's host where it answers this process, as the engine's own question may not tell; else the session's."""
    params = export.params
    host, pin = str(params.get("host", "")), str(params.get("host_fingerprint", ""))
    if host and pin and reaches(read_address(host), pin):
        return HostDoor(session, read_address(host), pin, _path(export, ALONE))
    return OwnDoor(session, _path(export, str(params["datacenter"])))


def flat(path: str) -> str:
    """The file with a disk's bytes, beside its descriptor."""
    return f"{path.removesuffix('.vmdk')}-flat.vmdk"


def _path(export: Export, datacenter: str) -> str:
    store, bracket, file = str(export.params["path"]).removeprefix("[").partition("] ")
    if not bracket or ".." in file.split("/"):
        raise MtvError("vsphere.path", f"'{export.params['path']}' is no path of a datastore")
    return f"/folder/{quote(flat(file))}?{urlencode({'dcPath': datacenter, 'dsName': store}, quote_via=quote)}"


@dataclass
class OwnDoor:
    session: Session
    path: str
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> Address:
        return self.session.address

    def link(self) -> Link:
        limits = self.session.limits
        return Link(self.address, self.session.guard, limits.connect_s, limits.read_stall_s)

    def headers(self) -> Mapping[str, str]:
        return {"Cookie": f"{COOKIE}={self.session.cookie}"}

    def renew(self, sent: Mapping[str, str]) -> None:
        """One login for all the threads that were turned away."""
        with self._lock:
            if self.headers() == sent:
                self.session.renew()


class HostDoor:
    """A host knows nothing of the vCenter's sessions: each request brings a ticket that is good for it alone."""

    def __init__(self, session: Session, address: Address, fingerprint: str, path: str) -> None:
        self.session, self.path, self._address = session, path, address
        self._guard = Guard(Trust(fingerprint=fingerprint), str(address))

    @property
    def address(self) -> Address:
        return self._address

    def link(self) -> Link:
        limits = self.session.limits
        return Link(self.address, self._guard, limits.connect_s, limits.read_stall_s)

    def headers(self) -> Mapping[str, str]:
        url = f"https://{self.address}{self.path}"
        spec = (
            f'<spec xsi:type="SessionManagerHttpServiceRequestSpec">{tag("method", "httpGet")}{tag("url", url)}</spec>'
        )
        with said(str(self.session.address), "asking for a ticket of a host"):
            answer = self.session.call("AcquireGenericServiceTicket", self.session.manager("sessionManager"), spec)
        return {"Cookie": f"vmware_cgi_ticket={text(fields(answer[0]), 'id')}"}

    def renew(self, sent: Mapping[str, str]) -> None:
        """The next request brings another ticket anyway."""
