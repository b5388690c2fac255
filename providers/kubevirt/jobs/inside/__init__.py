"""In a worker's Pod: the lease is taken, renewed, and its lapse ends all that could still write."""

from mtv.providers.kubevirt.jobs.inside.keeping import keep

__all__ = ["keep"]
