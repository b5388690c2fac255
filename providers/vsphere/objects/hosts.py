"""Hosts, and the standard switches that each has for itself."""

from collections.abc import Iterator

from mtv.model.infrastructure import Host, Switch
from mtv.providers.vsphere.objects.elements import fields, flag, number, text, texts, times, unescaped
from mtv.providers.vsphere.reading.collector import Found
from mtv.providers.vsphere.reading.tree import Tree
from mtv.providers.vsphere.wire.answer import Element

MIB = 1 << 20
PATHS = (
    "name", "parent", "summary.hardware", "summary.config.product", "summary.config.sslThumbprint",
    "summary.quickStats", "summary.currentEVCModeKey", "runtime.connectionState", "runtime.inMaintenanceMode",
    "runtime.bootTime", "config.network.pnic", "config.network.vnic", "config.network.vswitch",
    "config.network.portgroup",
)  # fmt: skip


def host(found: Found, source: str, tree: Tree) -> Host:
    props, parent = found.props, tree.nodes[found.ref].parent
    hardware, product = fields(props.get("summary.hardware")), fields(props.get("summary.config.product"))
    now, adapters = fields(props.get("summary.quickStats")), tuple(_adapters(props.get("config.network.vnic")))
    return Host(
        source=source,
        id=found.ref,
        name=unescaped(text(props, "name")),
        cluster=tree.nearest(parent, "ClusterComputeResource"),
        datacenter=tree.datacenter(parent),
        address=next((one.partition(" ")[2] for one in adapters if one.startswith("vmk0 ")), ""),
        version=text(product, "version"),
        build=text(product, "build"),
        vendor=text(hardware, "vendor"),
        model=text(hardware, "model"),
        cpu_model=text(hardware, "cpuModel"),
        sockets=number(hardware, "numCpuPkgs"),
        cores=number(hardware, "numCpuCores"),
        threads=number(hardware, "numCpuThreads"),
        memory_bytes=number(hardware, "memorySize"),
        cpu_mhz=times(number(hardware, "cpuMhz"), number(hardware, "numCpuCores")),
        cpu_used_mhz=number(now, "overallCpuUsage"),
        memory_used_bytes=times(number(now, "overallMemoryUsage"), MIB),
        state={"notResponding": "unresponsive"}.get(text(props, "runtime.connectionState"))
        or text(props, "runtime.connectionState"),
        maintenance=flag(props, "runtime.inMaintenanceMode"),
        evc=text(props, "summary.currentEVCModeKey"),
        booted_at=text(props, "runtime.bootTime"),
        fingerprint=text(props, "summary.config.sslThumbprint"),
        nics=tuple(_nics(props.get("config.network.pnic"))),
        adapters=adapters,
        switches=tuple(text(fields(one), "name") for one in _list(props.get("config.network.vswitch"))),
    )


def switches(found: Found, of: Host) -> Iterator[Switch]:
    for one in _list(found.props.get("config.network.vswitch")):
        told = fields(one)
        name = text(told, "name")
        yield Switch(
            source=of.source, id=f"{of.id}/{name}", name=name, kind="standard", host=of.name,
            datacenter=of.datacenter, mtu=number(told, "mtu"), uplinks=texts(one, "pnic"),
        )  # fmt: skip


def port_groups(found: Found) -> Iterator[tuple[str, str, str]]:
    """Name, VLAN and switch of each standard port group: 0 is untagged, 4095 lets all VLANs through."""
    for one in _list(found.props.get("config.network.portgroup")):
        told = fields(fields(one).get("spec"))
        vlan = text(told, "vlanId")
        yield text(told, "name"), "0-4094" if vlan == "4095" else vlan, text(told, "vswitchName")


def _nics(found: Element | None) -> Iterator[str]:
    for one in _list(found):
        told = fields(one)
        speed = number(fields(told.get("linkSpeed")), "speedMb")
        yield " ".join(part for part in (text(told, "device"), text(told, "mac"), str(speed or "")) if part)


def _adapters(found: Element | None) -> Iterator[str]:
    for one in _list(found):
        told = fields(one)
        address = text(fields(fields(told.get("spec")).get("ip")), "ipAddress")
        yield f"{text(told, 'device')} {address}".strip()


def _list(found: Element | None) -> list[Element]:
    return [] if found is None else list(found)
