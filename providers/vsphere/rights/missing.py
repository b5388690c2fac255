"""Which rights of a role a session's account lacks, object by object, as the server itself says."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mtv.errors import CheckFailed
from mtv.providers.vsphere.objects.elements import fields, flag, reference, text, unescaped
from mtv.providers.vsphere.reading import collector
from mtv.providers.vsphere.rights.roles import CLUSTER, DATASTORE, HOST, ROOT, VM, Role
from mtv.providers.vsphere.wire.answer import VIM
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import Ref, SoapFault, ref, tag

KINDS = {VM: "VirtualMachine", DATASTORE: "Datastore", HOST: "HostSystem", CLUSTER: "ClusterComputeResource"}
BATCH = 500  # objects of one question


@dataclass(frozen=True)
class Missing:
    privilege: str
    on: str  # sort of object
    why: str
    names: tuple[str, ...]  # of the objects where it is missing
    of: int  # so many were asked about

    @property
    def everywhere(self) -> bool:
        return len(self.names) == self.of


Objects = Mapping[str, Mapping[Ref, str]]


def objects(session: Session) -> Objects:
    """What there is to have rights on, with names; the root under its own."""
    root = session.manager("rootFolder")
    found: dict[str, dict[Ref, str]] = {ROOT: {root: "the root folder"}}
    for sort, kind in KINDS.items():
        if sort == CLUSTER and not session.about.is_vcenter:
            continue
        of = collector.view(session, kind)
        try:
            rows = collector.retrieve(session, collector.of_view({kind: ("name",)}, of))
            seen = {one.ref: unescaped(text(one.props, "name")) for one in rows}
            found[sort] = seen or found[ROOT]  # where there is none yet, what would be given to it
        finally:
            collector.drop(session, of)
    return found


def missing(session: Session, of: Role, seen: Objects) -> list[Missing]:
    """In the role's order. Who may not even ask has no right at all. Raises SoapFault."""
    by_sort: dict[str, list[str]] = defaultdict(list)
    for right in of.rights:
        by_sort[right.on].append(right.privilege)
    try:
        lacks = {sort: _lacks(session, list(seen.get(sort, {})), wanted) for sort, wanted in by_sort.items()}
    except (SoapFault, CheckFailed) as error:
        name = error.name if isinstance(error, SoapFault) else error.fault.code
        if name not in ("NoPermission", "vsphere.permission"):
            raise
        lacks = {sort: dict.fromkeys(wanted, list(seen.get(sort, {}))) for sort, wanted in by_sort.items()}
    found = []
    for right in of.rights:
        at = lacks[right.on].get(right.privilege, [])
        if at:
            names = tuple(seen[right.on][one] for one in at)
            found.append(Missing(right.privilege, right.on, right.why, names, len(seen[right.on])))
    return found


def _lacks(session: Session, refs: Sequence[Ref], privileges: Sequence[str]) -> Mapping[str, list[Ref]]:
    found: dict[str, list[Ref]] = defaultdict(list)
    key = _session_key(session)
    for batch in (refs[at : at + BATCH] for at in range(0, len(refs), BATCH)):
        body = "".join(ref("entity", one) for one in batch) + tag("sessionId", key)
        body += "".join(tag("privId", one) for one in privileges)
        for one in session.call("HasPrivilegeOnEntities", session.manager("authorizationManager"), body):
            entity = reference(fields(one).get("entity"))
            for said in one.findall(f"{VIM}privAvailability"):
                told = fields(said)
                if entity is not None and not flag(told, "isGranted"):
                    found[text(told, "privId")].append(entity)
    return found


def _session_key(session: Session) -> str:
    current = collector.one(session, session.manager("sessionManager"), ("currentSession",)).get("currentSession")
    return text(fields(current), "key")
