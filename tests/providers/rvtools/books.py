"""Books made by hand, in our own words, as several versions of RVTools lay them out."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl

Cell = object
Rows = Sequence[Mapping[str, Cell]]

FULL: Mapping[str, Rows] = {
    "vInfo": [
        {
            "VM": "db01", "Powerstate": "poweredOn", "Template": "False", "CPUs": 4, "Memory": 8192, "NICs": 1,
            "Disks": 2, "PowerOn": "2026/03/01 08:30:00", "Firmware": "efi", "EFI Secure boot": "True",
            "HW version": "vmx-19", "Folder": "/DC/vm/prod", "Annotation": "the ledger", "Owner": "ann",
            "Datacenter": "DC", "Cluster": "CL-1", "Host": "esx1",
            "OS according to the configuration file": "Red Hat Enterprise Linux 9 (64-bit)",
            "VM ID": "vm-1", "SMBIOS UUID": "4203aaaa-0000-0000-0000-000000000001",
            "VM UUID": "5003aaaa-0000-0000-0000-000000000001", "VI SDK Server": "vc1", "VI SDK UUID": "u1",
        },
        {"VM": "web01", "Powerstate": "poweredOff", "CPUs": 2, "Memory": 2048, "Folder": "/DC/vm", "VM ID": "vm-2",
         "Owner": "bob", "VI SDK Server": "vc1", "VI SDK UUID": "u1"},
    ],
    "vDisk": [
        {"VM": "db01", "Disk": "Hard disk 1", "Disk Key": 2000, "Disk Path": "[gold] db01/db01.vmdk",
         "Capacity MiB": 40960, "Thin": "True", "Controller": "VMware paravirtual SCSI", "Label": "SCSI controller 1",
         "Unit #": 3, "Raw": "False", "VM ID": "vm-1", "VI SDK UUID": "u1"},
        {"VM": "db01", "Disk": "Hard disk 2", "Disk Key": 2001, "Disk Path": "[gold] db01/lun.vmdk",
         "Capacity MiB": 1024, "Raw": "True", "Raw Comp. Mode": "physicalMode", "Shared Bus": "physicalSharing",
         "VM ID": "vm-1", "VI SDK UUID": "u1"},
    ],
    "vNetwork": [
        {"VM": "db01", "NIC label": "Network adapter 1", "Adapter": "Vmxnet3", "Network": "VLAN 7", "Switch": "DS",
         "Connected": "True", "Mac Address": "00-50-56-AA-BB-CC", "Type": "assigned",
         "IPv4 Address": "10.0.0.5, 10.0.0.6", "VM ID": "vm-1", "VI SDK UUID": "u1"},
    ],
}  # fmt: skip


def book(path: Path, tabs: Mapping[str, Rows]) -> Path:
    """Columns in the order in which rows name them."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for tab, rows in tabs.items():
        page = made.create_sheet(tab)
        heads = list(dict.fromkeys(name for row in rows for name in row))
        for place, name in enumerate(heads, 1):
            page.cell(1, place, name)
        for number, row in enumerate(rows, 2):
            for place, name in enumerate(heads, 1):
                if row.get(name) not in (None, ""):
                    cell = page.cell(number, place)
                    cell.value = row[name]
                    if isinstance(row[name], str):
                        cell.data_type = "s"
    made.save(path)
    return path


def renamed(rows: Rows, names: Mapping[str, str]) -> Rows:
    return [{names.get(name, name): value for name, value in row.items()} for row in rows]


def without(rows: Rows, *names: str) -> Rows:
    return [{name: value for name, value in row.items() if name not in names} for row in rows]
