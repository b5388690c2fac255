"""A made-up source and target that keep what they are in a folder: for tests, for `mtv simulate`, and as the smallest
provider to read."""

from mtv.providers.memory.source import MemorySource
from mtv.providers.memory.target import MemoryTarget

__all__ = ["MemorySource", "MemoryTarget"]
