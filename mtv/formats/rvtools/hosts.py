"""Tabs of what VMs stand on: the source itself, pools, clusters, hosts, their cards and adapters."""

from dataclasses import dataclass

from mtv.formats.rvtools.cells import DATE, FLAG, NUMBER, SIZE, TEXT, WHOLE
from mtv.formats.rvtools.tab import Column, Line, Load, P, Tab, unknown
from mtv.model.infrastructure import Cluster, Host, Place


def server() -> tuple[Column[P], ...]:
    """The last two columns of every tab."""
    return (
        Column("VI SDK Server", TEXT, "server", lambda line: line.around.server, was=("vCenter",)),
        Column("VI SDK UUID", was=("vCenter UUID",)),
    )


H = Column[Host]


def _load(line: Line[Host]) -> Load:
    return line.around.hosts.get(line.part.name, Load())


def _share(one: int | None, of: int | None) -> int | None:
    return None if one is None or not of else one * 100 // of


def _ratio(number: int, of: int | None) -> float | None:
    return number / of if of else None


VSOURCE = Tab[object]("vSource", (
    Column("Name", TEXT, "name", lambda line: line.around.server),
    *unknown("OS type", "API type", "API version", "Version", "Patch level", "Build", "Fullname", "Product name",
             "Product version", "Product line", "Vendor"),
    *server(),
))  # fmt: skip

R = Column[Place]
VRP = Tab("vRP", (
    R("Resource Pool name", TEXT, "name"),
    R("Resource Pool path", TEXT, "path"),
    *unknown("Status", "# VMs total", "# VMs", "# vCPUs"),
    *unknown(*(f"CPU {one}" for one in (
        "limit", "overheadLimit", "reservation", "level", "shares", "expandableReservation", "maxUsage",
        "overallUsage", "reservationUsed", "reservationUsedForVm", "unreservedForPool", "unreservedForVm"))),
    *unknown("Mem Configured"),
    *unknown(*(f"Mem {one}" for one in (
        "limit", "overheadLimit", "reservation", "level", "shares", "expandableReservation", "maxUsage",
        "overallUsage", "reservationUsed", "reservationUsedForVm", "unreservedForPool", "unreservedForVm"))),
    *unknown(*(f"QS {one}" for one in (
        "overallCpuDemand", "overallCpuUsage", "staticCpuEntitlement", "distributedCpuEntitlement",
        "balloonedMemory", "compressedMemory", "consumedOverheadMemory", "distributedMemoryEntitlement",
        "guestMemoryUsage", "hostMemoryUsage", "overheadMemory", "privateMemory", "sharedMemory",
        "staticMemoryEntitlement", "swappedMemory"))),
    R("Object ID", TEXT, "id"),
    *server(),
))  # fmt: skip

K = Column[Cluster]
VCLUSTER = Tab("vCluster", (
    K("Name", TEXT, "name"),
    *unknown("Config status", "OverallStatus"),
    K("NumHosts", WHOLE, told=lambda line: len(line.part.hosts)),
    *unknown("numEffectiveHosts"),
    K("TotalCpu", WHOLE, "cpu_mhz"),
    K("NumCpuCores", WHOLE, told=lambda line: line.around.clusters.get(line.part.name, (None, None))[0]),
    K("NumCpuThreads", WHOLE, told=lambda line: line.around.clusters.get(line.part.name, (None, None))[1]),
    *unknown("Effective Cpu"),
    K("TotalMemory", SIZE, "memory_bytes"),
    *unknown("Effective Memory", "Num VMotions"),
    K("HA enabled", FLAG, "restarts"),
    *unknown("Failover Level"),
    K("AdmissionControlEnabled", FLAG, "admission"),
    *unknown("Host monitoring", "HB Datastore Candidate Policy", "Isolation Response", "Restart Priority",
             "Cluster Settings", "Max Failures", "Max Failure Window", "Failure Interval", "Min Up Time",
             "VM Monitoring"),
    K("DRS enabled", FLAG, "balanced", lambda line: bool(line.part.balances)),
    K("DRS default VM behavior", TEXT, "balances"),
    *unknown("DRS vmotion rate"),
    K("DPM enabled", FLAG, "power_saving"),
    *unknown("DPM default behavior", "DPM Host Power Action Rate"),
    K("Object ID", TEXT, "id"),
    *server(),
))  # fmt: skip


def _version(line: Line[Host]) -> str:
    build = f" build-{line.part.build}" if line.part.build else ""
    return f"VMware ESXi {line.part.version}{build}" if line.part.version else ""


VHOST = Tab("vHost", (
    H("Host", TEXT, "name", was=("Name",)),
    H("Datacenter", TEXT, "datacenter"),
    H("Cluster", TEXT, "cluster"),
    *unknown("Config status", "Compliance Check State"),
    H("in Maintenance Mode", FLAG, "maintenance"),
    *unknown("in Quarantine Mode", "vSAN Fault Domain Name"),
    H("CPU Model", TEXT, "cpu_model"),
    H("Speed", WHOLE, "speed_mhz", lambda line: line.part.cpu_mhz // line.part.cores
      if line.part.cpu_mhz and line.part.cores else None, was=("CpuMhz",)),
    *unknown("HT Available"),
    H("HT Active", FLAG, "threaded", lambda line: None if line.part.threads is None or line.part.cores is None
      else line.part.threads > line.part.cores),
    H("# CPU", WHOLE, "sockets", was=("NumCpu",)),
    H("Cores per CPU", WHOLE, told=lambda line: line.part.cores // line.part.sockets
      if line.part.cores and line.part.sockets else None),
    H("# Cores", WHOLE, "cores", was=("NumCpuCores",)),
    H("CPU usage %", WHOLE, "cpu_share", lambda line: _share(line.part.cpu_used_mhz, line.part.cpu_mhz)),
    H("# Memory", SIZE, "memory_bytes", was=("MemorySize",)),
    *unknown("Memory Tiering Type"),
    H("Memory usage %", WHOLE, "memory_share",
      lambda line: _share(line.part.memory_used_bytes, line.part.memory_bytes)),
    *unknown("Console"),
    H("# NICs", WHOLE, told=lambda line: len(line.part.nics)),
    *unknown("# HBAs"),
    H("# VMs total", WHOLE, "vms_total", lambda line: _load(line).vms),
    H("# VMs", WHOLE, told=lambda line: _load(line).active),
    H("VMs per Core", NUMBER, told=lambda line: _ratio(_load(line).active, line.part.cores)),
    H("# vCPUs", WHOLE, told=lambda line: _load(line).cpus),
    H("vCPUs per Core", NUMBER, told=lambda line: _ratio(_load(line).cpus, line.part.cores)),
    H("vRAM", SIZE, told=lambda line: _load(line).memory_bytes),
    *unknown("VM Used memory", "VM Memory Swapped", "VM Memory Ballooned", "VMotion support",
             "Storage VMotion support"),
    H("Current EVC", TEXT, "evc"),
    *unknown("Max EVC", "Assigned License(s)", "ATS Heartbeat", "ATS Locking", "Current CPU power man. policy",
             "Supported CPU power man.", "Host Power Policy"),
    H("ESX Version", TEXT, "esx", _version),
    H("Boot time", DATE, "booted_at"),
    *unknown("DNS Servers", "DHCP", "Domain", "Domain List", "DNS Search Order", "NTP Server(s)", "NTPD running",
             "Time Zone", "Time Zone Name", "GMT Offset"),
    H("Vendor", TEXT, "vendor"),
    H("Model", TEXT, "model"),
    *unknown("Serial number", "Service tag", "OEM specific string", "BIOS Vendor", "BIOS Version", "BIOS Date",
             "Certificate Issuer", "Certificate Start Date", "Certificate Expiry Date", "Certificate Status",
             "Certificate Subject"),
    H("Object ID", TEXT, "id"),
    *unknown("UUID"),
    *server(),
))  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Card:
    """A card of a host, or an adapter that the host has for itself."""

    host: Host
    device: str
    mac: str = ""
    speed: str = ""
    address: str = ""


A = Column[Card]


def _of_host() -> tuple[Column[Card], ...]:
    return (
        A("Host", TEXT, "host", lambda line: line.part.host.name),
        A("Datacenter", TEXT, "datacenter", lambda line: line.part.host.datacenter),
        A("Cluster", TEXT, "cluster", lambda line: line.part.host.cluster),
    )


VHBA = Tab[object]("vHBA", tuple(unknown(
    "Host", "Datacenter", "Cluster", "Device", "Type", "Status", "Bus", "Pci", "Driver", "Model", "WWN",
    "VI SDK Server", "VI SDK UUID")))  # fmt: skip
VNIC = Tab("vNIC", (
    *_of_host(),
    A("Network Device", TEXT, "device"),
    *unknown("Driver"),
    A("Speed", TEXT, "speed"),
    *unknown("Duplex"),
    A("MAC", TEXT, "mac"),
    A("Switch", TEXT, "switch", lambda line: line.around.uplinks.get((line.part.host.name, line.part.device))),
    *unknown("Uplink port", "PCI", "WakeOn"),
    *server(),
))  # fmt: skip
VSC_VMK = Tab("vSC_VMK", (
    *_of_host(),
    *unknown("Port Group"),
    A("Device", TEXT, "device"),
    *unknown("Mac Address", "DHCP"),
    A("IP Address", TEXT, "address"),
    *unknown("IP 6 Address", "Subnet mask", "Gateway", "IP 6 Gateway", "MTU"),
    *server(),
))  # fmt: skip
