"""Fills a folder as the C: drive of a Windows Server 2019 that boots nothing: hives, folders, one executable header.

Run by Debian's own Python, which has hivex: `/usr/bin/python3 windows.py FOLDER`. Nothing of mtv is imported.
"""

import struct
import sys
from pathlib import Path

import hivex

Value = tuple[int, bytes]
Tree = dict[str, dict[str, Value]]


def text(value: str) -> Value:
    return 1, (value + "\0").encode("utf-16le")


def number(value: int) -> Value:
    return 4, struct.pack("<I", value)


SOFTWARE: Tree = {
    r"Microsoft\Windows NT\CurrentVersion": {
        "ProductName": text("Windows Server 2019 Standard"),
        "CurrentVersion": text("6.3"),
        "CurrentMajorVersionNumber": number(10),
        "CurrentMinorVersionNumber": number(0),
        "CurrentBuild": text("17763"),
        "CurrentBuildNumber": text("17763"),
        "InstallationType": text("Server"),
        "EditionID": text("ServerStandard"),
        "SystemRoot": text("C:\\Windows"),
        "DisplayVersion": text("1809"),
    },
    r"Microsoft\Windows\CurrentVersion": {"DevicePath": text("%SystemRoot%\\inf")},
    r"Microsoft\Windows\CurrentVersion\Uninstall": {},
    r"Microsoft\Windows\CurrentVersion\RunOnce": {},
    r"Policies\Microsoft": {},
}

SYSTEM: Tree = {
    "Select": {"Current": number(1), "Default": number(1), "Failed": number(0), "LastKnownGood": number(1)},
    # the disk's signature and the partition's first byte
    "MountedDevices": {"\\DosDevices\\C:": (3, bytes.fromhex("313233340000100000000000"))},
    r"ControlSet001\Services\Tcpip\Parameters": {"Hostname": text("PHONY-WIN")},
    r"ControlSet001\Services\Tcpip\Parameters\Interfaces": {},
    r"ControlSet001\Services\vmtools": {},
    r"ControlSet001\Control\CriticalDeviceDatabase": {},
    r"ControlSet001\Control\Class": {},
    r"ControlSet001\Control\Session Manager": {},
    r"ControlSet001\Control\CrashControl": {"AutoReboot": number(1)},
    r"ControlSet001\Enum": {},
    "DriverDatabase": {},
}

FOLDERS = ("Windows/System32/Config", "Windows/System32/Drivers", "Windows/Temp", "Windows/inf", "Program Files",
           "Users", "ProgramData")  # fmt: skip

WHEN = 0x01D0000000000000  # a file time of 2014
SECURITY = (
    struct.pack("<HHIIII", 1, 0x8004, 0x14, 0x24, 0, 0x34)  # self-relative: owner, group, no SACL, DACL
    + 2 * bytes.fromhex("01020000000000052000000020020000")  # owner and group: Administrators
    + bytes.fromhex("02001c000100000000021400 3f000f00 010100000000000512000000")  # full control for SYSTEM
)


def empty_hive() -> bytes:
    """A registry hive (regf 1.3) of one bin: a root key, its security cell, and free space."""
    name = b"ROOT"
    key_at, security_at = 32, 32 + _cell_size(76 + len(name))
    free_at = security_at + _cell_size(20 + len(SECURITY))
    none = 0xFFFFFFFF
    key = struct.pack("<2sHQ4I", b"nk", 0x2C, WHEN, 0, none, 0, 0)
    key += struct.pack("<11I2H", none, none, 0, none, security_at, none, 0, 0, 0, 0, 0, len(name), 0) + name
    security = struct.pack("<2sHIIII", b"sk", 0, security_at, security_at, 1, len(SECURITY)) + SECURITY
    page = bytearray(4096)
    struct.pack_into("<4sII", page, 0, b"hbin", 0, 4096)
    for at, cell in ((key_at, key), (security_at, security)):
        struct.pack_into("<i", page, at, -_cell_size(len(cell)))  # negative: in use
        page[at + 4 : at + 4 + len(cell)] = cell
    struct.pack_into("<i", page, free_at, 4096 - free_at)
    return _base_block(key_at) + bytes(page)


def _cell_size(content: int) -> int:
    return (4 + content + 7) // 8 * 8


def _base_block(root: int) -> bytes:
    block = bytearray(4096)
    struct.pack_into("<4sIIQ7I", block, 0, b"regf", 1, 1, WHEN, 1, 3, 0, 1, root, 4096, 1)
    checksum = 0
    for (word,) in struct.iter_unpack("<I", block[:508]):
        checksum ^= word
    struct.pack_into("<I", block, 508, checksum)
    return bytes(block)


def write_hive(path: Path, tree: Tree) -> None:
    path.write_bytes(empty_hive())
    hive = hivex.Hivex(str(path), write=True)
    for key, values in tree.items():
        node = hive.root()
        for part in key.split("\\"):
            node = hive.node_get_child(node, part) or hive.node_add_child(node, part)
        hive.node_set_values(node, [{"key": name, "t": kind, "value": data} for name, (kind, data) in values.items()])
    hive.commit(None)


def executable_header() -> bytes:
    """As much of a 64-bit PE file as tells the architecture."""
    coff = struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 240, 0x22)
    optional = struct.pack("<HBB", 0x20B, 14, 0) + bytes(64) + struct.pack("<H", 3) + bytes(170)
    return b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + coff + optional + bytes(512)


def fill(drive: Path) -> None:
    for folder in FOLDERS:
        (drive / folder).mkdir(parents=True)
    write_hive(drive / "Windows/System32/Config/SOFTWARE", SOFTWARE)
    write_hive(drive / "Windows/System32/Config/SYSTEM", SYSTEM)
    (drive / "Windows/System32/cmd.exe").write_bytes(executable_header())
    (drive / "autoexec.bat").touch()


if __name__ == "__main__":
    fill(Path(sys.argv[1]))
