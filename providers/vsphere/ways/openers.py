"""The openers of the vsphere source, by Export.way: for workers."""

from collections.abc import Mapping

from mtv.model.reading import Opener
from mtv.providers.vsphere.ways.folder import open_folder
from mtv.providers.vsphere.ways.served.ssh import open_ssh
from mtv.providers.vsphere.ways.served.vddk import open_vddk
from mtv.providers.vsphere.ways.streams import open_export

OPENERS: Mapping[str, Opener] = {
    "vsphere.folder": open_folder,
    "vsphere.export": open_export,
    "vsphere.ssh": open_ssh,
    "vsphere.vddk": open_vddk,
}
