"""Which licences there are, and what they keep a migration from."""

from collections.abc import Iterator
from dataclasses import dataclass

from mtv.model.estate import Finding, Level
from mtv.providers.vsphere.objects.elements import all_of, fields, text, whole
from mtv.providers.vsphere.reading import collector
from mtv.providers.vsphere.wire.answer import Element
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import SoapFault

SOON_H = 30 * 24
NEEDED = {
    "vimapi": "its hosts take no orders by their API: no snapshots, no power",
    "storageapi": "VMware's library cannot read there: read by /folder, an export or SSH",
}
"""Features of a host's licence, by their keys."""


@dataclass(frozen=True)
class Licence:
    name: str
    product: str
    features: frozenset[str]
    hours: int | None  # until it runs out

    @property
    def is_of_hosts(self) -> bool:
        return "ESX" in self.product or "ESX" in self.name

    @property
    def is_free(self) -> bool:
        return self.name == "VMware vSphere Hypervisor" or "ESXi" in self.name and "free" in self.name.lower()


def licence(told: Element) -> Licence:
    found = fields(told)
    values = [(text(one, "key"), one.get("value")) for one in map(fields, all_of(told, "properties"))]
    plain = {key: value.text or "" for key, value in values if value is not None and not len(value)}
    features = frozenset(text(fields(value), "key") for key, value in values if key == "feature")
    return Licence(text(found, "name"), plain.get("ProductName", ""), features, whole(plain.get("expirationHours")))


def check_licences(session: Session) -> Iterator[Finding]:
    """Evaluation licences run out in the middle of a migration; the free ESXi writes nothing through its API."""
    if "licenseManager" not in session.about.managers:
        return
    try:
        told = collector.one(session, session.manager("licenseManager"), ("licenses",)).get("licenses")
    except SoapFault as error:
        yield Finding(name="licences", ok=False, level=Level.INFO, text=f"licences cannot be read: {error.name}",
                      fix="grant Global.Licenses at the root")  # fmt: skip
        return
    found = [licence(one) for one in (() if told is None else told)]
    problems = [(f"licence '{one.name}': {text}", fix) for one in found for text, fix in _lacks(one)]
    for said, fix in dict(problems).items():
        yield Finding(name="licences", ok=False, level=Level.WARNING, text=said, fix=fix)
    if not problems:
        names = dict.fromkeys(one.name for one in found)
        yield Finding(name="licences", ok=True, text=", ".join(names) or "none told")


def _lacks(of: Licence) -> Iterator[tuple[str, str]]:
    """What is wrong, and what to do."""
    if of.hours is not None and of.hours <= SOON_H:
        yield f"it runs out in {of.hours // 24} days", "enter another one before VMs are moved: hosts are cut off then"
    if of.is_free:
        yield "the free ESXi allows no snapshot by its API", "move VMs that are off, by /folder or SSH"
    elif of.is_of_hosts and of.features:  # one that tells of none is not known to lack any
        for key, why in NEEDED.items():
            if key not in of.features:
                yield f"without the feature {key} {why}", "another edition has it"
