"""The source as VMware runs it: a guest's disks on PVSCSI and its NIC, a vmxnet3, in PCI slot 192. Its disks are read
only; what it writes is thrown away."""

import base64
import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_interface
from pathlib import Path
from typing import Literal

from tests.guests.guests import Guest

# What the serial console says when a boot is over, one way or the other.
GIVES_UP = re.compile(rb"ALERT!|\(initramfs\)|Kernel panic|No bootable device|grub>|grub rescue>")

QEMU_LOG = "qemu.log"

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True)
class Machine:
    console: Path
    agent: Path
    process: "subprocess.Popen[bytes]"

    def boots(self, timeout_s: float = 240) -> bool:
        """Waits for the login prompt; False if the console says that it will not come."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            said = self.console.read_bytes() if self.console.exists() else b""
            if b" login:" in said:
                return True
            if GIVES_UP.search(said):
                return False
            if self.process.poll() is not None:
                raise RuntimeError(f"QEMU ended: {(self.console.parent / QEMU_LOG).read_text()}")
            time.sleep(0.2)
        raise TimeoutError(f"no login prompt after {timeout_s:.0f} s:\n{said[-2000:].decode(errors='replace')}")

    def ask(self, command: str, timeout_s: float = 120, **arguments: Json) -> Json:
        """One command of the guest's agent."""
        request: Json = {"execute": command, **({"arguments": arguments} if arguments else {})}
        deadline = time.monotonic() + timeout_s
        while True:
            with socket.socket(socket.AF_UNIX) as channel:
                channel.settimeout(5)
                channel.connect(str(self.agent))
                channel.sendall(json.dumps(request).encode() + b"\n")
                try:
                    answer: dict[str, Json] = json.loads(channel.makefile().readline() or "{}")
                except TimeoutError:
                    answer = {}
            if "return" in answer:
                return answer["return"]
            if time.monotonic() > deadline:
                raise TimeoutError(f"the agent did not answer {command} within {timeout_s:.0f} s")

    def run(self, path: str, *arguments: str, timeout_s: float = 120) -> Json:
        """A program in the guest that prints JSON."""
        started = self.ask("guest-exec", path=path, arg=list(arguments), **{"capture-output": True})
        assert isinstance(started, dict)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            told = self.ask("guest-exec-status", pid=started["pid"])
            if isinstance(told, dict) and told["exited"]:
                printed: Json = json.loads(base64.b64decode(str(told["out-data"])))
                return printed
            time.sleep(0.2)
        raise TimeoutError(f"{path} did not end in the guest within {timeout_s:.0f} s")


@contextmanager
def running(guest: Guest, folder: Path, devices: Literal["vmware", "virtio"] = "vmware") -> Iterator[Machine]:
    """Emulated; `virtio` is how the unconverted guest is shown not to boot."""
    machine_folder = folder / f"{guest.name}-{devices}"
    machine_folder.mkdir(parents=True)
    console, agent = machine_folder / "console", machine_folder / "agent"
    with (machine_folder / QEMU_LOG).open("wb") as log:
        process = subprocess.Popen(command(guest, devices, console, agent), stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log)  # fmt: skip
        try:
            yield Machine(console, agent, process)
        finally:
            process.kill()
            process.wait()


def command(guest: Guest, devices: Literal["vmware", "virtio"], console: Path, agent: Path) -> list[str]:
    argv = ["qemu-system-x86_64", "-machine", "q35,accel=tcg", "-cpu", "max", "-smp", "2", "-m", "768",
            "-nodefaults", "-display", "none", "-no-reboot", "-serial", f"file:{console}",
            "-device", "virtio-serial", "-chardev", f"socket,path={agent},server=on,wait=off,id=agent",
            "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
            "-netdev", "user,id=net,restrict=on"]  # fmt: skip
    if devices == "vmware":
        # Native hotplug instead of ACPI's: the root port's slot number is what udev names the interface by.
        argv += ["-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
                 "-device", f"pcie-root-port,id=nicport,chassis=1,slot={guest.pci_slot}",
                 "-device", f"vmxnet3,bus=nicport,netdev=net,mac={guest.mac}", "-device", "pvscsi,id=scsi"]  # fmt: skip
    else:
        argv += ["-device", f"virtio-net-pci,netdev=net,mac={guest.mac}"]
    for number, disk in enumerate(guest.disks):
        # Snapshot: writes go to a file that QEMU has removed already.
        argv += ["-drive", f"file={disk},format=raw,if=none,id=disk{number},snapshot=on"]
        kind = f"scsi-hd,bus=scsi.0,scsi-id={number}" if devices == "vmware" else "virtio-blk-pci"
        argv += ["-device", f"{kind},drive=disk{number},bootindex={number + 1}"]
    return argv


def gateways(answer: Json) -> list[str]:
    """Of `ip -j route`'s default routes."""
    assert isinstance(answer, list)
    return sorted(str(one["gateway"]) for one in answer if isinstance(one, dict) and one["dst"] == "default")


def disks(answer: Json) -> list[tuple[int, dict[str, str]]]:
    """Of `lsblk -J`, in the order of their places on the bus (HCTL): the size, and the UUID of each file system that is
    mounted from it, by its place. Their names say who was found first."""
    assert isinstance(answer, dict)
    found = sorted(_maps(answer["blockdevices"]), key=lambda one: str(one["hctl"]))
    return [(int(str(one["size"])), dict(_mounts(one))) for one in found if one["type"] == "disk"]


def _mounts(device: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    if str(device.get("mountpoint") or "").startswith("/"):
        yield str(device["mountpoint"]), str(device["uuid"])
    for part in _maps(device.get("children") or []):
        yield from _mounts(part)


def _maps(answer: Json) -> list[dict[str, Json]]:
    assert isinstance(answer, list)
    return [one for one in answer if isinstance(one, dict)]


def addresses(answer: Json) -> Mapping[str, list[str]]:
    """Interface name -> IPv4 addresses, of `guest-network-get-interfaces`; loopback left out."""
    found: dict[str, list[str]] = {}
    assert isinstance(answer, list)
    for interface in answer:
        assert isinstance(interface, dict)
        of_it = interface.get("ip-addresses", [])
        assert isinstance(of_it, list)
        pairs = [(a["ip-address"], a["prefix"]) for a in of_it if isinstance(a, dict)]
        every = [ip_interface(f"{address}/{prefix}") for address, prefix in pairs]
        found[str(interface["name"])] = [str(one) for one in every if one.version == 4 and not one.ip.is_loopback]
    return {name: of_it for name, of_it in found.items() if name != "lo"}
