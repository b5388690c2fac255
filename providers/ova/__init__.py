"""OVF packages as a source: .ova files and folders of them, read in place."""

from mtv.providers.ova.source import OVA

__all__ = ["OVA"]
