"""Objects as clusters really have them, in neutral words."""

from typing import Any

from mtv.model.estate import VM, Network
from mtv.model.infrastructure import Facility, Host, Place, Switch
from mtv.providers.kubevirt.objects import configuration, machines, networks, nodes, storage
from mtv.providers.kubevirt.objects.around import Around
from tests.providers.kubevirt.telling import Object, claim, machine


def around() -> Around:
    return Around("lab", "cl", "default")


def one(reader: Any, of: Object, place: Around | None = None) -> Facility:
    (found,) = [each for each in reader(of, place or around()) if isinstance(each, Facility)]
    return found


def test_a_node_with_its_devices_models_and_limits() -> None:
    place = around()
    list(nodes.read_limits({"metadata": {"name": "n1"}, "spec": {"drivers": [
        {"name": "csi.vsphere", "allocatable": {"count": 59}}, {"name": "nfs"}]}}, place))  # fmt: skip
    node = {
        "metadata": {"name": "n1", "labels": {
            "kubevirt.io/schedulable": "true", "cpu-model.node.kubevirt.io/Skylake-Server": "true",
            "cpu-model.node.kubevirt.io/Penryn": "false", "host-model-cpu.node.kubevirt.io/Icelake-Server": "true",
            "machine-type.node.kubevirt.io/pc-q35-rhel9.6.0": "true", "zone": "a",
        }},
        "spec": {"unschedulable": True, "taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}]},
        "status": {
            "capacity": {"cpu": "32", "memory": "128Gi"},
            "allocatable": {"cpu": "31500m", "memory": "127Gi", "pods": "250", "devices.kubevirt.io/kvm": "1k",
                            "nvidia.com/A2": "2"},
            "addresses": [{"type": "Hostname", "address": "n1"}, {"type": "InternalIP", "address": "10.0.0.7"}],
            "conditions": [{"type": "Ready", "status": "Unknown"}],
            "nodeInfo": {"kubeletVersion": "v1.33.1", "osImage": "RHCOS", "kernelVersion": "5.14"},
        },
    }  # fmt: skip
    host, facility = nodes.read_node(node, place)
    assert isinstance(host, Host)
    assert isinstance(facility, Facility)
    assert (host.address, host.threads, host.memory_bytes, host.state, host.maintenance, host.cpu_model) == (
        "10.0.0.7", 32, 128 << 30, "disconnected", True, "Icelake-Server",
    )  # fmt: skip
    facts = facility.facts
    assert facts["devices"] == {"devices.kubevirt.io/kvm": 1000, "nvidia.com/A2": 2}
    assert (facts["cpu_thousandths"], facts["allocatable"]) == (31500, {"memory": 127 << 30, "pods": 250})
    assert facts["attach_limits"] == {"csi.vsphere": 59, "nfs": None}
    assert (facts["cpu_models"], facts["machine_types"]) == (["Skylake-Server"], ["pc-q35-rhel9.6.0"])
    assert (facts["taints"], facts["schedulable"], facts["labels"]) == (
        ["k=v:NoSchedule"], True, {"kubevirt.io/schedulable": "true", "zone": "a"},
    )  # fmt: skip


def test_bridges_and_localnets_that_a_node_really_has() -> None:
    state = {"metadata": {"name": "n1"}, "status": {"currentState": {
        "interfaces": [
            {"name": "br-vm", "type": "linux-bridge", "mtu": 9000, "bridge": {"port": [{"name": "bond1"}]}},
            {"name": "bond1.120", "type": "vlan", "vlan": {"id": 120, "base-iface": "bond1"}},
            {"name": "eth0", "type": "ethernet"},
        ],
        "ovn": {"bridge-mappings": [{"localnet": "physnet", "bridge": "br-ex"}]},
    }}}  # fmt: skip
    switch, facility = nodes.read_network(state, around())
    assert isinstance(switch, Switch)
    assert (switch.name, switch.host, switch.mtu, switch.uplinks) == ("br-vm", "n1", 9000, ("bond1",))
    assert isinstance(facility, Facility)
    assert facility.facts == {
        "vlans": [{"name": "bond1.120", "id": 120, "base": "bond1"}], "localnets": {"physnet": "br-ex"},
    }  # fmt: skip


def test_a_class_is_usable_by_its_sets_not_by_what_cdi_recognizes() -> None:
    place = around()
    profile = {"metadata": {"name": "local"}, "status": {
        "conditions": [{"type": "Recognized", "status": "False"}],
        "claimPropertySets": [{"accessModes": ["ReadWriteOnce"], "volumeMode": "Block"}],
    }}  # fmt: skip
    list(storage.read_profile(profile, place))
    found = one(storage.read_class, {
        "metadata": {"name": "local", "annotations": {storage.DEFAULT_FOR_VMS: "true"}},
        "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer",
    }, place)  # fmt: skip
    assert found.facts["sets"] == [{"access": ["ReadWriteOnce"], "mode": "Block"}]
    assert (found.facts["default_for_vms"], found.facts["binding"], found.facts["reclaim"]) == (
        True, "WaitForFirstConsumer", "Delete",
    )  # fmt: skip


def test_a_claim_says_whose_deletion_takes_it_along() -> None:
    made = claim("c", size="1500Mi")
    made["metadata"]["ownerReferences"] = [{"kind": "DataVolume", "name": "dv", "controller": True}]
    made["status"] = {"phase": "Bound", "capacity": {"storage": "1572864k"}}
    facts = one(storage.read_claim, made).facts
    assert (facts["owner"], facts["size_bytes"], facts["asked_bytes"], facts["mode"]) == (
        "DataVolume/dv", 1572864000, 1572864000, "Filesystem",
    )  # fmt: skip


def test_attachments_are_read_from_their_own_text() -> None:
    def read(config: str) -> Network:
        of = {"metadata": {"name": "v", "namespace": "n"}, "spec": {"config": config}}
        (found,) = [each for each in networks.read_attachment(of, around()) if isinstance(each, Network)]
        return found

    bridge = read('{"type": "bridge", "bridge": "br-vm", "vlan": 120}')
    assert (bridge.id, bridge.name, bridge.kind, bridge.vlan, bridge.switch) == (
        "nad:n/v",
        "n/v",
        "bridge",
        "120",
        "br-vm",
    )
    trunk = read('{"type": "bridge", "bridge": "b", "vlanTrunk": [{"minID": 2, "maxID": 9}, {"id": 40}]}')
    assert trunk.vlan == "2-9,40"
    local = read('{"type": "ovn-k8s-cni-overlay", "topology": "localnet", "vlanID": 7, "physicalNetworkName": "p"}')
    assert (local.kind, local.vlan, local.switch) == ("ovn-k8s-cni-overlay/localnet", "7", "p")
    chain = read('{"plugins": [{"type": "cnv-bridge", "bridge": "x"}, {"type": "tuning"}]}')
    assert (chain.kind, chain.switch) == ("cnv-bridge", "x")
    assert [read(text).kind for text in ("", "{broken", "[]", "7")] == ["", "", "", ""]


def test_a_cluster_network_of_ovn() -> None:
    facts = one(networks.read_cluster_network, {
        "metadata": {"name": "vlan7"},
        "spec": {"namespaceSelector": {"matchLabels": {"team": "a"}}, "network": {
            "topology": "Localnet", "localnet": {"role": "Secondary", "physicalNetworkName": "p",
                                                 "vlan": {"mode": "Access", "access": {"id": 7}}}}},
        "status": {"conditions": [{"type": "NetworkCreated", "status": "True"}]},
    }).facts  # fmt: skip
    assert (facts["topology"], facts["vlan"], facts["physical"], facts["namespaces"], facts["ready"]) == (
        "Localnet", 7, "p", {"team": "a"}, True,
    )  # fmt: skip


def vm(of: Object, place: Around | None = None) -> VM:
    (found,) = machines.read_machine(of, place or around())
    assert isinstance(found, VM)
    return found


def test_a_running_vm_has_what_its_instance_says() -> None:
    place, made = around(), machine("db01")
    made["metadata"] |= {"namespace": "n", "uid": "u"}
    made["status"] = {"printableStatus": "Running"}
    list(machines.read_instance({"metadata": {"name": "db01", "namespace": "n"}, "spec": {"hostname": "db"}, "status": {
        "nodeName": "n1", "guestOSInfo": {"prettyName": "Debian 12"},
        "conditions": [{"type": "AgentConnected", "status": "True"}],
        "interfaces": [{"name": "p", "mac": "02:AA:00:00:00:01", "ipAddresses": ["10.0.0.5"]}],
    }}, place))  # fmt: skip
    found = vm(made, place)
    assert (found.power, found.host, found.os_name, found.guest.hostname, found.guest.tools) == (
        "on", "n1", "Debian 12", "db", "running",
    )  # fmt: skip
    assert found.nics[1].mac == "02:aa:00:00:00:01"
    assert found.guest.nics[0].addresses == ("10.0.0.5",)


def test_an_instancetype_sizes_a_vm() -> None:
    place, made = around(), machine("db01")
    made["metadata"]["namespace"] = "n"
    size = {"metadata": {"name": "u1.large"}, "spec": {"cpu": {"guest": 6}, "memory": {"guest": "8Gi"}}}
    list(machines.read_size(size, place))
    made["spec"]["instancetype"] = {"kind": "VirtualMachineClusterInstancetype", "name": "u1.large"}
    assert (vm(made, place).cpus, vm(made, place).memory_bytes) == (6, 8 << 30)
    made["spec"]["instancetype"]["kind"] = "VirtualMachineInstancetype"
    assert vm(made, place).memory_bytes == 0


def test_secure_boot_is_on_where_efi_does_not_say() -> None:
    """KubeVirt's own default."""
    made = machine("a", firmware={"bootloader": {"efi": {}}})
    assert vm(made).secure_boot
    assert not vm(machine("a", firmware={"bootloader": {"bios": {}}})).secure_boot


def test_kubevirts_configuration() -> None:
    of = {"metadata": {"name": "kubevirt", "namespace": "kubevirt"}, "spec": {"configuration": {
        "developerConfiguration": {"featureGates": ["HostDevices"], "cpuAllocationRatio": 4, "useEmulation": True},
        "migrations": {"parallelMigrationsPerCluster": 5, "bandwidthPerMigration": "64Mi", "network": {"odd": 1}},
        "permittedHostDevices": {"pciHostDevices": [{"resourceName": "nvidia.com/A2"}]},
    }}, "status": {"observedKubeVirtVersion": "v1.9.0", "phase": "Deployed"}}  # fmt: skip
    version, told = configuration.read_kubevirt(of, around())
    assert isinstance(version, Facility)
    assert isinstance(told, Facility)
    assert version.facts == {"version": "v1.9.0", "phase": "Deployed"}
    assert told.facts["gates"] == ["HostDevices"]
    assert told.facts["migrations"] == {"parallelMigrationsPerCluster": 5, "bandwidthPerMigration": "64Mi"}
    assert (told.facts["cpu_allocation"], told.facts["host_devices"]) == (4, ["nvidia.com/A2"])


def test_a_quota_with_what_is_used() -> None:
    of = {"metadata": {"name": "q", "namespace": "n"}, "spec": {"hard": {"pods": "10"}},
          "status": {"hard": {"pods": "10", "requests.storage": "1Ti"}, "used": {"pods": "3"}}}  # fmt: skip
    assert one(configuration.read_quota, of).facts["limits"] == {
        "pods": {"hard": "10", "used": "3", "hard_number": 10},
        "requests.storage": {"hard": "1Ti", "used": None, "hard_number": 1 << 40},
    }


def test_a_namespace_says_what_pods_it_admits() -> None:
    labels = {"pod-security.kubernetes.io/enforce": "baseline", "k8s.ovn.org/primary-user-defined-network": ""}
    of = {"metadata": {"name": "n", "labels": labels}, "status": {"phase": "Active"}}
    (found,) = nodes.read_namespace(of, around())
    assert isinstance(found, Place)
    assert found.details == {"enforce": "baseline", "phase": "Active", "primary-user-defined-network": "true"}


def test_a_preference_that_brings_firmware_says_so() -> None:
    of = {"metadata": {"name": "windows.11"}, "spec": {
        "firmware": {"preferredEfi": {"secureBoot": True, "persistent": True}},
        "devices": {"preferredTPM": {"persistent": True}, "preferredDiskBus": "sata"},
        "requirements": {"cpu": {"guest": 2}, "memory": {"guest": "4Gi"}}}}  # fmt: skip
    facts = one(machines.read_preference, of).facts
    assert (facts["efi"], facts["secure_boot"], facts["tpm"], facts["needs_memory_bytes"]) == (
        True,
        True,
        True,
        4 << 30,
    )
