"""What happened at the source of late: who changed, moved, made or removed a VM."""

from mtv.model.infrastructure import Occurrence
from mtv.providers.vsphere.objects.elements import fields, kind, text, unescaped
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import tag

TYPES = ("VmReconfiguredEvent", "VmCreatedEvent", "VmClonedEvent", "VmRemovedEvent", "VmRenamedEvent",
         "VmMigratedEvent", "VmRelocatedEvent", "VmPoweredOnEvent", "VmPoweredOffEvent", "VmDisconnectedEvent",
         "VmOrphanedEvent")  # fmt: skip
LIMIT = 200


def events(session: Session, source: str) -> list[Occurrence]:
    """The newest. Raises SoapFault, MtvError."""
    types = "".join(tag("eventTypeId", one) for one in TYPES)
    body = f"<filter>{types}{tag('maxCount', LIMIT)}</filter>"
    found = []
    for one in session.call("QueryEvents", session.manager("eventManager"), body):
        told, vm = fields(one), fields(fields(one).get("vm"))
        found.append(Occurrence(
            source=source, id=text(told, "key"), name=unescaped(text(vm, "name")), kind=kind(one),
            at=text(told, "createdTime"), who=text(told, "userName"), text=text(told, "fullFormattedMessage"),
        ))  # fmt: skip
    return found[-LIMIT:]
