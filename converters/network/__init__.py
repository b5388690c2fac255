"""Guest network, Linux: read the guest's own files, say which name is which NIC, keep names and addresses by MAC.
Pure functions over `GuestFiles`; whoever holds the guest open writes `NetworkPlan.changes`."""

from mtv.converters.network.changes import FileChange, NetworkPlan, diff
from mtv.converters.network.macs import stable_mac
from mtv.converters.network.planning import plan
from mtv.converters.network.reading import read

__all__ = ["FileChange", "NetworkPlan", "diff", "plan", "read", "stable_mac"]
