"""What KubeVirt and CDI would refuse, or take and then break: types by schema, the rest by rules in a table."""

from mtv.converters.manifests.rules.known import target_of, versions_of
from mtv.converters.manifests.rules.looking import Finding, check
from mtv.converters.manifests.rules.rule import Complaint, Level, Rule
from mtv.converters.manifests.rules.table import RULES
from mtv.converters.manifests.rules.target import Target, Versions, objects_of

__all__ = [
    "RULES", "Complaint", "Finding", "Level", "Rule", "Target", "Versions", "check", "objects_of", "target_of",
    "versions_of",
]  # fmt: skip
