"""The engine's side of a way: it is chosen for a VM as it is now, and a disk of a point becomes data for a worker."""

import hashlib
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mtv.errors import MtvError, Refused
from mtv.model.estate import VM, Disk, Entity, Json
from mtv.model.infrastructure import Place
from mtv.model.login import Login
from mtv.model.points import Export, Point
from mtv.providers.vsphere.objects.elements import whole
from mtv.providers.vsphere.reading import collector
from mtv.providers.vsphere.rights import roles
from mtv.providers.vsphere.rights.missing import missing
from mtv.providers.vsphere.ways.choose import AUTO, chosen, scene
from mtv.providers.vsphere.ways.table import EXPORT, FOLDER, SSH, VDDK, Scene
from mtv.providers.vsphere.wire.address import Address
from mtv.providers.vsphere.wire.answer import Element
from mtv.providers.vsphere.wire.link import Link, said
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import Ref, SoapFault
from mtv.providers.vsphere.wire.soap import said as told
from mtv.providers.vsphere.wire.trust import Guard, Trust
from mtv.settings import settings

SECRET = "copy-password"
FRESH_S = 60.0  # rights, and whether a host answers, are not asked again so soon
REACH_S = 3.0  # a host that is reached answers within this
HTTPS = 443


@dataclass
class Ways:
    """Of one source. `wanted` is the plan's word for it; every method blocks."""

    session: Session
    copier: Session  # the control account's where no other was given
    login: Login
    wanted: str = AUTO
    _lacks: dict[tuple[str, ...], tuple[float, Mapping[str, Sequence[str]]]] = field(default_factory=dict)
    _hosts: dict[str, tuple[float, Mapping[str, Json]]] = field(default_factory=dict)

    def choose(self, vm: VM, disks: Sequence[Disk], around: Sequence[Entity], *, running: bool = False) -> str:
        """The way by which all those disks are read. Raises CheckFailed `source.no-way`."""
        of = scene(vm, around, disks=disks, running=running, library=settings().vddk is not None)
        return chosen(replace(of, lacks=self._rights(of)), self.wanted)

    def export(self, point: Point, disk: Disk, vm: VM, around: Sequence[Entity], way: str) -> Export:
        """How a worker opens it: no secret, no handle. Raises Refused `vsphere.point` for a disk that is not in it."""
        path = point.tokens.get(disk.key)
        if not path:
            raise Refused("vsphere.point", f"point {point.id} of {vm.name} has no disk {disk.key}")
        store = path.partition("]")[0].removeprefix("[")
        params: dict[str, Json] = {
            "url": str(self.session.address), "user": self.login.copy_user or self.login.user,
            "fingerprint": self._fingerprint(), "vm": vm.id, "name": vm.name, "disk": disk.key, "path": path,
            "datastore": store, "datacenter": _datacenter(vm, around), "snapshot": point.tokens.get("snapshot", ""),
            **self._host(vm, around, way),
        }  # fmt: skip
        own, paths = _of_this_machine(way)
        return Export(
            id=f"{point.id}/{disk.key}", kind="stream" if way == EXPORT else "random", way=f"vsphere.{way}",
            size_bytes=disk.size_bytes, identity=point.identity, params={**params, **own}, secrets=(SECRET,),
            paths=paths, remote=True,
        )  # fmt: skip

    def _fingerprint(self) -> str:
        """Of the certificate that this process saw: workers hold theirs against it."""
        if not self.session.guard.seen:
            _ = self.session.about
        return self.session.guard.seen

    def _rights(self, of: Scene) -> Mapping[str, Sequence[str]]:
        """What the copy account lacks for each way, on this VM and its datastores."""
        stores = {Ref("Datastore", one.id): one.name for one in of.stores}
        key = (of.vm.id, *sorted(stores))
        at, known = self._lacks.get(key, (0.0, {}))
        if at and time.monotonic() - at < FRESH_S:
            return known
        seen = {roles.VM: {Ref("VirtualMachine", of.vm.id): of.vm.name}, roles.DATASTORE: stores}
        with told(str(self.copier.address), f"asking for rights on {of.vm.name}"):
            found = {way: tuple(one.privilege for one in missing(self.copier, roles.role(way), seen))
                     for way in (VDDK, FOLDER, EXPORT)}  # fmt: skip
        self._lacks[key] = (time.monotonic(), found)
        return found

    def _host(self, vm: VM, around: Sequence[Entity], way: str) -> Mapping[str, Json]:
        """The VM's own host, where it answers us and its vCenter says which certificate it has; {} else: also for
        VMware's library, which finds it by itself."""
        of = scene(vm, around).host
        if of is None or way != FOLDER or not self.session.about.is_vcenter or of.maintenance:
            return {}
        at, known = self._hosts.get(of.id, (0.0, {}))
        if not at or time.monotonic() - at > FRESH_S:
            known = self._reached(of.name, Ref("HostSystem", of.id))
            self._hosts[of.id] = (time.monotonic(), known)
        return known

    def _reached(self, name: str, of: Ref) -> Mapping[str, Json]:
        try:
            fingerprint = fingerprint_of(collector.one(self.session, of, ("config.certificate",)))
        except SoapFault:
            return {}
        for port in dict.fromkeys((HTTPS, self.session.address.port)):
            if fingerprint and reaches(Address(name, port), fingerprint):
                return {"host": str(Address(name, port)), "host_fingerprint": fingerprint}
        return {}


def _of_this_machine(way: str) -> tuple[Mapping[str, Json], tuple[str, ...]]:
    """What a way is told of this machine's own, and the files that it needs of it."""
    limits = settings()
    if way == VDDK and limits.vddk:
        return {}, (str(limits.vddk),)
    if way != SSH:
        return {}, ()
    told: dict[str, Json] = {"known_hosts": str(limits.ssh_known_hosts), "port": limits.ssh_port}
    if limits.ssh_key:
        told["key"] = str(limits.ssh_key)
    files = (limits.ssh_known_hosts, limits.ssh_key)
    return told, tuple(str(one) for one in files if one and one.exists())


def reaches(address: Address, fingerprint: str) -> bool:
    """Whether that host answers us soon, with that certificate."""
    link = Link(address, Guard(Trust(fingerprint=fingerprint), str(address)), REACH_S, REACH_S)
    try:
        with said(address):
            link.connect()
    except MtvError:
        return False
    finally:
        link.close()
    return True


def fingerprint_of(props: Mapping[str, Element]) -> str:
    """SHA-256 of the certificate as a host's configuration holds it: PEM, an element for each byte; "" for none."""
    found = props.get("config.certificate")
    numbers = [] if found is None else [whole(one.text) for one in found]
    text = bytes(number & 0xFF for number in numbers if number is not None).decode("ascii", "replace")
    try:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text.strip())).hexdigest()
    except ValueError:
        return ""


def _datacenter(vm: VM, around: Sequence[Entity]) -> str:
    """Its path as `/folder` wants it: with the folders above it, without the first slash."""
    places = [one for one in around if isinstance(one, Place) and one.kind == "datacenter"]
    fits = [one.path.removeprefix("/") for one in places if one.name == vm.datacenter]
    return next((one for one in fits if vm.path.startswith(f"/{one}/")), fits[0] if fits else vm.datacenter)
