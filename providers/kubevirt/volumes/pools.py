"""How much room a class has, where its driver says so, and how many volumes a node takes. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from mtv.errors import CheckFailed
from mtv.providers.kubevirt.fields import Object, text, value
from mtv.providers.kubevirt.objects.quantities import size
from mtv.providers.kubevirt.volumes.claims import Wish
from mtv.providers.kubevirt.volumes.sizes import told


def by_class(wishes: Sequence[Wish]) -> dict[str, list[Wish]]:
    found: dict[str, list[Wish]] = defaultdict(list)
    for wish in wishes:
        found[wish.class_.name].append(wish)
    return found


def check_room(capacities: Iterable[Object], wishes: Sequence[Wish], machine: str) -> None:
    """All claims of a VM lie where one node reaches them. Raises CheckFailed `kubevirt.no-room`. A class without any
    CSIStorageCapacity says nothing."""
    told_of = defaultdict(list)
    for one in capacities:
        told_of[text(one, "storageClassName")].append(one)
    for name, of_it in by_class(wishes).items():
        if name in told_of:
            _check(told_of[name], of_it, name, machine)


def _check(capacities: Sequence[Object], wishes: Sequence[Wish], name: str, machine: str) -> None:
    needed, largest = sum(one.request_bytes for one in wishes), max(one.request_bytes for one in wishes)
    rooms = [size(value(one, "capacity")) or 0 for one in capacities]
    tops = [size(value(one, "maximumVolumeSize")) for one in capacities]
    fits = [room >= needed and (top is None or top >= largest) for room, top in zip(rooms, tops, strict=True)]
    if any(fits):
        return
    if max(rooms) >= needed:
        most = max(top for top in tops if top is not None)
        raise CheckFailed(
            "kubevirt.no-room",
            f"{machine}: class '{name}' makes volumes up to {told(most)}, and one of its disks needs {told(largest)}",
            "name another class in the plan's storage map",
        )
    raise CheckFailed(
        "kubevirt.no-room",
        f"{machine}: its claims need {told(needed)} of class '{name}', which has {told(max(rooms))} where it has most",
        "make room there, or name another class in the plan's storage map",
    )


def check_attached(wishes: Sequence[Wish], machine: str) -> None:
    """A worker has all disks and the scratch space at once, and the VM all disks. Raises CheckFailed
    `kubevirt.attach-limit`."""
    for provisioner in sorted({one.class_.provisioner for one in wishes}):
        of_it = [one for one in wishes if one.class_.provisioner == provisioner]
        most = of_it[0].class_.attaches
        if most is not None and len(of_it) > most:
            raise CheckFailed(
                "kubevirt.attach-limit",
                f"{machine}: {len(of_it)} volumes of {provisioner}, and no node takes more than {most}",
                "spread its disks over classes of several drivers, or put the scratch space into another class",
            )
