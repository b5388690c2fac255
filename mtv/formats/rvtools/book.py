"""The tabs of a workbook, in RVTools' order."""

from typing import Any

from mtv.formats.rvtools.hosts import VCLUSTER, VHBA, VHOST, VNIC, VRP, VSC_VMK, VSOURCE
from mtv.formats.rvtools.machines import VCPU, VINFO, VMEMORY, VTOOLS
from mtv.formats.rvtools.networks import (
    DVPORT,
    DVSWITCH,
    VDATASTORE,
    VFILEINFO,
    VHEALTH,
    VLICENSE,
    VMETADATA,
    VMULTIPATH,
    VPORT,
    VSWITCH,
)  # fmt: skip
from mtv.formats.rvtools.parts import VCD, VDISK, VNETWORK, VPARTITION, VSNAPSHOT, VUSB
from mtv.formats.rvtools.tab import Tab

TABS: tuple[Tab[Any], ...] = (
    VINFO, VCPU, VMEMORY, VDISK, VPARTITION, VNETWORK, VCD, VUSB, VSNAPSHOT, VTOOLS, VSOURCE, VRP, VCLUSTER, VHOST,
    VHBA, VNIC, VSWITCH, VPORT, DVSWITCH, DVPORT, VSC_VMK, VDATASTORE, VMULTIPATH, VLICENSE, VFILEINFO, VHEALTH,
    VMETADATA,
)  # fmt: skip
