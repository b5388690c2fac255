"""Hardware addresses: one way of writing them, and a stable one where the source knows none."""

import hashlib
import re

RESERVED_MAC = "02:00:00:00:00:00"  # of KubeVirt's own bridge in each Pod
_SIX = re.compile(r"[0-9a-fA-F]{1,2}(?:[:-][0-9a-fA-F]{1,2}){5}")


def stable_mac(vm_key: str, index: int) -> str:
    """The same address for the same VM and NIC each time: locally administered, unicast."""
    octets = bytearray(hashlib.sha256(f"{vm_key}\0{index}".encode()).digest()[:6])
    octets[0] = (octets[0] & 0xFC) | 0x02
    return ":".join(f"{octet:02x}" for octet in octets)


def normal_mac(text: str) -> str:
    """Lower case with colons; "" for what is no unicast address of a NIC (zero, broadcast, multicast, no MAC)."""
    if not _SIX.fullmatch(text.strip()):
        return ""
    octets = [int(part, 16) for part in re.split("[:-]", text.strip())]
    if not any(octets) or octets[0] & 1:
        return ""
    return ":".join(f"{octet:02x}" for octet in octets)
