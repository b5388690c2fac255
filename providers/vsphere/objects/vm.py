"""One VM out of its properties. Pure: what references are called comes in `Around`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from mtv.model.details import Share
from mtv.model.estate import VM, Firmware
from mtv.providers.vsphere.objects import devices, guest
from mtv.providers.vsphere.objects.concerns import concerns
from mtv.providers.vsphere.objects.devices import Hardware, Names
from mtv.providers.vsphere.objects.elements import times, unescaped, whole
from mtv.providers.vsphere.objects.told import NOTHING, Props, Told, each, flag, number, own, text, texts
from mtv.providers.vsphere.wire.soap import Ref

MIB = 1 << 20
OPTIONS = {key: f'config.extraConfig["{key}"]' for key in ("disk.EnableUUID", "numa.nodeAffinity")}
"""Single ones, by key: all of a VM's are a third of its bytes. Where a server knows no keys they stay unknown."""

LIGHT = (
    "config.changeVersion", "name", "parent", "runtime.host", "runtime.powerState", "guest.ipAddress",
    "guest.toolsRunningStatus", "customValue", "runtime.connectionState", "runtime.consolidationNeeded",
)  # fmt: skip
"""What tells that a VM may have changed: the light scan asks for these of all."""

FULL = (
    *(path for path in LIGHT if not path.startswith("guest.")),
    "guest", "parentVApp", "resourcePool", "snapshot", "layoutEx.disk", "layoutEx.file", "summary.storage.committed",
    "summary.quickStats.overallCpuUsage", "summary.quickStats.guestMemoryUsage",
    "config.uuid", "config.instanceUuid", "config.template", "config.guestId", "config.guestFullName",
    "config.version", "config.firmware", "config.bootOptions", "config.annotation", "config.createDate",
    "config.files.vmPathName", "config.hardware", *OPTIONS.values(), "config.cpuAllocation",
    "config.memoryAllocation", "config.cpuHotAddEnabled", "config.cpuHotRemoveEnabled",
    "config.memoryHotAddEnabled", "config.changeTrackingEnabled", "config.latencySensitivity", "config.cpuAffinity",
    "config.keyId", "config.nestedHVEnabled", "config.ftInfo",
    "runtime.bootTime", "runtime.faultToleranceState",
)  # fmt: skip
"""`guest` and `config.hardware` as wholes: path by path they take a quarter more of a server's time. Others as wholes
would bring more than is read: `runtime` each feature of the host's CPUs, `config` all of extraConfig."""


@dataclass(frozen=True, kw_only=True)
class Around:
    """What a VM's references are called, and what only others know of it. By id."""

    source: str
    names: Names = Names()
    hosts: Mapping[str, str] = field(default_factory=dict)
    clusters: Mapping[str, str] = field(default_factory=dict)  # by host
    pools: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)  # of folders and vApps
    datacenters: Mapping[str, str] = field(default_factory=dict)  # by folder or host
    fields: Mapping[str, str] = field(default_factory=dict)  # custom attributes, by key
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    priorities: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by VM, then disk key


def read(of: Ref, props: Props, around: Around, revision: str) -> VM:
    disks, files = props.get("layoutEx.disk", NOTHING), props.get("layoutEx.file", NOTHING)
    sizes = devices.sizes([told for _, told in disks.items], [told for _, told in files.items])
    policies, first = around.policies.get(of, {}), _boot_disks(own(props, "config.bootOptions"))
    machine = props.get("config.hardware", NOTHING)
    parts = devices.read(machine.every("device"), around.names, sizes, policies, first)
    placed = _placed(partial(VM, id=str(of), revision=revision), of, props, around)
    return concerns(_running(_configured(placed, props, machine.own, parts), props))


def _boot_disks(options: Told) -> list[str]:
    """Keys of the disks that its firmware was told to try, in that order; cards and CDs are left out."""
    return [options.get(f"{one}/deviceKey", "") for one in each(options, "bootOrder")
            if options.get(f"{one}@", "").endswith("BootableDiskDevice")]  # fmt: skip


def _placed(vm: partial[VM], of: Ref, props: Props, around: Around) -> partial[VM]:
    """Where it stands, and what others say of it."""
    host, parent = text(props, "runtime.host"), text(props, "parent")
    app, pool = text(props, "parentVApp"), text(props, "resourcePool")
    above = around.paths.get(parent) or around.paths.get(app, "")
    name = text(props, "name")
    return partial(
        vm,
        source=around.source,
        name=unescaped(name),
        path=f"{above}/{name}",
        host=around.hosts.get(host, host),
        cluster=around.clusters.get(host, ""),
        datacenter=around.datacenters.get(host) or around.datacenters.get(parent, ""),
        pool=around.pools.get(pool, ""),
        app=unescaped(around.paths.get(app, "").rpartition("/")[2]),
        tags=around.tags.get(of, {}),
        attributes=_attributes(own(props, "customValue"), around.fields),
        restart_priority=around.priorities.get(of, ""),
        rules=around.rules.get(of, ()),
    )


def _configured(vm: partial[VM], props: Props, machine: Told, parts: Hardware) -> partial[VM]:
    """Its hardware and its settings."""
    uuid, options = text(props, "config.uuid"), guest.options(props, OPTIONS)
    return partial(
        vm,
        cpus=number(machine, "numCPU") or 1,
        cores_per_socket=number(machine, "numCoresPerSocket") or 1,
        memory_bytes=times(number(machine, "memoryMB"), MIB) or 0,
        firmware=Firmware.EFI if text(props, "config.firmware") == "efi" else Firmware.BIOS,
        secure_boot=flag(own(props, "config.bootOptions"), "efiSecureBootEnabled"),
        tpm=any(one.kind == "tpm" for one in parts.devices),
        os_id=text(props, "config.guestId"),
        uuid=uuid,
        serial=_serial(uuid),
        disks=parts.disks,
        nics=parts.nics,
        devices=parts.devices,
        instance=text(props, "config.instanceUuid"),
        template=_is(props, "config.template"),
        hardware=text(props, "config.version"),
        notes=text(props, "config.annotation"),
        created_at=text(props, "config.createDate"),
        config_path=text(props, "config.files.vmPathName"),
        tracking=_is(props, "config.changeTrackingEnabled"),
        encrypted=guest.has(own(props, "config.keyId")),
        nested=_is(props, "config.nestedHVEnabled"),
        cpu=_share(own(props, "config.cpuAllocation"), 1),
        memory=_share(own(props, "config.memoryAllocation"), MIB),
        cpu_hot_add=_is(props, "config.cpuHotAddEnabled"),
        cpu_hot_remove=_is(props, "config.cpuHotRemoveEnabled"),
        memory_hot_add=_is(props, "config.memoryHotAddEnabled"),
        latency=own(props, "config.latencySensitivity").get("level", ""),
        cpu_affinity=_affinity(own(props, "config.cpuAffinity")),
        numa_nodes=options.get("numa.nodeAffinity", ""),
        settings=options,
    )


def _running(vm: partial[VM], props: Props) -> VM:
    """Its state, its snapshots, and what its guest says."""
    inside = props.get("guest", NOTHING)
    told = guest.view(inside)
    return vm(
        os_family=_family(inside.own.get("guestFamily", ""), text(props, "config.guestId")),
        os_name=told.os_name or text(props, "config.guestFullName"),
        power=guest.POWER.get(text(props, "runtime.powerState"), "off"),
        started_at=text(props, "runtime.bootTime"),
        state=text(props, "runtime.connectionState") or "connected",
        consolidate=_is(props, "runtime.consolidationNeeded"),
        fault_tolerant=text(props, "runtime.faultToleranceState") not in ("", "notConfigured")
        or guest.has(own(props, "config.ftInfo")),
        used_bytes=whole(text(props, "summary.storage.committed")),
        cpu_used_mhz=whole(text(props, "summary.quickStats.overallCpuUsage")),
        memory_used_bytes=times(whole(text(props, "summary.quickStats.guestMemoryUsage")), MIB),
        guest=told,
        snapshots=guest.snapshots(own(props, "snapshot")),
    )


def _family(told: str, os_id: str) -> str:
    if told in ("linuxGuest", "windowsGuest"):
        return told.removesuffix("Guest")
    lower = os_id.lower()
    if lower.startswith("win"):
        return "windows"
    if any(word in lower for word in _LINUX):
        return "linux"
    return "other" if told or lower not in ("", "otherguest", "otherguest64") else "unknown"


_LINUX = ("linux", "rhel", "debian", "ubuntu", "sles", "suse", "centos", "fedora", "oracle", "rocky", "alma", "photon",
          "coreos", "amazon", "asianux")  # fmt: skip


def _serial(uuid: str) -> str:
    """What the guest's SMBIOS says: VMware-56 4d ..."""
    plain = uuid.replace("-", "")
    if len(plain) != 32:
        return ""
    pairs = [plain[at : at + 2] for at in range(0, 32, 2)]
    return f"VMware-{' '.join(pairs[:8])}-{' '.join(pairs[8:])}"


def _attributes(values: Told, names: Mapping[str, str]) -> Mapping[str, str]:
    found = {}
    for one in each(values, "CustomFieldValue"):
        key = values.get(f"{one}/key", "")
        found[names.get(key, key)] = values.get(f"{one}/value", "")
    return found


def _share(told: Told, unit: int) -> Share:
    limit = number(told, "limit")
    return Share(
        reservation=times(number(told, "reservation"), unit) or 0,
        limit=None if limit is None or limit < 0 else times(limit, unit),
        shares=number(told, "shares/shares"),
        level=told.get("shares/level", ""),
    )


def _affinity(told: Told) -> tuple[int, ...]:
    found = [whole(one) for one in texts(told, "affinitySet")]
    return tuple(one for one in found if one is not None)


def _is(props: Props, name: str) -> bool:
    return flag(own(props, name), "")
