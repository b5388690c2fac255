"""The property collector: properties of many objects, page by page, and what changed since the last time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mtv.providers.vsphere.objects.elements import Props, references
from mtv.providers.vsphere.reading.sieve import Machine, Sieve
from mtv.providers.vsphere.wire.answer import VIM, Element
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import Ref, SoapFault, ref, tag

_SET = f"{VIM}propSet"
PAGE = 1000  # objects of a light page


@dataclass(frozen=True)
class Found:
    """One object. `props` live only until the next one is asked for."""

    ref: Ref
    props: Props


def view(session: Session, *kinds: str) -> Ref:
    """All objects of those kinds, kept up to date by the server. Destroy it with `drop`."""
    types = "".join(tag("type", kind) for kind in kinds)
    body = ref("container", session.manager("rootFolder")) + types + tag("recursive", True)
    made = session.call("CreateContainerView", session.manager("viewManager"), body)[0]
    return Ref(made.get("type", "ContainerView"), made.text or "")


def listed(session: Session, of: Ref) -> list[Ref]:
    """Ids of what that view shows: a hundredth of what a property of each of them takes."""
    return references(one(session, of, ("view",)).get("view"))


def drop(session: Session, of: Ref, method: str = "DestroyView") -> None:
    """It may be gone with its session."""
    try:
        session.call(method, of, again=False)
    except SoapFault as error:
        if error.name not in ("ManagedObjectNotFound", "NotAuthenticated", "NotFound"):
            raise


def of_view(paths: Mapping[str, Sequence[str]], of: Ref) -> str:
    """A filter's spec: those paths of all that the view shows."""
    selects = (
        '<selectSet xsi:type="TraversalSpec"><type>ContainerView</type><path>view</path><skip>false</skip></selectSet>'
    )
    return f"{_sets(paths)}<objectSet>{ref('obj', of)}<skip>true</skip>{selects}</objectSet>"


def of_objects(paths: Mapping[str, Sequence[str]], refs: Sequence[Ref]) -> str:
    return _sets(paths) + "".join(f"<objectSet>{ref('obj', one)}</objectSet>" for one in refs)


def retrieve(session: Session, spec: str, page: int = PAGE) -> Iterator[Found]:
    """Objects as they come. A page after the first may name properties without a value: those are left out."""
    method, body = "RetrievePropertiesEx", f"<specSet>{spec}</specSet><options>{tag('maxObjects', page)}</options>"
    while True:
        token = ""
        for element in session.stream(method, _of(session), body, "objects", "token"):
            if element.tag == f"{VIM}token":
                token = element.text or ""
            else:
                yield found(element)
        if not token:
            return
        method, body = "ContinueRetrievePropertiesEx", tag("token", token)


def retrieve_machines(session: Session, spec: str, sieve: Sieve) -> Iterator[Machine]:
    """VMs that were asked for by their ids, few enough to lie in memory."""
    method, body = "RetrievePropertiesEx", f"<specSet>{spec}</specSet><options/>"
    while method:
        token, machines = session.read(method, _of(session), body, sieve.page)
        yield from machines
        method, body = "ContinueRetrievePropertiesEx" if token else "", tag("token", token)


def _of(session: Session) -> Ref:
    return session.manager("propertyCollector")


def found(element: Element) -> Found:
    of = element[0]
    props: dict[str, Element] = {}
    for one in element:
        if one.tag == _SET and len(one) > 1 and (name := one[0].text):  # find() would take three times as long
            props[name] = one[1]
    return Found(Ref(of.get("type", ""), of.text or ""), props)


def one(session: Session, of: Ref, paths: Sequence[str]) -> Props:
    """A single object's. Raises SoapFault ManagedObjectNotFound. The elements stay whole."""
    body = f"<specSet>{of_objects({of.kind: paths}, [of])}</specSet><options/>"
    answer = session.call("RetrievePropertiesEx", session.manager("propertyCollector"), body)
    objects = answer.findall(f".//{VIM}objects")
    return found(objects[0]).props if objects else {}


def _sets(paths: Mapping[str, Sequence[str]]) -> str:
    return "".join(
        f"<propSet>{tag('type', kind)}{''.join(tag('pathSet', path) for path in listed)}</propSet>"
        for kind, listed in paths.items()
    )
