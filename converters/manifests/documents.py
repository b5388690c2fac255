"""All documents of one VM, in the order in which they are applied, keys as kubectl prints them."""

from collections.abc import Mapping, Sequence

from mtv.converters.manifests.claims import claim
from mtv.converters.manifests.machine import virtual_machine
from mtv.converters.manifests.parts.beside import services
from mtv.converters.manifests.shape import Shape, shape
from mtv.model.estate import Facts, Json
from mtv.model.guest import GuestFacts
from mtv.model.plans import VmPlan
from mtv.model.volumes import Volume


def documents(
    plan: VmPlan,
    guest: GuestFacts | None,
    volumes: Sequence[Volume] = (),
    *,
    namespace: str = "",
    macs: Mapping[str, str] | None = None,
) -> list[dict[str, Json]]:
    """Claims first, then Services, the VirtualMachine last, halted. `macs` (NIC key to address) is what the guest's
    network plan decided; without volumes yet, sizes are the source's."""
    return of_shape(shape(plan, guest, volumes, namespace, macs))


def macs_of(found: Facts | None) -> dict[str, str] | None:
    """What inspection or conversion decided of a guest's cards."""
    network = found.get("network") if found else None
    told = network.get("macs") if isinstance(network, Mapping) else None
    return {str(key): str(value) for key, value in told.items()} if isinstance(told, Mapping) else None


def of_shape(found: Shape) -> list[dict[str, Json]]:
    plain = found.wanted.claims == "plain"
    claims = [claim(found, disk) for disk in found.disks if plain]
    made = [*claims, *services(found), virtual_machine(found)]
    return [{key: _sorted(value) for key, value in sorted(document.items())} for document in made]


def _sorted(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _sorted(item) for key, item in sorted(value.items())}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
