"""Tabs with a row for a VM."""

from collections.abc import Callable

from mtv.formats.rvtools.cells import DATE, FLAG, LIMIT, LIST, SIZE, SIZE_LIMIT, TEXT, WHOLE, words
from mtv.formats.rvtools.common import folder, head, ids, note, tail
from mtv.formats.rvtools.tab import Column, Line, Tab, unknown
from mtv.model.details import Share
from mtv.model.estate import VM

TOOLS = words({"missing": "toolsNotInstalled", "stopped": "toolsNotRunning", "running": "toolsOk", "old": "toolsOld"})
UPGRADEABLE = {"current": "No", "old": "Yes", "unsupported": "Yes"}


def _network(number: int) -> Column[VM]:
    def told(line: Line[VM]) -> str | None:
        return line.part.nics[number - 1].network if number <= len(line.part.nics) else None

    return Column(f"Network #{number}", TEXT, f"network{number}", told)


V = Column[VM]
VINFO = Tab("vInfo", (
    *head(),
    *unknown("Config status"),
    V("DNS Name", TEXT, "guest.hostname", was=("Guest Host Name",)),
    V("Connection state", TEXT, "state"),
    V("Guest state", TEXT, "guest.state"),
    *unknown("Heartbeat"),
    V("Consolidation Needed", FLAG, "consolidate"),
    V("PowerOn", DATE, "started_at", was=("Power On",)),
    *unknown("Suspended To Memory", "Suspend time", "Suspend Interval"),
    V("Creation date", DATE, "created_at", was=("Create Date",)),
    *unknown("Change Version"),
    V("CPUs", WHOLE, "cpus", was=("# CPUs", "Num CPU", "vCPUs")),
    *unknown("Overall Cpu Readiness"),
    V("Memory", SIZE, "memory_bytes", was=("Memory MiB", "Arbeitsspeicher", "Mémoire", "Memoria")),
    V("Active Memory", SIZE, "memory_used_bytes"),
    V("NICs", WHOLE, "nics", lambda line: len(line.part.nics)),
    V("Disks", WHOLE, "disks", lambda line: len(line.part.disks), was=("Num Virtual Disks",)),
    V("Total disk capacity MiB", SIZE, "total_bytes", lambda line: sum(one.size_bytes for one in line.part.disks)),
    *unknown("Fixed Passthru HotPlug", "min Required EVC Mode Key"),
    V("Latency Sensitivity", TEXT, "latency"),
    *unknown("Op Notification Timeout"),
    V("EnableUUID", TEXT, "enable_uuid", lambda line: line.part.settings.get("disk.EnableUUID"),
      was=("disk.EnableUUID",)),
    V("CBT", FLAG, "tracking"),
    V("Primary IP Address", TEXT, "guest.address", was=("IP Address",)),
    *(_network(number) for number in range(1, 9)),
    *unknown("Num Monitors", "Video Ram KiB"),
    V("Resource pool", TEXT, "pool"),
    *unknown("Folder ID"),
    folder(),
    V("vApp", TEXT, "app"),
    *unknown("DAS protection"),
    V("FT State", TEXT, "fault_tolerance", lambda line: "enabled" if line.part.fault_tolerant else "notConfigured"),
    *unknown("FT Role", "FT Latency", "FT Bandwidth", "FT Sec. Latency", "Vm Failover In Progress",
             "Provisioned MiB"),
    V("In Use MiB", SIZE, "used_bytes"),
    *unknown("Unshared MiB"),
    V("HA Restart Priority", TEXT, "restart_priority"),
    *unknown("HA Isolation Response", "HA VM Monitoring", "Cluster rule(s)"),
    V("Cluster rule name(s)", LIST, "rules"),
    *unknown("Boot Required", "Boot delay", "Boot retry delay", "Boot retry enabled", "Boot BIOS setup",
             "Reboot PowerOff"),
    V("EFI Secure boot", FLAG, "secure_boot"),
    V("Firmware", TEXT, "firmware"),
    V("HW version", TEXT, "hardware", was=("VM Version",)),
    *unknown("HW upgrade status", "HW upgrade policy", "HW target"),
    V("Path", TEXT, "config_path"),
    *unknown("Log directory", "Snapshot directory", "Suspend directory"),
    note(),
    *tail(),
    *unknown("Customization Info", "Guest Detailed Data"),
    V("VM ID", TEXT, "id", was=("VM Object ID", "Object ID")),
    V("SMBIOS UUID", TEXT, "uuid"),
    V("VM UUID", TEXT, "instance", was=("UUID",)),
    *unknown("VI SDK Server type", "VI SDK API Version"),
    *ids()[2:],
), custom="Annotation")  # fmt: skip


def _shares(
    of: Callable[[VM], Share], size: bool
) -> tuple[tuple[Column[VM], Column[VM]], tuple[Column[VM], Column[VM]]]:
    """Level and shares, reservation and limit. What was not told has no level."""
    limit, reserved = (SIZE_LIMIT, SIZE) if size else (LIMIT, WHOLE)

    def told(pick: Callable[[Share], object]) -> Callable[[Line[VM]], object]:
        return lambda line: pick(of(line.part)) if of(line.part).level else None

    return (
        (V("Level", TEXT, "share.level", lambda line: of(line.part).level),
         V("Shares", WHOLE, "share.shares", lambda line: of(line.part).shares)),
        (V("Reservation", reserved, "share.reservation", told(lambda one: one.reservation)),
         V("Limit", limit, "share.limit", told(lambda one: -1 if one.limit is None else one.limit))),
    )  # fmt: skip


_CPU, _MEMORY = _shares(lambda vm: vm.cpu, False), _shares(lambda vm: vm.memory, True)
VCPU = Tab("vCPU", (
    *head(),
    V("CPUs", WHOLE, "cpus"),
    V("Sockets", WHOLE, "sockets", lambda line: max(line.part.cpus // max(line.part.cores_per_socket, 1), 1)),
    V("Cores p/s", WHOLE, "cores_per_socket", was=("Cores per socket",)),
    *unknown("Max"),
    V("Overall", WHOLE, "cpu_used_mhz"),
    *_CPU[0],
    _CPU[1][0],
    *unknown("Entitlement", "DRS Entitlement"),
    _CPU[1][1],
    V("Hot Add", FLAG, "cpu_hot_add"),
    V("Hot Remove", FLAG, "cpu_hot_remove"),
    *unknown("Numa Hotadd Exposed"),
    note(), *tail(folder()), *ids(),
))  # fmt: skip

VMEMORY = Tab("vMemory", (
    *head(),
    V("Size MiB", SIZE, "memory_bytes"),
    *unknown("Memory Reservation Locked To Max", "Overhead", "Max", "Consumed", "Consumed Overhead", "Private",
             "Shared", "Swapped", "Ballooned"),
    V("Active", SIZE, "memory_used_bytes"),
    *unknown("Entitlement", "DRS Entitlement"),
    *_MEMORY[0],
    *_MEMORY[1],
    V("Hot Add", FLAG, "memory_hot_add"),
    note(), *tail(folder()), *ids(),
))  # fmt: skip


def _tools(vm: VM) -> str:
    old = vm.guest.tools == "running" and vm.guest.tools_status in ("old", "unsupported")
    return "old" if old else vm.guest.tools


VTOOLS = Tab("vTools", (
    *unknown("Upgrade"),
    *head(),
    V("VM Version", TEXT, told=lambda line: line.part.hardware),
    V("Tools", TOOLS, "guest.tools", lambda line: _tools(line.part), was=("Tools Status",)),
    V("Tools Version", TEXT, "guest.tools_version"),
    *unknown("Required Version"),
    V("Upgradeable", TEXT, "upgradeable", lambda line: UPGRADEABLE.get(line.part.guest.tools_status)),
    *unknown("Upgrade Policy", "Sync time", "App status", "Heartbeat status", "Kernel Crash state",
             "Operation Ready", "State change support", "Interactive Guest"),
    note(), *tail(folder()), *unknown("VMRef"), *ids(),
))  # fmt: skip
