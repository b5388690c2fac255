"""A VM as Kubernetes documents: pure functions from what is known to what a stranger can apply."""

from mtv.converters.manifests.checking import check
from mtv.converters.manifests.claims import UPLOAD
from mtv.converters.manifests.concerns import concerns
from mtv.converters.manifests.documents import documents, macs_of
from mtv.converters.manifests.names import machine_name, machine_names
from mtv.converters.manifests.networks import network_documents
from mtv.converters.manifests.parts.beside import priority_class
from mtv.converters.manifests.readme import readme
from mtv.converters.manifests.snapshots import name_of as snapshot_name
from mtv.converters.manifests.snapshots import snapshot

__all__ = [
    "UPLOAD",
    "check",
    "concerns",
    "documents",
    "machine_name",
    "machine_names",
    "macs_of",
    "network_documents",
    "priority_class",
    "readme",
    "snapshot",
    "snapshot_name",
]
