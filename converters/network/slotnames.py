"""Names that no configuration writes out and the guest still counts on: ens* as a pattern, ens192 in a firewall."""

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from mtv.converters.guest.files import GuestFiles
from mtv.converters.network import slots
from mtv.converters.network.syntax import addresses
from mtv.converters.network.syntax.text import load_all
from mtv.model.estate import Nic
from mtv.model.guest import GuestNetwork

AT_TARGET = ("enp1s0", "enp0s3")  # a card behind a PCI Express port, and one on the root bus
PLACES = (
    "/etc/firewalld/zones/*.xml",
    "/etc/firewalld/direct.xml",
    "/etc/nftables.conf",
    "/etc/nftables/*.nft",
    "/etc/sysconfig/nftables.conf",
    "/etc/iptables/rules.v[46]",
    "/etc/sysconfig/iptables",
    "/etc/sysconfig/ip6tables",
    "/etc/ufw/*.rules",
    "/etc/shorewall/interfaces",
    "/etc/keepalived/keepalived.conf",
    "/etc/dnsmasq.conf",
    "/etc/dnsmasq.d/*",
    "/etc/default/isc-dhcp-server",
    "/etc/sysconfig/dhcpd",
    "/etc/sysctl.conf",
    "/etc/sysctl.d/*.conf",
    "/etc/corosync/corosync.conf",
    "/etc/chrony.conf",
    "/etc/snmp/snmpd.conf",
)


def patterns(network: GuestNetwork) -> list[str]:
    return [one.name for one in network.interfaces if addresses.is_pattern(one.name)]


def broken_patterns(network: GuestNetwork) -> list[str]:
    """Those that match no more once the cards have the target's names."""
    return [one for one in patterns(network) if one[:2] == "en" and not _fits_target(one)]


def _fits_target(pattern: str) -> bool:
    return all(fnmatchcase(name, pattern) for name in AT_TARGET)


def relied_on(
    network: GuestNetwork, files: GuestFiles, nics: Sequence[Nic], taken: Sequence[str]
) -> Iterator[tuple[Nic, str]]:
    """NICs that no configuration names, with the name from their PCI slot where something counts on it."""
    usual = {nic.key: slots.names(nic.pci_slot)[0] for nic in nics if nic.pci_slot is not None}
    all_names = [*taken, *usual.values()]
    usual = {key: name for key, name in usual.items() if all_names.count(name) == 1}
    told = "\n".join(text.whole for text in load_all(files, [], *PLACES)) if usual else ""
    for nic in nics:
        name = usual.get(nic.key, "")
        matched = any(fnmatchcase(name, one) for one in broken_patterns(network))
        if name and (matched or re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", told)):
            yield nic, name
