"""The `rvtools` source: an estate as RVTools exported it, for planning only."""

from mtv.providers.rvtools.source import RVTools

__all__ = ["RVTools"]
