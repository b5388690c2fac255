"""The target `bundle`: a folder with a VM's disks, its manifest and its receipt."""

from mtv.providers.bundle.bundle import Bundle

__all__ = ["Bundle"]
