"""Worker protocol 1: `mtv worker DIR` on one side, the engine on the other. docs/worker.md tells it."""

from mtv.converters.worker.child import main

__all__ = ["main"]
