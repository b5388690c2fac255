"""Storage policies, from the policy service (PBM), which takes the same session."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from mtv.model.infrastructure import Policy
from mtv.providers.vsphere.wire.answer import Element
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import Ref, SoapFault

PATH, SPACE = "/pbm", "urn:pbm"
_N = "{urn:pbm}"


@dataclass(frozen=True)
class Policies:
    all: tuple[Policy, ...]
    disks: Mapping[str, Mapping[str, str]]  # by VM, by disk key: the policy's name
    missed: str = ""  # why the disks' policies are not known


def policies(session: Session, source: str) -> Policies:
    """Raises SoapFault or MtvError where the service is not served or not allowed."""
    content = session.other(PATH, "PbmRetrieveServiceContent", Ref("PbmServiceInstance", "ServiceInstance"), "", SPACE)
    manager = next((one for one in content.iter(f"{_N}profileManager")), None)
    of = Ref("PbmProfileProfileManager", (manager.text if manager is not None else "") or "ProfileManager")
    kind = "<resourceType><resourceType>STORAGE</resourceType></resourceType>"
    found = session.other(PATH, "PbmQueryProfile", of, kind, SPACE)
    ids = [text for one in found.iter(f"{_N}uniqueId") if (text := one.text)]
    if not ids:
        return Policies((), {})
    body = "".join(f"<profileIds><uniqueId>{one}</uniqueId></profileIds>" for one in ids)
    told = session.other(PATH, "PbmRetrieveContent", of, body, SPACE)
    made = tuple(_policy(one, source) for one in told)
    try:
        return Policies(made, _disks(session, of, {one.id: one.name for one in made}))
    except SoapFault as error:
        return Policies(made, {}, f"{error}")


def _policy(one: Element, source: str) -> Policy:
    return Policy(
        source=source, id=one.findtext(f"{_N}profileId/{_N}uniqueId") or "", name=one.findtext(f"{_N}name") or "",
        description=one.findtext(f"{_N}description") or "",
    )  # fmt: skip


def _disks(session: Session, of: Ref, names: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
    """An entity is `vm-17:2000`: the VM and its disk's key."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for id_, name in names.items():
        body = f"<profile><uniqueId>{id_}</uniqueId></profile><entityType>virtualDiskId</entityType>"
        for one in session.other(PATH, "PbmQueryAssociatedEntity", of, body, SPACE):
            vm, _, key = (one.findtext(f"{_N}key") or "").partition(":")
            found[vm][key] = name
    return found
