"""A Kubernetes cluster with KubeVirt, as a target."""

from mtv.providers.kubevirt.target import KubeVirt

__all__ = ["KubeVirt"]
