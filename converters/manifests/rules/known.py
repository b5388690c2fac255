"""What rules know of a real cluster, from its own objects: KubeVirt's and CDI's, instance types, claims."""

import re
from collections.abc import Iterator, Mapping, Sequence

from mtv.converters.manifests.rules.rule import Version
from mtv.converters.manifests.rules.target import GATES, Target, Versions, objects_of
from mtv.converters.manifests.rules.view import View
from mtv.model.estate import Json

Document = Mapping[str, Json]
_NUMBER = re.compile(r"v?(\d{1,4})\.(\d{1,4})")


def target_of(standing: Sequence[Document], asked: Sequence[Document]) -> Target:
    """Where KubeVirt's configuration is not known, every gate counts as open and every device as permitted: nothing is
    refused for what nobody knows. What an older KubeVirt calls a gate and has not is none."""
    told = [View(dict(one)) for one in standing if one.get("kind") == "KubeVirt"]
    objects = objects_of(standing)
    if not told:
        return Target(objects=objects, gates=frozenset(GATES), devices=frozenset(_devices(asked)))
    chosen = told[0].at("spec", "configuration")
    developer = chosen.at("developerConfiguration")
    permitted = chosen.at("permittedHostDevices")
    return Target(
        objects=objects,
        gates=frozenset(_words(developer.at("featureGates"))),
        gates_off=frozenset(_words(developer.at("disabledFeatureGates"))),
        devices=frozenset(one.text("resourceName") for sort in permitted.fields for one in permitted.each(sort)),
    )


def versions_of(standing: Sequence[Document]) -> Versions:
    """As the operators say; what they do not say is the newest that the rules know."""
    usual = Versions()
    said = {str(one.get("kind")): View(dict(one)).at("status") for one in standing}
    kubevirt = _number(said["KubeVirt"].text("observedKubeVirtVersion")) if "KubeVirt" in said else None
    cdi = _number(said["CDI"].text("observedVersion")) if "CDI" in said else None
    return Versions(kubevirt or usual.kubevirt, cdi or usual.cdi)


def _devices(documents: Sequence[Document]) -> Iterator[str]:
    for one in documents:
        devices = View(dict(one)).at("spec", "template", "spec", "domain", "devices")
        for sort in ("gpus", "hostDevices"):
            yield from (device.text("deviceName") for device in devices.each(sort))


def _words(view: View) -> Iterator[str]:
    yield from (one for one in (view.value if isinstance(view.value, list) else ()) if isinstance(one, str))


def _number(said: str) -> Version | None:
    found = _NUMBER.match(said)
    return (int(found[1]), int(found[2])) if found else None
