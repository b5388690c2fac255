"""Instancetype and preference, which a cluster keeps for its VMs: only what a plan asks for."""

import re
from collections.abc import Iterator

from mtv.converters.manifests.shape import Shape
from mtv.model.estate import Json

OWN = "own:"  # of the VM's namespace, not of the cluster
WINDOWS = {
    "server 2025": "2k25", "server 2022": "2k22", "server 2019": "2k19", "server 2016": "2k16", "server 2012": "2k12",
    "server 2008": "2k8", "server 2003": "2k3", "windows 11": "11", "windows 10": "10", "windows 7": "7",
    "windows xp": "xp",
}  # fmt: skip
LINUX = {
    "red hat enterprise linux": "rhel", "rhel": "rhel", "centos stream": "centos.stream", "oracle": "oraclelinux",
    "fedora": "fedora", "ubuntu": "ubuntu", "debian": "debian", "opensuse": "opensuse.leap", "suse": "sles",
    "sles": "sles",
}  # fmt: skip
NUMBERED = ("rhel", "centos.stream")  # their preferences are one a major version
NO_VIRTIO = ("xp", "2k3")


def flavours(shape: Shape) -> dict[str, Json]:
    return dict(_flavours(shape))


def _flavours(shape: Shape) -> Iterator[tuple[str, Json]]:
    if shape.wanted.instancetype:
        yield "instancetype", _reference("Instancetype", shape.wanted.instancetype)
    if named := preference(shape):
        yield "preference", _reference("Preference", named)


def _reference(kind: str, name: str) -> dict[str, Json]:
    own = name.startswith(OWN)
    return {"kind": f"VirtualMachine{'' if own else 'Cluster'}{kind}", "name": name.removeprefix(OWN)}


def preference(shape: Shape) -> str:
    """As asked; by the guest's system where `auto` is, "" if that is none of those that KubeVirt's project has."""
    if shape.wanted.preference != "auto":
        return shape.wanted.preference
    told = f"{shape.guest.product if shape.guest else ''} {shape.vm.guest.os_name} {shape.vm.os_name}".lower()
    return _windows(told, shape.compatible) if shape.windows else _linux(told)


def _windows(told: str, compatible: bool) -> str:
    word = next((short for name, short in WINDOWS.items() if name in told), "")
    virtio = "" if compatible or word in NO_VIRTIO else ".virtio"
    return f"windows.{word}{virtio}" if word else ""


def _linux(told: str) -> str:
    name, word = next(((name, word) for name, word in LINUX.items() if name in told), ("", ""))
    if word not in NUMBERED:
        return word
    number = re.search(re.escape(name) + r"\D{0,24}(\d{1,2})", told)
    return f"{word}{'' if word.endswith('stream') else '.'}{number[1]}" if number else ""
