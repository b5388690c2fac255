"""Interfaces and networks: one of each by name, one binding, and what goes with which network."""

import re
from collections.abc import Iterator

from mtv.converters.manifests.rules import forms
from mtv.converters.manifests.rules.machine.instance import Instance
from mtv.converters.manifests.rules.rule import Book, Complaint
from mtv.converters.manifests.rules.view import View

BOOK = Book("nic", "https://kubevirt.io/user-guide/network/interfaces_and_networks/")
BINDING = BOOK.refused(
    "binding", "an interface has exactly one binding, from KubeVirt 1.9 on",
    "leave one of bridge, masquerade, sriov, passtBinding and binding", since=(1, 9),
)  # fmt: skip
BINDING_BOTH = BOOK.refused(
    "binding-both", "an interface has a binding of its own or a plugin's", "leave one of them", until=(1, 9)
)
BINDING_NONE = BOOK.broken(
    "binding-none", "an interface without a binding is taken before KubeVirt 1.9, and the guest does not start",
    "add bridge or masquerade", until=(1, 9),
)  # fmt: skip
MASQUERADE = BOOK.refused("masquerade-pod", "masquerade is for the pod network", "use bridge for another network")
RESERVED = BOOK.refused("mac-reserved", "02:00:00:00:00:00 is the in-pod bridge's own address", "use another address")
PASST_GATE = BOOK.refused(
    "passt-gate", "passt needs the feature gate PasstBinding, on from KubeVirt 1.9", "switch it on, or use masquerade"
)
PASST_POD = BOOK.refused("passt-pod", "passt is for the pod network", "use bridge for another network")
GONE = BOOK.refused(
    "binding-gone", "this binding is gone since KubeVirt 1.3", "use masquerade, bridge or a binding plugin"
)
STATE = BOOK.refused("state", "an interface's state is up, down or absent", "use one of them, or leave it out")
STATE_SRIOV = BOOK.refused("state-sriov", "an SR-IOV interface has no link state to set", "leave state out")
STATE_ABSENT = BOOK.refused(
    "state-absent",
    "absent is for bridges on networks other than the default one",
    "remove interface and network instead",
)
NAME_TWICE = BOOK.refused("name-twice", "two interfaces have the same name", "give each a network of its own")
NAME_FORM = BOOK.refused("name-form", "an interface's name is made of A-Z a-z 0-9 _ -", "rename it, and its network")
NO_NETWORK = BOOK.refused("network-missing", "no network has this interface's name", "add the network")
MODEL = BOOK.refused(
    "model", "KubeVirt has no such network card", "use virtio, e1000e, e1000, igb, rtl8139, ne2k_pci or pcnet"
)
MAC_FORM = BOOK.refused("mac-form", "this is no MAC address", "write six bytes: 52:54:00:12:34:56")
MAC_LONG = BOOK.refused("mac-long", "a MAC address has six bytes", "write six bytes: 52:54:00:12:34:56")
PCI_FORM = BOOK.refused("pci-form", "a PCI address looks like 0000:03:00.0", "mend it, or leave it out")
PORT = BOOK.refused("port", "a port is a number from 1 to 65535", "mend the port")
PORT_NAME = BOOK.refused("port-name", "a port's name is at most 15 of a-z, 0-9 and -, and no other's", "mend the name")
PORT_RANGES = BOOK.refused("port-ranges", "portRanges needs the feature gate PortRangesSpec", "list the ports")
PORT_PROTOCOL = BOOK.refused("port-protocol", "a port's protocol is TCP or UDP", "use one of them")
DHCP_OPTION = BOOK.refused("dhcp-option", "a private DHCP option is one of 224 to 254, each once", "mend the options")
DHCP_NTP = BOOK.refused("dhcp-ntp", "an NTP server for DHCP is an IPv4 address", "write its address")
MAC_MULTICAST = BOOK.broken(
    "mac-multicast",
    "a multicast address is nobody's own: libvirt refuses the guest",
    "clear the first byte's lowest bit",
)
MAC_ZERO = BOOK.broken(
    "mac-zero", "an all-zero address is taken, and the guest gets a random one", "write the address, or leave it out"
)
MAC_TWICE = BOOK.warning("mac-twice", "two interfaces have the same MAC address", "give each an address of its own")
NONE = BOOK.warning(
    "none", "without interfaces and networks KubeVirt adds a bridge on the pod network",
    "set autoattachPodInterface to false for none, or write what is meant",
)  # fmt: skip

NETWORKS = Book("network", "https://kubevirt.io/user-guide/network/interfaces_and_networks/#backend")
POD_TWICE = NETWORKS.refused("pod-twice", "an instance is on the pod network once", "leave one of them")
DEFAULT_TWICE = NETWORKS.refused("default-twice", "one Multus network is the default one", "leave one of them")
POD_AND_DEFAULT = NETWORKS.refused(
    "pod-and-default", "a default Multus network stands for the pod network", "leave one of them"
)
SOURCE = NETWORKS.refused("source", "a network is either pod or multus", "leave one of them")
MULTUS_NAME = NETWORKS.refused("multus-name", "a Multus network names its attachment definition", "set networkName")
CLAIM_GATE = NETWORKS.refused(
    "claim-gate", "a network of a resource claim needs the feature gate NetworkDevicesWithDRA", "use multus"
)
TWICE = NETWORKS.refused("name-twice", "two networks have the same name", "give each a name of its own")
UNUSED = NETWORKS.refused("unused", "no interface has this network's name", "add the interface, or remove the network")

MODELS = {"e1000", "e1000e", "igb", "ne2k_pci", "pcnet", "rtl8139", "virtio"}
_METHODS = ("bridge", "masquerade", "sriov", "passtBinding")
_NAME = re.compile(r"[A-Za-z0-9_-]+")


def check(machine: Instance) -> Iterator[Complaint]:
    yield from _networks(machine)
    default = _default(machine)
    names: set[str] = set()
    macs: set[bytes] = set()
    for nic in machine.nics:
        network = machine.networks.get(nic.text("name"))
        if network is None:
            yield NO_NETWORK.at(nic.at("name"))
        if nic.text("name") in names:
            yield NAME_TWICE.at(nic.at("name"))
        names.add(nic.text("name"))
        yield from _binding(nic, network, machine)
        yield from _state(nic, default)
        yield from _fields(nic)
        yield from _mac(nic, macs)
        if network is not None and network.has("pod"):
            yield from _ports(nic)
        if nic.each("portRanges") and not machine.gate("PortRangesSpec"):
            yield PORT_RANGES.at(nic.at("portRanges"))
        yield from _dhcp(nic.at("dhcpOptions"))
    if not machine.nics and not machine.networks and machine.devices.truth("autoattachPodInterface") is not False:
        yield NONE.at(machine.devices.at("interfaces"))


def _networks(machine: Instance) -> Iterator[Complaint]:
    written = machine.spec.each("networks")
    pods = [one for one in written if one.has("pod")]
    defaults = [one for one in written if one.truth("multus", "default")]
    yield from (POD_TWICE.at(one) for one in pods[1:])
    yield from (DEFAULT_TWICE.at(one) for one in defaults[1:])
    if pods and defaults:
        yield POD_AND_DEFAULT.at(defaults[0])
    wanted, seen = {nic.text("name") for nic in machine.nics}, set()
    for one in written:
        if sum(one.has(kind) for kind in ("pod", "multus", "resourceClaim")) != 1:
            yield SOURCE.at(one)
        if one.has("multus") and not one.text("multus", "networkName"):
            yield MULTUS_NAME.at(one.at("multus", "networkName"))
        if one.has("resourceClaim") and not machine.gate("NetworkDevicesWithDRA"):
            yield CLAIM_GATE.at(one.at("resourceClaim"))
        if one.text("name") in seen:
            yield TWICE.at(one.at("name"))
        seen.add(one.text("name"))
        if one.text("name") not in wanted:
            yield UNUSED.at(one.at("name"))


def _default(machine: Instance) -> str:
    found = [one for one in machine.spec.each("networks") if one.has("pod") or one.truth("multus", "default")]
    return found[0].text("name") if found else ""


def _binding(nic: View, network: View | None, machine: Instance) -> Iterator[Complaint]:
    methods = sum(nic.has(kind) for kind in _METHODS)
    if methods + nic.has("binding") != 1:
        yield BINDING.at(nic)
    if methods and nic.has("binding"):
        yield BINDING_BOTH.at(nic.at("binding"))
    elif not methods and not nic.has("binding"):
        yield BINDING_NONE.at(nic)
    on_pod = network is not None and network.has("pod")
    if nic.has("masquerade") and not on_pod:
        yield MASQUERADE.at(nic.at("masquerade"))
    if nic.has("masquerade") and nic.text("macAddress") == "02:00:00:00:00:00":
        yield RESERVED.at(nic.at("macAddress"))
    if nic.has("passtBinding") and not machine.gate("PasstBinding"):
        yield PASST_GATE.at(nic.at("passtBinding"))
    if nic.has("passtBinding") and not on_pod:
        yield PASST_POD.at(nic.at("passtBinding"))
    yield from (GONE.at(nic.at(kind)) for kind in ("slirp", "passt", "macvtap") if nic.has(kind))


def _state(nic: View, default: str) -> Iterator[Complaint]:
    state, place = nic.text("state"), nic.at("state")
    if state not in ("", "up", "down", "absent"):
        yield STATE.at(place)
    if state in ("up", "down") and nic.has("sriov"):
        yield STATE_SRIOV.at(place)
    if state == "absent" and (not nic.has("bridge") or default and nic.text("name") == default):
        yield STATE_ABSENT.at(place)


def _fields(nic: View) -> Iterator[Complaint]:
    if not _NAME.fullmatch(nic.text("name")):
        yield NAME_FORM.at(nic.at("name"))
    if nic.text("model") and nic.text("model") not in MODELS:
        yield MODEL.at(nic.at("model"))
    if nic.text("pciAddress") and not forms.is_pci_address(nic.text("pciAddress")):
        yield PCI_FORM.at(nic.at("pciAddress"))


def _mac(nic: View, seen: set[bytes]) -> Iterator[Complaint]:
    text, place = nic.text("macAddress"), nic.at("macAddress")
    if not text:
        return
    found = forms.mac_bytes(text)
    if found is None:
        yield MAC_FORM.at(place)
        return
    if len(found) > 6:
        yield MAC_LONG.at(place)
    elif not any(found):
        yield MAC_ZERO.at(place)
    elif found[0] & 1:
        yield MAC_MULTICAST.at(place)
    elif found in seen:
        yield MAC_TWICE.at(place)
    seen.add(found)


def _ports(nic: View) -> Iterator[Complaint]:
    seen: set[str] = set()
    for port in nic.each("ports"):
        if not 1 <= port.number("port") <= 65536:
            yield PORT.at(port.at("port"))
        name = port.text("name")
        if name and (name in seen or not forms.is_port_name(name)):
            yield PORT_NAME.at(port.at("name"))
        seen.add(name)
        if port.text("protocol") not in ("", "TCP", "UDP"):
            yield PORT_PROTOCOL.at(port.at("protocol"))


def _dhcp(options: View) -> Iterator[Complaint]:
    seen: set[int] = set()
    for option in options.each("privateOptions"):
        number = option.number("option")
        if not 224 <= number <= 254 or number in seen:
            yield DHCP_OPTION.at(option.at("option"))
        seen.add(number)
    for server in options.each("ntpServers"):
        if not isinstance(server.value, str) or not forms.is_address(server.value, 4):
            yield DHCP_NTP.at(server)
