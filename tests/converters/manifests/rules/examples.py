"""One example for each rule: what makes a sound document break it, and what else has to be known for that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mtv.converters.manifests.rules import Target, Versions, objects_of
from tests.converters.manifests.rules import documents as sound

Changes = Mapping[str, Any]


@dataclass(frozen=True)
class Example:
    changes: Changes
    base: Mapping[str, Any] = field(default_factory=lambda: sound.MACHINE)
    target: Target = Target()
    versions: Versions = Versions()


OLD = Versions(kubevirt=(1, 6))
VIRTIO, EFI = {"bus": "virtio"}, {"efi": {"secureBoot": False}}
SMM = {"smm": {"enabled": True}}


def disk(**more: Any) -> Changes:
    return {"disks": [{"name": "d0", "disk": dict(VIRTIO), **more}]}


def lun(**more: Any) -> Changes:
    return {"disks": [{"name": "d0", "lun": more}]}


def nic(**more: Any) -> Changes:
    return {"interfaces": [{"name": "n0", "masquerade": {}, **more}]}


def bridged(**more: Any) -> Changes:
    found = {"name": "n0", "bridge": {}, **more}
    return {"interfaces": [found], ".networks": [{"name": "n0", "multus": {"networkName": "vlan"}}]}


def volume(**source: Any) -> Changes:
    return {".volumes": [{"name": "d0", **source}]}


def cloud(**source: Any) -> Changes:
    return volume(cloudInitNoCloud=source)


def launch(**kind: Any) -> Changes:
    return {"launchSecurity": kind, "firmware/bootloader": EFI}


def dedicated(**changes: Any) -> Changes:
    return {"cpu": {"sockets": 2, "cores": 1, "dedicatedCpuPlacement": True}, **changes}


def grows(most: str = "4Gi", **changes: Any) -> Changes:
    return {"memory": {"guest": "1Gi", "maxGuest": most}, **changes}


def template(**changes: Any) -> Changes:
    found = {"metadata": {"name": "d1"}, "spec": {"source": {"blank": {}}, "storage": {}}} | changes
    return {"spec/dataVolumeTemplates": [found], **volume(dataVolume={"name": "d1"})}


def dv(changes: Changes, **more: Any) -> Example:
    return Example(changes, sound.VOLUME, **more)


def source(**kinds: Any) -> Example:
    return dv({"spec/source": kinds})


def pvc(**changes: Any) -> Example:
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}} | changes
    return dv({"spec/storage": ..., "spec/pvc": claim})


def affinity(**kinds: Any) -> Example:
    return Example({".affinity": kinds})


def knowing(*there: Mapping[str, Any]) -> Target:
    return Target(objects=objects_of(there))


GATE_SEV = Target(gates=frozenset({"WorkloadEncryptionSEV", "WorkloadEncryptionTDX"}))
SPREAD = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
SSH = {"source": {"secret": {"secretName": "s"}}, "propagationMethod": {"noCloud": {}}}
VDDK = {"url": "https://vc/sdk", "uuid": "u", "backingFile": "[a] b/b.vmdk", "thumbprint": "AA"}

EXAMPLES: Mapping[str, Example] = {
    "kind.unknown": Example({"kind": "VirtualMachin"}),
    "kind.missing": Example({"kind": ...}),
    "kind.version": Example({"apiVersion": "kubevirt.io/v1alpha3"}),
    "field.type": Example({"cpu/cores": "2"}),
    "field.missing": Example({"spec/template": ...}),
    "field.empty": Example(volume(persistentVolumeClaim={})),
    "field.choice": Example({".dnsPolicy": "Cluster"}),
    "field.form": Example({"memory/guest": "1 GiB"}),
    "field.range": Example({"cpu/cores": -1}),
    "field.twice": Example({".topologySpreadConstraints": [SPREAD, SPREAD]}),
    "field.unknown": Example({"cpu/kores": 2}),
    "field.unknown-datavolume": dv({"spec/foo": 1}),
    "name.none": Example({"metadata/name": ...}),
    "name.form": Example({"metadata/name": "Web"}),
    "name.namespace": Example({"metadata/namespace": "a.b"}),
    "name.label": Example({"metadata/labels": {"a": "b" * 64}}),
    "name.annotation": Example({"metadata/annotations": {"a b": "c"}}),
    "name.annotations-large": Example({"metadata/annotations": {"a": "b" * (256 << 10)}}),
    "name.dots": Example({"metadata/name": "web.example"}),
    "name.long": Example({"metadata/name": "w" * 64}),
    "run.both": Example({"spec/running": False}),
    "run.none": Example({"spec/runStrategy": ...}),
    "run.strategy": Example({"spec/runStrategy": "Sometimes"}),
    "run.receiver": Example({"spec/runStrategy": "WaitAsReceiver"}),
    "run.running": Example({"spec/runStrategy": ..., "spec/running": True}),
    "template.name": Example(template(metadata={})),
    "template.storage": Example(template(spec={"source": {"blank": {}}})),
    "template.source": Example(template(spec={"source": {"blank": {}, "upload": {}}, "storage": {}})),
    "template.unused": Example(template(metadata={"name": "d2"})),
    "template.namespace": Example(
        {**template(metadata={"name": "d1", "namespace": "b"}), "metadata/namespace": "a"}
    ),
    "instancetype.matcher": Example({"spec/preference": {"kind": "VirtualMachinePreference"}}),
    "instancetype.conflict": Example({"spec/instancetype": {"name": "u1.small"}}, target=knowing(sound.SIZE)),
    "instancetype.requirement": Example({"spec/preference": {"name": "windows.11"}}, target=knowing(sound.TASTE)),
    "instancetype.firmware": Example({"spec/preference": {"name": "windows.11"}}, target=knowing(sound.TASTE)),
    "disk.name-twice": Example({"disks": [{"name": "d0"}, {"name": "d0"}]}),
    "disk.name-form": Example({"disks": [{"name": "D_0"}], ".volumes": [{"name": "D_0", "sysprep": {}}]}),
    "disk.targets": Example(disk(cdrom={})),
    "disk.pci-bus": Example(disk(disk={"bus": "sata", "pciAddress": "0000:03:00.0"})),
    "disk.pci-form": Example(disk(disk={"bus": "virtio", "pciAddress": "03:00"})),
    "disk.boot-order": Example(disk(bootOrder=0)),
    "disk.boot-order-twice": Example({**disk(bootOrder=1), **nic(bootOrder=1)}),
    "disk.bus-ide": Example(disk(disk={"bus": "ide"})),
    "disk.bus": Example(disk(disk={"bus": "nvme"})),
    "disk.cdrom-virtio": Example({"disks": [{"name": "d0", "cdrom": {"bus": "virtio"}}]}),
    "disk.sata-readonly": Example(disk(disk={"bus": "sata", "readonly": True})),
    "disk.io-thread": Example(disk(disk={"bus": "scsi"}, dedicatedIOThread=True)),
    "disk.reservation-gate": Example(lun(bus="scsi", reservation=True), versions=OLD),
    "disk.serial-form": Example(disk(serial="a b")),
    "disk.serial-long": Example(disk(serial="a" * 257)),
    "disk.cache": Example(disk(cache="unsafe")),
    "disk.io": Example(disk(io="io_uring")),
    "disk.error-policy": Example(disk(errorPolicy="panic")),
    "disk.block-both": Example(
        disk(blockSize={"matchVolume": {}, "custom": {"logical": 512, "physical": 512}})
    ),
    "disk.block-order": Example(disk(blockSize={"custom": {"logical": 4096, "physical": 512}})),
    "disk.block-sata": Example(
        disk(disk={"bus": "sata"}, blockSize={"custom": {"logical": 4096, "physical": 4096}})
    ),
    "disk.block-discard": Example(
        disk(blockSize={"custom": {"logical": 512, "physical": 512, "discardGranularity": 700}})
    ),
    "disk.block-size": Example(disk(blockSize={"custom": {"logical": 600, "physical": 1024}})),
    "disk.volume-missing": Example({"disks": [{"name": "d0"}, {"name": "d1"}]}),
    "disk.drive-empty": Example(
        {"disks": [{"name": "d0"}, {"name": "cd", "cdrom": {"bus": "sata"}}]}, versions=Versions(kubevirt=(1, 8))
    ),
    "disk.lun-volume": Example({**lun(bus="scsi"), **volume(emptyDisk={"capacity": "1Gi"})}),
    "disk.shared-cache": Example(disk(shareable=True, cache="writeback")),
    "disk.reservation-bus": Example(lun(bus="sata", reservation=True)),
    "disk.serial-cut": Example(disk(serial="6000C29a1b2c3d4e5f60112")),
    "volume.name-twice": Example({".volumes": [{"name": "d0", "sysprep": {}}] * 2}),
    "volume.source": Example(volume()),
    "volume.datavolume-name": Example(volume(dataVolume={})),
    "volume.userdata-sources": Example(cloud(userData="x", secretRef={"name": "s"})),
    "volume.userdata-long": Example(cloud(userData="ä" * 1025)),
    "volume.networkdata-sources": Example(cloud(networkData="x", networkDataBase64="eA==")),
    "volume.networkdata-long": Example(cloud(networkData="x" * 2049)),
    "volume.base64": Example(cloud(userDataBase64="%%")),
    "volume.cloudinit-empty": Example(cloud()),
    "volume.gate": Example(volume(hostDisk={"path": "/a", "type": "Disk"})),
    "volume.host-path": Example(volume(hostDisk={"path": "", "type": "Disk"})),
    "volume.host-type": Example(volume(hostDisk={"path": "/a", "type": "File"})),
    "volume.host-size": Example(volume(hostDisk={"path": "/a", "type": "Disk", "capacity": "1Gi"})),
    "volume.name": Example(volume(secret={})),
    "volume.one-only": Example(
        {".volumes": [{"name": name, "serviceAccount": {"serviceAccountName": "a"}} for name in ("d0", "d1")]}
    ),
    "volume.metrics-disk": Example({**disk(disk={"bus": "sata"}), **volume(downwardMetrics={})}),
    "volume.path": Example(volume(containerDisk={"image": "a/b:1", "path": "/a/../b"})),
    "volume.filesystem-gate": Example({"filesystems": [{"name": "d0", "virtiofs": {}}]}),
    "volume.utility": Example({".utilityVolumes": [{"name": "a", "claimName": "b"}]}),
    "nic.binding": Example({"interfaces": [{"name": "n0"}]}),
    "nic.binding-both": Example(nic(binding={"name": "l2bridge"}), versions=OLD),
    "nic.binding-none": Example({"interfaces": [{"name": "n0"}]}, versions=OLD),
    "nic.masquerade-pod": Example({".networks": [{"name": "n0", "multus": {"networkName": "vlan"}}]}),
    "nic.mac-reserved": Example(nic(macAddress="02:00:00:00:00:00")),
    "nic.passt-gate": Example({"interfaces": [{"name": "n0", "passtBinding": {}}]}, versions=OLD),
    "nic.passt-pod": Example({**bridged(bridge=None, passtBinding={})}),
    "nic.binding-gone": Example({"interfaces": [{"name": "n0", "slirp": {}}]}),
    "nic.state": Example(nic(state="sideways")),
    "nic.state-sriov": Example(bridged(bridge=None, sriov={}, state="down")),
    "nic.state-absent": Example(nic(state="absent")),
    "nic.name-twice": Example({"interfaces": [{"name": "n0", "masquerade": {}}] * 2}),
    "nic.name-form": Example(
        {"interfaces": [{"name": "n.0", "masquerade": {}}], ".networks": [{"name": "n.0", "pod": {}}]}
    ),
    "nic.network-missing": Example({".networks": []}),
    "nic.model": Example(nic(model="vmxnet3")),
    "nic.mac-form": Example(nic(macAddress="zz")),
    "nic.mac-long": Example(nic(macAddress="00:50:56:9a:01:02:03:04")),
    "nic.pci-form": Example(nic(pciAddress="3")),
    "nic.port": Example(nic(ports=[{"port": 0}])),
    "nic.port-name": Example(nic(ports=[{"port": 80, "name": "-http"}])),
    "nic.port-ranges": Example(nic(portRanges=[{"protocol": "TCP", "start": 1, "end": 9}])),
    "nic.port-protocol": Example(nic(ports=[{"port": 80, "protocol": "SCTP"}])),
    "nic.dhcp-option": Example(nic(dhcpOptions={"privateOptions": [{"option": 223, "value": "a"}]})),
    "nic.dhcp-ntp": Example(nic(dhcpOptions={"ntpServers": ["::1"]})),
    "nic.mac-multicast": Example(nic(macAddress="01:50:56:9a:01:02")),
    "nic.mac-zero": Example(nic(macAddress="00-00-00-00-00-00")),
    "nic.mac-twice": Example({
        "interfaces": [{"name": name, "macAddress": "0050.569a.0102", kind: {}} for name, kind in
                       (("n0", "masquerade"), ("n1", "bridge"))],
        ".networks": [{"name": "n0", "pod": {}}, {"name": "n1", "multus": {"networkName": "vlan"}}],
    }),
    "nic.none": Example({"interfaces": ..., ".networks": ...}),
    "network.pod-twice": Example({".networks": [{"name": "n0", "pod": {}}, {"name": "n1", "pod": {}}]}),
    "network.default-twice": Example(
        {".networks": [{"name": n, "multus": {"networkName": "a", "default": True}} for n in ("n0", "n1")]}
    ),
    "network.pod-and-default": Example(
        {".networks": [{"name": "n0", "pod": {}}, {"name": "n1", "multus": {"networkName": "a", "default": True}}]}
    ),
    "network.source": Example({".networks": [{"name": "n0", "pod": {}, "multus": {"networkName": "a"}}]}),
    "network.multus-name": Example({".networks": [{"name": "n0", "multus": {"networkName": ""}}]}),
    "network.claim-gate": Example({".networks": [{"name": "n0", "resourceClaim": {"claimName": "a"}}]}),
    "network.name-twice": Example({".networks": [{"name": "n0", "pod": {}}] * 2}),
    "network.unused": Example({"interfaces": []}),
    "cpu.negative": Example({"resources/requests": {"cpu": "-1"}}),
    "cpu.request": Example({"resources": {"requests": {"cpu": "3"}, "limits": {"cpu": "2500m"}}}),
    "cpu.sockets": Example({"cpu/maxSockets": 1}),
    "cpu.feature-policy": Example({"cpu/features": [{"name": "vmx", "policy": "maybe"}]}),
    "cpu.isolate": Example({"cpu/isolateEmulatorThread": True}),
    "cpu.model": Example({"cpu/model": "Z80"}),
    "cpu.many": Example({"cpu/sockets": 1000}),
    "dedicated.memory": Example(dedicated(memory=...)),
    "dedicated.memory-equal": Example(
        dedicated(resources={"requests": {"memory": "1Gi"}, "limits": {"memory": "2Gi"}})
    ),
    "dedicated.whole": Example(dedicated(resources={"requests": {"cpu": "1500m"}})),
    "dedicated.equal": Example(dedicated(resources={"requests": {"cpu": 1}, "limits": {"cpu": 2}})),
    "dedicated.vcpus": Example(dedicated(resources={"requests": {"cpu": 3}})),
    "dedicated.threads": Example({"cpu": {"threads": 3, "dedicatedCpuPlacement": True}}),
    "numa.dedicated": Example({"cpu/numa": {"guestMappingPassthrough": {}}}),
    "numa.hugepages": Example({"cpu/numa": {"guestMappingPassthrough": {}}}),
    "numa.realtime": Example({"cpu/realtime": {}}),
    "memory.negative": Example({"resources/limits": {"memory": "-1Gi"}}),
    "memory.request-small": Example({"resources/requests": {"memory": "999k"}}),
    "memory.request": Example({"resources": {"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}}),
    "memory.page-form": Example({"memory/hugepages": {"pageSize": "big"}}),
    "memory.page-large": Example({"memory": {"guest": "512Mi", "hugepages": {"pageSize": "1Gi"}}}),
    "memory.page-multiple": Example({"memory/hugepages": {"pageSize": "3Mi"}}),
    "memory.overhead-gate": Example({"memory/reservedOverhead": {}}),
    "memory.none": Example({"memory": ...}),
    "memory.tiny": Example({"memory/guest": "512Ki"}),
    "memory.over-limit": Example({"resources/limits": {"memory": "512Mi"}}),
    "hotplug.kind": Example(grows(launchSecurity={"sev": {}})),
    "hotplug.architecture": Example({**grows(), ".architecture": "s390x"}),
    "hotplug.guest": Example({"memory": {"maxGuest": "4Gi"}}),
    "hotplug.less": Example(grows("512Mi")),
    "hotplug.aligned": Example(grows("1025Mi")),
    "hotplug.small": Example({"memory": {"guest": "512Mi", "maxGuest": "2Gi"}}),
    "machine.type": Example({"machine/type": "pc-i440fx-2.12"}),
    "machine.type-node": Example({"machine/type": "pc-q35-rhel9.6.0"}),
    "machine.architecture": Example({".architecture": "x86"}),
    "machine.architecture-gate": Example({".architecture": "arm64"}, versions=OLD),
    "machine.reboot-gate": Example({"rebootPolicy": "Terminate"}, versions=OLD),
    "firmware.both": Example({"firmware/bootloader": {**EFI, "bios": {}}}),
    "firmware.secure-boot-smm": Example({"firmware/bootloader": {"efi": {}}}),
    "firmware.serial": Example({"firmware/serial": "VMware-42 2c"}, versions=OLD),
    "firmware.acpi-none": Example({"firmware/acpi": {}}),
    "firmware.acpi-volume": Example({"firmware/acpi": {"slicNameRef": "d0"}}),
    "firmware.kernel-args": Example({"firmware/kernelBoot": {"kernelArgs": "quiet"}}),
    "firmware.kernel-image": Example({"firmware/kernelBoot": {"container": {"image": "", "kernelPath": "/k"}}}),
    "firmware.kernel-path": Example({"firmware/kernelBoot": {"container": {"image": "a/b", "kernelPath": "k"}}}),
    "firmware.uuid": Example({"firmware/uuid": "xyz"}),
    "firmware.state-storage": Example({"tpm": {"persistent": True}}, target=Target(has_persistent_storage=False)),
    "launch.one": Example(launch(sev={}, snp={})),
    "launch.architecture": Example({**launch(sev={}), ".architecture": "arm64"}),
    "launch.gate": Example(launch(tdx={})),
    "launch.efi": Example({"launchSecurity": {"sev": {}}}, target=GATE_SEV),
    "launch.secure-boot": Example({**launch(sev={}), "firmware/bootloader": {"efi": {}}, "features": SMM}),
    "launch.persistent": Example(
        {**launch(snp={}), "firmware/bootloader": {"efi": {"secureBoot": False, "persistent": True}}}
    ),
    "launch.smm": Example({**launch(tdx={}), "features": SMM}, target=GATE_SEV),
    "launch.paused": Example(launch(sev={"attestation": {}})),
    "launch.snp": Example(launch(snp={"policy": "many"})),
    "launch.nic-boot": Example({**launch(sev={}), **nic(bootOrder=1)}),
    "device.input-bus": Example({"inputs": [{"name": "t", "type": "tablet", "bus": "ps2"}]}),
    "device.input-type": Example({"inputs": [{"name": "t", "type": "mouse"}]}),
    "device.io-threads": Example({"ioThreadsPolicy": "many"}),
    "device.io-pool": Example({"ioThreadsPolicy": "supplementalPool"}),
    "device.host": Example({"hostDevices": [{"name": "h", "deviceName": "a.com/X"}]}),
    "device.gpu-display": Example(
        {"gpus": [{"name": n, "deviceName": "a.com/X", "virtualGPUOptions": {"display": {}}} for n in ("a", "b")]}
    ),
    "device.sound": Example({"sound": {"name": "s", "model": "es1370"}}),
    "device.sound-name": Example({"sound": {"name": ""}}),
    "device.vsock": Example({"autoattachVSOCK": True}),
    "device.metrics": Example({"downwardMetrics": {}}),
    "device.video-gate": Example({"video": {"type": "vga"}}, versions=Versions(kubevirt=(1, 8))),
    "device.video-none": Example({"video": {"type": "vga"}, "autoattachGraphicsDevice": False}),
    "device.panic-gate": Example({"panicDevices": [{"model": "isa"}]}, versions=OLD),
    "device.panic": Example({"panicDevices": [{"model": "blue"}]}),
    "device.watchdog": Example({"watchdog": {"name": "w", "diag288": {"action": "reset"}}}),
    "device.video": Example({"video": {"type": "vmvga"}}),
    "device.gpu": Example({"gpus": [{"name": "g", "deviceName": "nvidia.com/X"}]}),
    "device.timezone": Example({"clock": {"timezone": "Mars/Olympus"}}),
    "device.clock": Example({"clock": {"utc": {}, "timezone": "Europe/Vienna"}}),
    "hyperv.needs": Example({"features/hyperv": {"synic": {}, "vpindex": {"enabled": False}}}),
    "hyperv.passthrough": Example({"features": {"hyperv": {"relaxed": {}}, "hypervPassthrough": {}}}),
    "hyperv.evmcs": Example({"features/hyperv": {"evmcs": {}}}),
    "hyperv.spinlocks": Example({"features/hyperv": {"spinlocks": {"spinlocks": 4000}}}),
    "placement.hostname": Example({".hostname": "WEB01"}),
    "placement.subdomain": Example({".subdomain": "Example.org"}),
    "placement.eviction": Example({".evictionStrategy": "Never"}),
    "placement.start": Example({".startStrategy": "Running"}),
    "placement.label-reserved": Example({"meta/labels": {"kubevirt.io/created-by": "x"}}),
    "placement.annotation-gate": Example({"meta/annotations": {"hooks.kubevirt.io/hookSidecars": "[]"}}),
    "placement.affinity": affinity(
        podAntiAffinity={"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": ""}]}
    ),
    "placement.spread": Example({".topologySpreadConstraints": [{**SPREAD, "maxSkew": 0}]}),
    "placement.label": Example({"meta/labels": {"app": "a" * 64}}),
    "placement.toleration": Example({".tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}),
    "placement.node-selector": Example({".nodeSelector": {"zone": "a b"}}),
    "placement.grace": Example({".terminationGracePeriodSeconds": -1}),
    "dns.policy": Example({".dnsPolicy": "Cluster"}),
    "dns.none": Example({".dnsPolicy": "None"}),
    "dns.nameservers": Example({".dnsConfig": {"nameservers": ["ns.example.org"]}}),
    "dns.searches": Example({".dnsConfig": {"searches": [f"s{number}.org" for number in range(7)]}}),
    "dns.option": Example({".dnsConfig": {"options": [{"value": "2"}]}}),
    "probe.one": Example({".livenessProbe": {"exec": {"command": ["true"]}, "guestAgentPing": {}}}),
    "probe.network": Example({**bridged(), ".readinessProbe": {"tcpSocket": {"port": 22}}}),
    "credential.kind": Example({".accessCredentials": [{}]}),
    "credential.source": Example({".accessCredentials": [{"sshPublicKey": {**SSH, "source": {}}}]}),
    "credential.method": Example({".accessCredentials": [{"sshPublicKey": {**SSH, "propagationMethod": {}}}]}),
    "credential.users": Example(
        {".accessCredentials": [{"sshPublicKey": {**SSH, "propagationMethod": {"qemuGuestAgent": {"users": []}}}}]}
    ),
    "credential.volume": Example({".accessCredentials": [{"sshPublicKey": SSH}]}),
    "datavolume.claim-exists": dv({}, target=knowing({**sound.CLAIM, "metadata": {"name": "d0", "namespace": "demo"}})),
    "datavolume.storage": dv({"spec/storage": ...}),
    "datavolume.size": dv({"spec/storage": {}}),
    "datavolume.size-zero": dv({"spec/storage/resources/requests": {"storage": "0"}}),
    "datavolume.size-small": dv({"spec/storage/resources/requests": {"storage": "1048575"}}),
    "datavolume.class-long": dv({"spec/storage/storageClassName": "c" * 254}),
    "datavolume.access-none": pvc(accessModes=[]),
    "datavolume.access-several": pvc(accessModes=["ReadWriteOnce", "ReadWriteMany"]),
    "datavolume.access": dv({"spec/storage/accessModes": ["RWX"]}),
    "datavolume.source": dv({"spec/source": ...}),
    "datavolume.populated": dv({"spec/storage/dataSourceRef": {"kind": "VolumeImportSource", "name": "a"}}),
    "datavolume.source-ref": dv({"spec/source": ..., "spec/sourceRef": {"kind": "Image", "name": "a"}}),
    "datavolume.sources": source(blank={}, upload={}),
    "datavolume.content": dv({"spec/contentType": "iso"}),
    "datavolume.volume-mode": dv({"spec/storage/volumeMode": "Disk"}),
    "datavolume.archive-block": dv(
        {"spec/source": {"upload": {}}, "spec/contentType": "archive", "spec/storage/volumeMode": "Block"}
    ),
    "datavolume.checkpoints": dv({"spec/checkpoints": [{"previous": "", "current": "a"}]}),
    "source.url": source(http={"url": "ftp://a/b"}),
    "source.blank-archive": dv({"spec/contentType": "archive"}),
    "source.registry": source(registry={"url": "https://a/b"}),
    "source.registry-archive": dv(
        {"spec/source": {"registry": {"url": "docker://a/b"}}, "spec/contentType": "archive"}
    ),
    "source.registry-pull": source(registry={"imageStream": "a"}),
    "source.imageio": source(imageio={"url": "https://e/api", "diskId": "x", "secretRef": "s"}),
    "source.vddk": source(vddk=VDDK),
    "source.clone": source(pvc={"name": "a", "namespace": ""}),
    "claim.access": Example({"spec/accessModes": ["ReadWriteOncePod", "ReadWriteMany"]}, sound.CLAIM),
    "claim.size": Example({"spec/resources/requests": {}}, sound.CLAIM),
    "claim.limit": Example({"spec/resources/limits": {"storage": "1Mi"}}, sound.CLAIM),
    "snapshot.source": Example({"spec/source/kind": "Pod"}, sound.SNAPSHOT),
    "attachment.config": Example({"spec/config": "{"}, sound.ATTACHMENT),
}  # fmt: skip
