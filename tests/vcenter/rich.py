"""The VMs of a rich estate, as the ObjectContent that the simulator loads."""

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID
from xml.sax.saxutils import escape

from tests.vcenter.shape import GIB, Home, Shape


def tag(name: str, value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else escape(str(value))
    return f"<{name}>{text}</{name}>"


def tags(**values: object) -> str:
    return "".join(tag(name, value) for name, value in values.items())


def reference(element: str, kind: str, value: str) -> str:
    return f'<{element} type="{kind}">{escape(value)}</{element}>'


def device(kind: str, key: int, body: str) -> str:
    info = f'<deviceInfo xsi:type="Description">{tags(label=f"{kind} {key}", summary=kind)}</deviceInfo>'
    return f'<device xsi:type="{kind}"><key>{key}</key>{info}{body}</device>'


@dataclass(frozen=True)
class RichVM:
    shape: Shape
    home: Home

    @cached_property
    def place(self) -> str:
        return f"[{self.home.datastore_name}] {self.shape.id}/{self.shape.id}"

    def xml(self) -> str:
        properties = {
            "parent": f'<val type="Folder" xsi:type="ManagedObjectReference">{self.home.folder}</val>',
            "name": f'<val xsi:type="xsd:string">{escape(self.shape.name)}</val>',
            "overallStatus": '<val xsi:type="ManagedEntityStatus">green</val>',
            "configStatus": '<val xsi:type="ManagedEntityStatus">green</val>',
            "guestHeartbeatStatus": '<val xsi:type="ManagedEntityStatus">green</val>',
            "resourcePool": f'<val type="ResourcePool" xsi:type="ManagedObjectReference">{self.home.pool}</val>',
            "datastore": references([("Datastore", self.home.datastore)]),
            "network": references([self.network(card) for card in range(self.shape.cards)]),
            "config": value("VirtualMachineConfigInfo", self.config()),
            "runtime": value("VirtualMachineRuntimeInfo", self.runtime()),
            "guest": value("GuestInfo", self.guest()),
            "summary": value("VirtualMachineSummary", self.summary()),
            "capability": value("VirtualMachineCapability", tag("changeTrackingSupported", True)),
            "layout": value("VirtualMachineFileLayout", ""),
            "layoutEx": value("VirtualMachineFileLayoutEx", tag("timestamp", "2026-01-01T00:00:00Z")),
            "storage": value("VirtualMachineStorageInfo", tag("timestamp", "2026-01-01T00:00:00Z")),
            "recentTask": references([]),
        }
        if self.shape.snapshots:
            properties["snapshot"] = value("VirtualMachineSnapshotInfo", self.tree())
        sets = "".join(f"<propSet><name>{name}</name>{body}</propSet>" for name, body in properties.items())
        return f'{HEAD}<obj type="VirtualMachine">{self.shape.id}</obj>{sets}</ObjectContent>'

    def network(self, card: int) -> tuple[str, str]:
        return self.home.networks[(self.shape.number + card) % len(self.home.networks)]

    def config(self) -> str:
        shape, (guest_id, guest_name, _) = self.shape, self.shape.guest
        extra = "".join(
            f'<extraConfig xsi:type="OptionValue">{tag("key", f"pciBridge{n}.option{n}")}'
            f'<value xsi:type="xsd:string">value-{shape.number}-{n}</value></extraConfig>'
            for n in range(60)
        )
        files = tags(vmPathName=f"{self.place}.vmx", snapshotDirectory=f"{self.place.rpartition('/')[0]}/")
        limits = tags(reservation=shape.number % 7 * 100, expandableReservation=False, limit=-1)
        shares = "<shares>" + tags(shares=1000, level="normal") + "</shares>"
        return (
            tags(
                changeVersion=f"2026-01-01T00:00:{shape.number % 60:02d}Z", modified="2026-01-01T00:00:00Z",
                name=shape.name, guestFullName=guest_name, version="vmx-19", uuid=shape.uuid,
                createDate="2026-01-01T00:00:00Z", instanceUuid=UUID(int=shape.uuid.int ^ 1 << 60),
                template=shape.template, guestId=guest_id, annotation=f"note {shape.number}",
            )
            + f"<files>{files}</files><tools>{tags(toolsVersion=12352, afterPowerOn=True)}</tools><flags></flags>"
            + f"<hardware>{self.hardware()}</hardware>"
            + f"<cpuAllocation>{limits}{shares}</cpuAllocation><memoryAllocation>{limits}{shares}</memoryAllocation>"
            + tags(memoryHotAddEnabled=True, cpuHotAddEnabled=True)
            + extra
            + tag("swapPlacement", "inherit")
            + f"<bootOptions>{tags(bootDelay=0, enterBIOSSetup=False, efiSecureBootEnabled=shape.efi)}</bootOptions>"
            + tags(changeTrackingEnabled=shape.tracked, firmware="efi" if shape.efi else "bios", nestedHVEnabled=False)
        )  # fmt: skip

    def hardware(self) -> str:
        shape = self.shape
        own = "".join(tag("device", 2000 + disk) for disk in range(shape.disks))
        controller = tags(controllerKey=100, unitNumber=3, busNumber=0) + own
        parts = [
            tags(numCPU=shape.cpus, numCoresPerSocket=1, memoryMB=shape.memory_mib),
            device("VirtualIDEController", 200, tag("busNumber", 0)),
            device("VirtualPCIController", 100, tag("busNumber", 0)),
            device(
                "ParaVirtualSCSIController",
                1000,
                controller + tags(hotAddRemove=True, sharedBus="noSharing", scsiCtlrUnitNumber=7),
            ),
            *(self.disk(number) for number in range(shape.disks)),
            *(self.card(number) for number in range(shape.cards)),
        ]
        if shape.tpm:
            parts.append(device("VirtualTPM", 11000, ""))
        if shape.passthrough:
            parts.append(device("VirtualPCIPassthrough", 13000, tags(controllerKey=100, unitNumber=18)))
        return "".join(parts)

    def disk(self, number: int) -> str:
        shape = self.shape
        file = tag("fileName", f"{self.place}{f'_{number}' if number else ''}.vmdk")
        store = reference("datastore", "Datastore", self.home.datastore)
        mode = "independent_persistent" if shape.independent and number == 0 else "persistent"
        uuid = f"6000C29{shape.number:x}-{number:04x}"
        if shape.rdm and number == shape.disks - 1:
            kind = "VirtualDiskRawDiskMappingVer1BackingInfo"
            body = file + store + tags(lunUuid="0200aa", deviceName="vml.0200aa", compatibilityMode="physicalMode",
                                       diskMode="independent_persistent", uuid=uuid)  # fmt: skip
        else:
            kind = "VirtualDiskFlatVer2BackingInfo"
            thin = shape.number % 4 != 0
            body = file + store + tags(diskMode=mode, split=False, writeThrough=False, thinProvisioned=thin, uuid=uuid,
                                       sharing="sharingNone")  # fmt: skip
        size = shape.disk_bytes(number)
        return device(
            "VirtualDisk",
            2000 + number,
            f'<backing xsi:type="{kind}">{body}</backing>'
            + tags(controllerKey=1000, unitNumber=number, capacityInKB=size >> 10, capacityInBytes=size),
        )

    def card(self, number: int) -> str:
        kind, network = self.network(number)
        if kind == "DistributedVirtualPortgroup":
            port = tags(switchUuid="50 1e 3c 8a 5f", portgroupKey=network, portKey=self.shape.number)
            backing = "VirtualEthernetCardDistributedVirtualPortBackingInfo", f"<port>{port}</port>"
        else:
            body = tag("deviceName", network) + reference("network", kind, network)
            backing = "VirtualEthernetCardNetworkBackingInfo", body
        connect = tags(startConnected=True, allowGuestControl=True, connected=self.shape.on, status="ok")
        return device(
            "VirtualVmxnet3",
            4000 + number,
            f'<backing xsi:type="{backing[0]}">{backing[1]}</backing><connectable>{connect}</connectable>'
            + tags(controllerKey=100, unitNumber=7 + number, addressType="assigned", macAddress=self.shape.mac(number)),
        )

    def runtime(self) -> str:
        return reference("host", "HostSystem", self.home.host) + tags(
            connectionState="connected", powerState="poweredOn" if self.shape.on else "poweredOff",
            faultToleranceState="notConfigured", toolsInstallerMounted=False, numMksConnections=0,
            recordReplayState="inactive", onlineStandby=False, consolidationNeeded=False,
        )  # fmt: skip

    def guest(self) -> str:
        shape, (guest_id, guest_name, family) = self.shape, self.shape.guest
        if not shape.on:
            return tags(
                toolsStatus="toolsNotRunning", toolsRunningStatus="guestToolsNotRunning", guestState="notRunning"
            )
        dns = tags(dhcp=False, hostName=shape.id, domainName="example.org", ipAddress="10.0.0.53")
        route = (
            tags(network="0.0.0.0", prefixLength=0)
            + "<gateway>"
            + tags(ipAddress="10.0.0.1", device="0")
            + "</gateway>"
        )
        stack = f"<dnsConfig>{dns}</dnsConfig><ipRouteConfig><ipRoute>{route}</ipRoute></ipRouteConfig>"
        windows = family == "windowsGuest"
        paths = ["CDEF"[n] + ":\\" if windows else ("/" if n == 0 else f"/data{n}") for n in range(shape.disks)]
        return (
            tags(toolsStatus="toolsOk", toolsVersionStatus2="guestToolsCurrent", toolsRunningStatus="guestToolsRunning",
                 toolsVersion="12352", guestId=guest_id, guestFamily=family, guestFullName=guest_name,
                 hostName=f"{shape.id}.example.org", ipAddress=shape.address(0))
            + "".join(self.guest_card(card) for card in range(shape.cards))
            + f"<ipStack>{stack}</ipStack>"
            + "".join(f"<disk>{tags(diskPath=path, capacity=20 * GIB, freeSpace=10 * GIB)}</disk>" for path in paths)
            + tag("guestState", "running")
        )  # fmt: skip

    def guest_card(self, card: int) -> str:
        shape = self.shape
        config = tags(ipAddress=shape.address(card), prefixLength=24, state="preferred")
        return "<net>" + tags(
            network=self.network(card)[1], ipAddress=shape.address(card), macAddress=shape.mac(card), connected=True,
            deviceConfigId=4000 + card,
        ) + f"<ipConfig><ipAddress>{config}</ipAddress></ipConfig></net>"  # fmt: skip

    def summary(self) -> str:
        shape, (guest_id, guest_name, _) = self.shape, self.shape.guest
        config = tags(
            name=shape.name, template=shape.template, vmPathName=f"{self.place}.vmx", memorySizeMB=shape.memory_mib,
            numCpu=shape.cpus, numEthernetCards=shape.cards, numVirtualDisks=shape.disks, uuid=shape.uuid,
            guestId=guest_id, guestFullName=guest_name, tpmPresent=shape.tpm,
        )  # fmt: skip
        storage = tags(committed=shape.number * 1_000_003, uncommitted=0, unshared=0, timestamp="2026-01-01T00:00:00Z")
        return (
            reference("vm", "VirtualMachine", shape.id)
            + f"<runtime>{self.runtime()}</runtime><config>{config}</config><storage>{storage}</storage>"
            + f"<quickStats>{tags(**self.statistics())}</quickStats>"
            + tag("overallStatus", "green")
        )

    def statistics(self) -> dict[str, object]:
        shape = self.shape
        return {"overallCpuUsage": shape.used_mhz, "guestMemoryUsage": shape.used_mib, "guestHeartbeatStatus": "green",
                "balloonedMemory": 0}  # fmt: skip

    def tree(self) -> str:
        """One snapshot below the other."""
        below = ""
        for level in reversed(range(self.shape.snapshots)):
            own = self.snapshot(level)
            leaf = (
                reference("snapshot", "VirtualMachineSnapshot", own)
                + reference("vm", "VirtualMachine", self.shape.id)
                + tags(name=f"s{level}", description="made before", id=level + 1,
                       createTime=self.shape.snapshot_at(level), state="poweredOff", quiesced=False)
            )  # fmt: skip
            below = leaf + (f"<childSnapshotList>{below}</childSnapshotList>" if below else "")
        current = self.snapshot(self.shape.snapshots - 1)
        return (
            reference("currentSnapshot", "VirtualMachineSnapshot", current)
            + f"<rootSnapshotList>{below}</rootSnapshotList>"
        )

    def snapshot(self, level: int) -> str:
        return f"snapshot-{100_000 + self.shape.number}-{level}"


HEAD = (
    '<ObjectContent xmlns="urn:vim25" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
)


def value(kind: str, body: str) -> str:
    return f'<val xsi:type="{kind}">{body}</val>'


def references(refs: list[tuple[str, str]]) -> str:
    kept = dict.fromkeys(refs)
    inside = "".join(
        f'<ManagedObjectReference type="{kind}" xsi:type="ManagedObjectReference">{escape(one)}'
        "</ManagedObjectReference>"
        for kind, one in kept
    )
    return value("ArrayOfManagedObjectReference", inside)
