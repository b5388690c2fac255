"""A plan file and the inventory make a Plan: every default applied, every name looked up, or all problems told."""

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mtv.model.estate import VM, Network, Nic
from mtv.model.infrastructure import Switch
from mtv.model.plans import DiskChoice, GuestChoice, GuestKey, Limits, Making, NicChoice, Plan, VmPlan
from mtv.model.reading import Route
from mtv.plans.files import machine
from mtv.plans.files.abilities import unfit
from mtv.plans.files.document import Document, Path
from mtv.plans.files.problems import Problem
from mtv.plans.files.schema import NetworkRow, Override, PlanFile, StorageRow
from mtv.plans.maps import match, unused
from mtv.plans.maps.making import makings
from mtv.plans.maps.near import Surroundings, alone
from mtv.providers.base import Capabilities

NETWORK = re.compile(r"pod|udn|none|(?:nad|sriov):([a-z0-9]([-a-z0-9]*[a-z0-9])?/)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}

Naming = Callable[[str], str]
"""A VM's name as the target can have it."""

Routing = Callable[[VM, str], Sequence[Route]]
"""In which ways a VM's disks can be read, the plan's word for it given."""


def no_choice(vm: VM, wanted: str) -> Sequence[Route]:
    return ()


@dataclass(frozen=True)
class Ends:
    """What resolving needs to know of source and target."""

    source: Capabilities
    target: Capabilities
    naming: Naming
    routing: Routing = no_choice
    near: Surroundings = alone
    networks: Sequence[Network] = ()
    switches: Sequence[Switch] = ()


def resolve(
    file: PlanFile, document: Document, estate: Sequence[VM], chosen: Sequence[VM], ends: Ends
) -> tuple[Plan | None, list[Problem]]:
    """`estate` is the source's whole inventory, `chosen` what `select` found in it (for `vms` give nothing)."""
    work = _Work(file, document, ends)
    vms = work.named(estate) if file.vms else list(chosen)
    work.check_file(estate, vms)
    plans = tuple(work.vm(vm) for vm in vms)
    networks = work.makings()
    work.check_names(plans)
    if work.problems:
        return None, work.problems
    made = Plan(
        name=file.name, source=file.source, target=file.target, namespace=file.namespace, vms=plans,
        networks=networks, limits=_limits(file), on_failure=file.on_failure, read=file.read, text=document.text,
    )  # fmt: skip
    return made, []


def _limits(file: PlanFile) -> Limits:
    rate = file.limits.bytes_per_second
    if isinstance(rate, str):
        number, unit = re.fullmatch(r"(\d+)([KMG]?)", rate).groups()  # type: ignore[union-attr]
        rate = int(number) * _UNITS[unit]
    return Limits(per_host=file.limits.per_host, per_datastore=file.limits.per_datastore, bytes_per_second=rate)


class _Work:
    """One resolution: collects problems instead of stopping at the first."""

    def __init__(self, file: PlanFile, document: Document, ends: Ends) -> None:
        self.file, self.document, self.ends = file, document, ends
        self.problems: list[Problem] = []

    def wrong(self, path: Path, text: str, hint: str = "") -> None:
        self.problems.append(Problem(self.document.where(path), text, hint))

    def named(self, estate: Sequence[VM]) -> list[VM]:
        found: dict[str, VM] = {}
        for place, word in enumerate(self.file.vms):
            vm = self.one_named(estate, word, place)
            if vm and vm.key in found:
                self.wrong(("vms", place), f"VM '{word}' is named twice", "remove one of them")
            elif vm:
                found[vm.key] = vm
        return list(found.values())

    def one_named(self, estate: Sequence[VM], word: str, place: int) -> VM | None:
        fits = [vm for vm in estate if word in (vm.name, f"{vm.name}@{vm.id}")]
        if len(fits) == 1:
            return fits[0]
        if fits:
            both = ", ".join(f"'{vm.name}@{vm.id}'" for vm in fits[:5])
            self.wrong(("vms", place), f"{len(fits)} VMs are named '{word}': write one of {both}")
            return None
        near = difflib.get_close_matches(word, [vm.name for vm in estate], 1, 0.5)
        guess = f": did you mean '{near[0]}'?" if near else ""
        self.wrong(
            ("vms", place), f"no VM is named '{word}'{guess}", f"`mtv get vms` lists what '{self.file.source}' has"
        )
        return None

    def check_file(self, estate: Sequence[VM], vms: Sequence[VM]) -> None:
        if bool(self.file.vms) == bool(self.file.select):
            self.wrong((), "give either 'vms' or 'select'", "select: \"name LIKE 'db%'\"")
        elif not vms and not self.problems:
            self.wrong(("select",), "'select' finds no VM", "try it with `mtv get vms --where`")
        for path, text, hint in unfit(self.file, self.ends.source, self.ends.target):
            self.wrong(path, text, hint)
        networks = {nic.network for vm in estate for nic in vm.nics}
        for place in unused(self.file.networks, networks):
            self.unknown(("networks", place, "from"), self.file.networks[place].from_, networks, "network")
        datastores = {disk.datastore for vm in estate for disk in vm.disks}
        for place in unused(self.file.storage, datastores):
            self.unknown(("storage", place, "from"), self.file.storage[place].from_, datastores, "datastore")
        self.check_targets()
        self.check_overrides(vms)
        self.check_machine(vms)
        self.check_reading(vms)

    def unknown(self, path: Path, word: str, known: set[str], kind: str) -> None:
        near = difflib.get_close_matches(word, sorted(known), 1, 0.5)
        guess = f": did you mean '{near[0]}'?" if near else ""
        self.wrong(path, f"the source has no {kind} '{word}'{guess}")

    def check_targets(self) -> None:
        for place, row in enumerate(self.file.networks):
            if not NETWORK.fullmatch(row.to):
                self.wrong(
                    ("networks", place, "to"),
                    f"'{row.to}' is no network: write pod, none, nad:NAMESPACE/NAME, sriov: or udn",
                )
        words = self.ends.target.storage
        for place, store in enumerate(self.file.storage):
            if words and store.to not in words:
                self.wrong(("storage", place, "to"), f"'{store.to}' is no storage there: write {' or '.join(words)}")

    def check_overrides(self, vms: Sequence[VM]) -> None:
        for place, over in enumerate(self.file.overrides):
            vm = next((vm for vm in vms if over.vm in (vm.name, f"{vm.name}@{vm.id}")), None)
            if vm is None:
                self.wrong(("overrides", place, "vm"), f"'{over.vm}' is none of the plan's VMs")
                continue
            for row, disk in enumerate(over.disks):
                if disk.disk > len(vm.disks):
                    self.wrong(
                        ("overrides", place, "disks", row),
                        f"'{vm.name}' has {len(vm.disks)} disks, no disk {disk.disk}",
                    )
        names = {vm.name for vm in vms} | {f"{vm.name}@{vm.id}" for vm in vms}
        for place, key in enumerate(self.file.guest.keys):
            if key.vm not in names:
                self.wrong(("guest", "keys", place, "vm"), f"'{key.vm}' is none of the plan's VMs")

    def check_machine(self, vms: Sequence[VM]) -> None:
        usual, overs = self.file.machine, [one.machine for one in self.file.overrides]
        for path, text in machine.odd(usual, overs):
            self.wrong(path, text)
        for path, word, known, kind in machine.misses(usual, overs, vms, self.ends.near):
            self.unknown(path, word, known, kind)

    def makings(self) -> tuple[Making, ...]:
        found = list(makings(self.file.networks, self.ends.networks, self.ends.switches))
        for place, _, why in found:
            if why:
                self.wrong(("networks", place, "make"), f"'{self.file.networks[place].from_}' cannot be made: {why}")
        return tuple(made for _, made, _ in found if made)

    def check_reading(self, vms: Sequence[VM]) -> None:
        """A way that is named has to be open for every VM."""
        if self.file.read not in self.ends.source.ways:
            return
        for vm in vms:
            for one in self.ends.routing(vm, self.file.read):
                if one.name == self.file.read and not one.taken:
                    self.wrong(("read",), f"'{vm.name}' cannot be read by '{one.name}': {one.why}",
                               "write 'read: auto', or another way: `mtv describe vm` shows them")  # fmt: skip

    def check_names(self, plans: Sequence[VmPlan]) -> None:
        for one, other in twins([(plan.vm, plan.machine) for plan in plans])[:1]:
            self.wrong(("names",), f"VMs {one} would both be named '{other}'",
                       "move them with two plans, to two targets")  # fmt: skip

    def vm(self, vm: VM) -> VmPlan:
        over = next((one for one in self.file.overrides if one.vm in (vm.name, f"{vm.name}@{vm.id}")), None)
        file = self.file
        name = vm.name.lower() if file.names.case == "lower" else vm.name
        return VmPlan(
            vm=vm, machine=self.ends.naming(name), disks=self.disks(vm, over),
            nics=tuple(self.nic(vm, nic) for nic in vm.nics), guest=self.guest(vm), journey=file.journey,
            grace_s=file.power_off.grace_s, then=file.power_off.then, start=file.start,
            precopy_every_s=file.precopy.every_min * 60.0, on_failure=file.on_failure,
            probation_s=file.probation_h * 3600.0, accept=tuple(one.id for one in file.accept),
            order=over.order if over else 0, near=self.ends.near(vm),
            wanted=machine.wanted(machine.over(file.machine, over.machine) if over else file.machine, vm),
        )  # fmt: skip

    def guest(self, vm: VM) -> GuestChoice:
        guest = self.file.guest
        keys = tuple(
            GuestKey(device=key.device, secret=key.secret)
            for key in guest.keys
            if key.vm in (vm.name, f"{vm.name}@{vm.id}")
        )
        return GuestChoice(
            conversion=guest.conversion, agent=guest.agent, addresses=guest.addresses, devices=guest.devices, keys=keys
        )

    def disks(self, vm: VM, over: Override | None) -> tuple[DiskChoice, ...]:
        special = {one.disk: one.to for one in over.disks} if over else {}
        made = []
        for number, disk in enumerate(vm.disks, 1):
            row: StorageRow | None = match(self.file.storage, disk.datastore)
            if row is None and number not in special:
                self.wrong(("storage",), f"VM '{vm.name}': datastore '{disk.datastore}' has no row in 'storage'",
                           f'add {{from: "{disk.datastore}", to: ...}}')  # fmt: skip
                continue
            made.append(DiskChoice(disk=disk.key, to=special.get(number) or (row.to if row else ""),
                                   access=row.access if row else "", volume=row.volume if row else ""))  # fmt: skip
        return tuple(made)

    def nic(self, vm: VM, nic: Nic) -> NicChoice:
        row: NetworkRow | None = match(self.file.networks, nic.network)
        if row is None:
            self.wrong(("networks",), f"VM '{vm.name}': network '{nic.network}' has no row in 'networks'",
                       f'add {{from: "{nic.network}", to: pod}}')  # fmt: skip
        return NicChoice(nic=nic.key, to=row.to if row else "", mac=nic.mac)


def twins(named: Iterable[tuple[VM, str]]) -> list[tuple[str, str]]:
    """VMs that cannot stand beside each other at a target: two of them, and the name that both would have there."""
    first: dict[str, VM] = {}
    found: dict[str, str] = {}
    for vm, name in named:
        other = first.setdefault(name, vm)
        if other is not vm:
            words = [f"'{one.name}'" if other.name != vm.name else f"'{one.name}@{one.id}'" for one in (other, vm)]
            found.setdefault(name, " and ".join(words))
    return [(words, name) for name, words in found.items()]
