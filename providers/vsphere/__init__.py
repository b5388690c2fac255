"""VMware vSphere: a vCenter, or an ESXi alone, as a source."""

from mtv.providers.vsphere.source import VSphere

__all__ = ["VSphere"]
