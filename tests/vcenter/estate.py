"""An estate of thousands of rich VMs, as a folder that the simulator loads in seconds. What lies around the VMs is read
from a simulator that made it itself; making the VMs there, too, would take minutes."""

import http.client
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.guests.cache import kept
from tests.vcenter import building, machines, rich, server, shape
from tests.vcenter.rich import RichVM, references
from tests.vcenter.shape import Home, Shape

MODEL = {
    "datacenters": 1, "clusters": 2, "cluster_hosts": 4, "hosts": 0, "datastores": 4, "pools": 1, "portgroups": 4,
    "nsx_portgroups": 1,
}  # fmt: skip
FOLDERS = ("production", "test", "production/west", "50% off")
NS = "{urn:vim25}"
KINDS = (
    "Folder", "Datacenter", "StoragePod", "ClusterComputeResource", "ComputeResource", "HostSystem", "ResourcePool",
    "Datastore", "Network", "DistributedVirtualSwitch", "DistributedVirtualPortgroup",
)  # fmt: skip

for prefix, uri in (("", "urn:vim25"), ("xsi", "http://www.w3.org/2001/XMLSchema-instance")):
    ElementTree.register_namespace(prefix, uri)


@dataclass(frozen=True)
class Object:
    """An inventory object as ObjectContent."""

    kind: str
    id: str
    content: ElementTree.Element

    def get(self, name: str) -> ElementTree.Element | None:
        for one in self.content.iter(f"{NS}propSet"):
            if one.findtext(f"{NS}name") == name:
                return one.find(f"{NS}val")
        return None

    def text(self, name: str) -> str:
        found = self.get(name)
        return found.text or "" if found is not None else ""

    def ids(self, name: str) -> list[str]:
        found = self.get(name)
        return [one.text or "" for one in found] if found is not None else []

    def put(self, name: str, body: str) -> None:
        for one in list(self.content):
            if one.tag == f"{NS}propSet" and one.findtext(f"{NS}name") == name:
                self.content.remove(one)
        made = ElementTree.fromstring(f"{rich.HEAD}<propSet><name>{name}</name>{body}</propSet></ObjectContent>")
        self.content.append(made[0])


def estate(count: int) -> Path:
    """A folder with an estate of so many VMs, made now or earlier."""
    parts = [Path(module.__file__ or "") for module in (rich, shape, building, server)]
    return kept(f"vcenter-estate-{count}", [Path(__file__), *parts], lambda folder: write(folder, count))


def write(folder: Path, count: int) -> None:
    with server.vcenter(folder / "around", server.Setup(model=MODEL)) as small, small.connected() as service:
        make_folders(service)
        around = [one for kind in KINDS for one in read(small, service, kind)]
    for left in sorted((folder / "around").rglob("*"), reverse=True):
        left.rmdir() if left.is_dir() else left.unlink()
    (folder / "around").rmdir()
    homes = homes_in(around)
    placed = {one.id: homes[one.number % len(homes)] for one in map(Shape, range(count))}
    fill(around, placed)
    for number, thing in enumerate(around):
        (folder / f"{number:06d}-{thing.kind}-{thing.id}.xml").write_bytes(ElementTree.tostring(thing.content))
    for one in map(Shape, range(count)):
        text = RichVM(one, placed[one.id]).xml()
        (folder / f"{100_000 + one.number:06d}-VirtualMachine-{one.id}.xml").write_text(text)


def make_folders(service: Any) -> None:
    made = {"": machines.root(service).vmFolder}
    for path in FOLDERS:
        above, _, name = path.rpartition("/")
        made[path] = made[above].CreateFolder(name)


def shown(path: str) -> str:
    """A folder's own name, as a vCenter shows it: it escapes its escapes."""
    return path.rpartition("/")[2].replace("%", "%25")


def read(vcenter: server.VCenter, service: Any, kind: str) -> Iterator[Object]:
    """Whole objects of a kind, as they came over the wire."""
    top = service.content.rootFolder
    body = soap(f"<CreateContainerView><_this type='ViewManager'>ViewManager</_this>"
                f"<container type='Folder'>{top._moId}</container><type>{kind}</type><recursive>true</recursive>"
                "</CreateContainerView>")  # fmt: skip
    view = call(vcenter, service, body).findtext(f".//{NS}returnval")
    select = ("<selectSet xsi:type='TraversalSpec'><type>ContainerView</type><path>view</path><skip>false</skip>"
              "</selectSet>")  # fmt: skip
    objects = f"<objectSet><obj type='ContainerView'>{view}</obj><skip>true</skip>{select}</objectSet>"
    if kind == "Folder":  # a view leaves out what it is of
        objects += f"<objectSet><obj type='Folder'>{top._moId}</obj></objectSet>"
    spec = f"<specSet><propSet><type>{kind}</type><all>true</all></propSet>{objects}</specSet>"
    collector = "<_this type='PropertyCollector'>propertyCollector</_this>"
    answer = call(vcenter, service, soap(f"<RetrievePropertiesEx>{collector}{spec}<options/></RetrievePropertiesEx>"))
    for content in answer.iter(f"{NS}objects"):
        ref = content.find(f"{NS}obj")
        if ref is not None and ref.get("type") == kind:
            content.tag = f"{NS}ObjectContent"
            yield Object(kind, ref.text or "", content)


def soap(body: str) -> str:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>'
        + re.sub(r"^<(\w+)>", r'<\1 xmlns="urn:vim25">', body)
        + "</s:Body></s:Envelope>"
    )


def call(vcenter: server.VCenter, service: Any, envelope: str) -> ElementTree.Element:
    connection = http.client.HTTPSConnection(vcenter.host, vcenter.port, context=vcenter.trust)
    try:
        cookie = str(service._stub.cookie).split(";")[0]
        connection.request("POST", "/sdk", envelope, {"Cookie": cookie, "SOAPAction": "urn:vim25/8.0.3.0"})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text[:500]
        return ElementTree.fromstring(text)
    finally:
        connection.close()


def homes_in(around: list[Object]) -> list[Home]:
    """One for each host, folder and datastore in turn: as many as it takes to use each of them."""
    by_kind: dict[str, list[Object]] = {}
    for one in around:
        by_kind.setdefault(one.kind, []).append(one)
    hosts, stores = by_kind["HostSystem"], by_kind["Datastore"]
    folders = [one for one in by_kind["Folder"] if one.text("name") in set(map(shown, FOLDERS))]
    pool_of = {one.text("owner"): one.id for one in by_kind["ResourcePool"]}
    networks = [(kind, one.id) for kind in ("Network", "DistributedVirtualPortgroup") for one in by_kind[kind]
                if "Uplinks" not in one.text("name")]  # fmt: skip
    return [
        Home(
            host.id, pool_of[host.text("parent")], folders[n % len(folders)].id, store.id, store.text("name"),
            tuple(networks),
        )
        for n, (host, store) in enumerate((host, store) for store in stores for host in hosts)
    ]  # fmt: skip


def fill(around: list[Object], placed: Mapping[str, Home]) -> None:
    """Tell what lies around of the VMs that it holds."""
    holds: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for vm, home in placed.items():
        for key in (("HostSystem", home.host), ("ResourcePool", home.pool), ("Datastore", home.datastore),
                    ("Folder", home.folder)):  # fmt: skip
            holds.setdefault(key, []).append(("VirtualMachine", vm))
    for one in around:
        vms = holds.get((one.kind, one.id), [])
        if one.kind == "Folder":
            below = [("Folder", child) for child in one.ids("childEntity")]
            if vms:
                one.put("childEntity", references(below + vms))
        elif one.kind in ("HostSystem", "ResourcePool", "Datastore"):
            one.put("vm", references(vms))
