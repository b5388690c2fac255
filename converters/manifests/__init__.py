"""A VM as Kubernetes documents: pure functions from what is known to what a stranger can apply."""

from mtv.converters.manifests.checking import check
from mtv.converters.manifests.concerns import concerns
from mtv.converters.manifests.documents import documents
from mtv.converters.manifests.names import machine_name, machine_names
from mtv.converters.manifests.readme import readme

__all__ = ["check", "concerns", "documents", "machine_name", "machine_names", "readme"]
