"""What KubeVirt would say of a VM's own manifest: the rules of `mtv check manifest`, told before the VM moves."""

from collections.abc import Iterator

from mtv.converters.manifests import rules
from mtv.converters.manifests.documents import of_shape
from mtv.converters.manifests.rules.target import GATES, Target
from mtv.converters.manifests.rules.view import View
from mtv.converters.manifests.shape import Shape
from mtv.model.estate import Concern, Level

TOLD = {"network.pod-twice", "memory.tiny", "cpu.many"}
"""What another concern tells, with what the source has."""
_IDS = {rules.Level.REFUSED: "manifest.refused", rules.Level.BROKEN: "manifest.broken"}


def judged(found: Shape) -> Iterator[Concern]:
    """Feature gates and devices are the cluster's: other concerns tell of them."""
    documents = of_shape(found)
    devices = [View(one).at("spec", "template", "spec", "domain", "devices") for one in documents]
    permitted = frozenset(gpu.text("deviceName") for one in devices for gpu in one.each("gpus"))
    for one in rules.check(documents, Target(gates=frozenset(GATES), devices=permitted)):
        said = one.complaint
        if said.level in _IDS and said.rule.id not in TOLD:
            verb = "refuse the manifest" if said.level is rules.Level.REFUSED else "take the manifest, and it breaks"
            yield Concern(
                id=_IDS[said.level],
                level=Level.WARNING,
                text=f"KubeVirt would {verb}: {said.text} ({said.rule.id}, {said.field})",
                hint=said.rule.fix,
            )
