"""Tabs of switches, port groups, datastores, and of the book itself."""

from mtv.formats.rvtools.cells import DATE, FLAG, LIST, SIZE, TEXT, WHOLE
from mtv.formats.rvtools.hosts import server
from mtv.formats.rvtools.tab import Column, Line, Load, Tab, unknown
from mtv.model.estate import Concern, Datastore, Network
from mtv.model.infrastructure import Switch

_SHAPING = ("Traffic Shaping", "Width", "Peak", "Burst", "Policy", "Reverse Policy", "Notify Switch", "Rolling Order",
            "Offload", "TSO", "Zero Copy Xmit")  # fmt: skip
_FLOW = ("In Traffic Shaping", "In Avg", "In Peak", "In Burst", "Out Traffic Shaping", "Out Avg", "Out Peak",
         "Out Burst")  # fmt: skip

S = Column[Switch]
VSWITCH = Tab("vSwitch", (
    S("Host", TEXT, "host"),
    S("Datacenter", TEXT, "datacenter"),
    *unknown("Cluster"),
    S("Switch", TEXT, "name"),
    *unknown("# Ports", "Free Ports", "Promiscuous Mode", "Mac Changes", "Forged Transmits", *_SHAPING),
    S("MTU", WHOLE, "mtu"),
    *server(),
))  # fmt: skip
DVSWITCH = Tab("dvSwitch", (
    S("Switch", TEXT, "name"),
    S("Datacenter", TEXT, "datacenter"),
    S("Name", TEXT, "other_name", lambda line: line.part.name),
    *unknown("Vendor", "Version", "Description", "Created", "Host members", "Max Ports", "# Ports", "# VMs", *_FLOW,
             "CDP Type", "CDP Operation", "LACP Name", "LACP Mode", "LACP Load Balance Alg."),
    S("Max MTU", WHOLE, "mtu"),
    *unknown("Contact", "Admin Name"),
    S("Object ID", TEXT, "id"),
    *server(),
))  # fmt: skip

N = Column[Network]
VPORT = Tab("vPort", (
    *unknown("Host"),
    N("Datacenter", TEXT, "datacenter"),
    *unknown("Cluster"),
    N("Port Group", TEXT, "name"),
    N("Switch", TEXT, "switch"),
    N("VLAN", TEXT, "vlan"),
    *unknown("Promiscuous Mode", "Mac Changes", "Forged Transmits", *_SHAPING),
    *server(),
))  # fmt: skip
DVPORT = Tab("dvPort", (
    N("Port", TEXT, "name"),
    N("Switch", TEXT, "switch"),
    *unknown("Type", "# Ports"),
    N("VLAN", TEXT, "vlan"),
    *unknown("Speed", "Full Duplex", "Blocked", "Allow Promiscuous", "Mac Changes", "Active Uplink", "Standby Uplink",
             "Policy", "Forged Transmits", *_FLOW, "Reverse Policy", "Notify Switch", "Rolling Order", "Check Beacon",
             "Live Port Moving", "Check Duplex", "Check Error %", "Check Speed", "Percentage", "Block Override",
             "Config Reset", "Shaping Override", "Vendor Config Override", "Sec. Policy Override",
             "Teaming Override", "Vlan Override"),
    N("Object ID", TEXT, "id"),
    *server(),
))  # fmt: skip

T = Column[Datastore]


def _load(line: Line[Datastore]) -> Load:
    return line.around.datastores.get(line.part.name, Load())


def _used(line: Line[Datastore]) -> int | None:
    capacity, free = line.part.capacity_bytes, line.part.free_bytes
    return None if capacity is None or free is None else max(capacity - free, 0)


def _free_share(line: Line[Datastore]) -> int | None:
    capacity, free = line.part.capacity_bytes, line.part.free_bytes
    return None if not capacity or free is None else free * 100 // capacity


VDATASTORE = Tab("vDatastore", (
    T("Name", TEXT, "name"),
    *unknown("Config status", "Address"),
    T("Accessible", FLAG, "accessible"),
    T("Type", TEXT, "kind"),
    T("# VMs total", WHOLE, told=lambda line: _load(line).vms),
    T("# VMs", WHOLE, told=lambda line: _load(line).active),
    T("Capacity MiB", SIZE, "capacity_bytes"),
    T("Provisioned MiB", SIZE, "provisioned_bytes"),
    T("In Use MiB", SIZE, told=_used),
    T("Free MiB", SIZE, "free_bytes"),
    T("Free %", WHOLE, told=_free_share),
    *unknown("SIOC enabled", "SIOC Threshold"),
    T("# Hosts", WHOLE, told=lambda line: len(line.part.hosts)),
    T("Hosts", LIST, "hosts"),
    T("Cluster name", TEXT, "cluster"),
    *unknown("Cluster capacity MiB", "Cluster free space MiB", "Block size", "Max Blocks", "# Extents",
             "Major Version"),
    T("Version", TEXT, "version"),
    *unknown("VMFS Upgradeable", "MHA"),
    T("URL", TEXT, "url"),
    T("Object ID", TEXT, "id"),
    *server(),
))  # fmt: skip

VMULTIPATH = Tab[object]("vMultiPath", (
    *unknown("Host", "Cluster", "Datacenter", "Datastore", "Disk", "Display name", "Policy", "Oper. State"),
    *unknown(*(name for number in range(1, 9) for name in (f"Path {number}", f"Path {number} state"))),
    *unknown("vStorage", "Queue depth", "Vendor", "Model", "Revision", "Level", "Serial #", "UUID", "Object ID",
             "VI SDK Server", "VI SDK UUID"),
))  # fmt: skip
VLICENSE = Tab[object]("vLicense", tuple(unknown(
    "Name", "Key", "Labels", "Cost Unit", "Total", "Used", "Expiration Date", "Features", "VI SDK Server",
    "VI SDK UUID")))  # fmt: skip
VFILEINFO = Tab[object]("vFileInfo", tuple(unknown(
    "Friendly Path Name", "File Name", "File Type", "File Size in bytes", "Path", "Internal Sort Column",
    "VI SDK Server", "VI SDK UUID")))  # fmt: skip

VHEALTH = Tab[Concern]("vHealth", (
    Column("Name", TEXT, told=lambda line: line.vm.name),
    Column("Message", TEXT, "text"),
    Column("Message type", TEXT, "id"),
    *server(),
))  # fmt: skip
VMETADATA = Tab[object]("vMetaData", (
    Column("RVTools major version", TEXT, "major", lambda line: LAYOUT),
    Column("RVTools version", TEXT, "version", lambda line: line.around.version),
    Column("xlsx creation datetime", DATE, "written_at", lambda line: line.around.written_at.isoformat() + "Z"),
    Column("Server", TEXT, "server", lambda line: line.around.server),
))  # fmt: skip

LAYOUT = "4.7"  # whose tabs and columns these are
