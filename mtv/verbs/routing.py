"""In which ways a VM's disks can be read, as its provider judges by what is stored of the source."""

from collections.abc import Sequence

from mtv import providers
from mtv.model.estate import VM, Entity
from mtv.model.infrastructure import Host
from mtv.model.reading import Route
from mtv.plans.files.resolve import Routing, no_choice
from mtv.providers.base import Routes
from mtv.store import inventory
from mtv.store.store import Store
from mtv.verbs.opening import Place


def routing(store: Store, source: Place) -> Routing:
    """What VMs stand on is read when the first of them is asked about."""
    kind = providers.load("sources", source.kind)
    if not issubclass(kind, Routes):
        return no_choice
    around: list[Entity] = []

    def routes(vm: VM, wanted: str) -> Sequence[Route]:
        if not around:
            around.extend(inventory.datastores(store, source.name))
            around.extend(inventory.parts(store, source.name, Host))
        told: Sequence[Route] = kind.routes(vm, around, wanted)
        return told

    return routes
