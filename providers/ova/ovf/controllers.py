"""Storage controllers by their OVF words, and the order in which firmware numbers the disks on them."""

from collections.abc import Mapping

IDE, SCSI, OTHER_STORAGE, USB = "5", "6", "20", "23"
SCSI_MODELS: Mapping[str, str] = {
    "": "scsi",
    "lsilogic": "lsilogic",
    "lsilogicsas": "lsisas",
    "lsisas1068": "lsisas",
    "virtualscsi": "pvscsi",
    "pvscsi": "pvscsi",
    "vmwarepvscsi": "pvscsi",
    "buslogic": "buslogic",
    "virtioscsi": "virtio-scsi",
}
STORAGE_MODELS: Mapping[str, str] = {
    "ahci": "ahci",
    "sata": "ahci",
    "vmwaresataahci": "ahci",
    "nvme": "nvme",
    "vmwarenvmecontroller": "nvme",
    "virtioscsi": "virtio-scsi",
    "lsilogicsas": "lsisas",
}
INTERFACES: Mapping[str, str] = {  # oVirt's disk-interface
    "ide": "ide",
    "virtio": "virtio-blk",
    "virtioscsi": "virtio-scsi",
    "sata": "ahci",
    "spaprvscsi": "scsi",
}
VMWARE_RANKS = ("ide", "scsi", "ahci", "nvme", "virtio-blk", "usb")
"""A PC BIOS numbers IDE disks first; adding one to a VM that boots from SCSI makes it boot from the new one."""
VIRTUALBOX_RANKS = ("ide", "ahci", "scsi", "nvme", "virtio-blk", "usb")


def model(resource_type: str, subtype: str) -> str | None:
    """The controller's model in neutral words; None for one that is not known."""
    word = plain(subtype)
    if resource_type == IDE:
        return "ide"
    if resource_type == SCSI:
        return SCSI_MODELS.get(word)
    if resource_type == OTHER_STORAGE:
        return STORAGE_MODELS.get(word)
    return "usb" if resource_type == USB else None


def plain(word: str) -> str:
    return "".join(letter for letter in word.lower() if letter.isalnum())


def rank(controller: str, ranks: tuple[str, ...] = VMWARE_RANKS) -> int:
    return ranks.index(controller) if controller in ranks else ranks.index("scsi")
