"""What is looked at to find a cause: the VM, and what stands around it, in as few lists as possible. What may not be
read is empty and named; nothing is changed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from mtv.providers.kubevirt.fields import Object, mapping, pairs, rows, text
from mtv.providers.kubevirt.labels import VM
from mtv.providers.kubevirt.machines.states import holds

NOTHING: Object = {}


@dataclass(frozen=True)
class Near:
    """Lists of the namespace, and of the cluster: read once for all VMs that are asked for."""

    namespace: Object = field(default_factory=dict)
    machines: Sequence[Object] = ()
    instances: Sequence[Object] = ()
    pods: Sequence[Object] = ()
    jobs: Sequence[Object] = ()
    claims: Sequence[Object] = ()
    data_volumes: Sequence[Object] = ()
    events: Sequence[Object] = ()
    quotas: Sequence[Object] = ()
    nodes: Sequence[Object] = ()
    classes: Sequence[Object] = ()
    profiles: Sequence[Object] = ()
    everywhere: Sequence[Object] = ()  # VMs of all namespaces, where they may be read
    gaps: tuple[str, ...] = ()  # what could not be read


@dataclass(frozen=True)
class Event:
    about: str  # Kind/name
    reason: str
    text: str

    def __str__(self) -> str:
        return f"{self.about}: {self.reason}: {self.text}"


@dataclass(frozen=True)
class Scene:
    """One VM's. `hash10` is on all that was made for its migration."""

    near: Near
    name: str
    hash10: str = ""

    @cached_property
    def vm(self) -> Object:
        return _named(self.near.machines, self.name)

    @cached_property
    def instance(self) -> Object:
        return _named(self.near.instances, self.name)

    @cached_property
    def pods(self) -> list[Object]:
        """The launcher's, the workers', and CDI's."""
        return [one for one in self.near.pods if self._is_mine(one) or _claims_of(one) & self.claim_names]

    @cached_property
    def jobs(self) -> list[Object]:
        return [one for one in self.near.jobs if self._is_mine(one)]

    @cached_property
    def claim_names(self) -> set[str]:
        named = {
            text(volume, *path)
            for volume in rows(self.vm, "spec", "template", "spec", "volumes")
            for path in (("persistentVolumeClaim", "claimName"), ("dataVolume", "name"))
        }
        made = {_name(one) for one in self.near.claims if self._is_mine(one)}
        return {one for one in named | made if one}

    @cached_property
    def claims(self) -> list[Object]:
        """With CDI's own beside them: scratch and prime claims."""
        beside = {f"{one}-scratch" for one in self.claim_names}
        uids = {text(one, "metadata", "uid") for one in self.near.claims if _name(one) in self.claim_names}
        beside |= {f"prime-{uid}" for uid in uids}
        return [one for one in self.near.claims if _name(one) in self.claim_names | beside]

    @cached_property
    def data_volumes(self) -> list[Object]:
        return [one for one in self.near.data_volumes if _name(one) in self.claim_names or self._is_mine(one)]

    @cached_property
    def events(self) -> list[Event]:
        """Of what is not well now: those of what went well since say nothing any more."""
        here = {f"{kind}/{_name(one)}" for kind, found in self._watched() for one in found}
        scratch = {f"PersistentVolumeClaim/{_name(one)}" for one in self.claims}
        return [one for one in map(_event, self.near.events) if one.about in here | scratch and not self._is_well(one)]

    def said(self, *words: str, reason: str = "") -> Iterator[str]:
        """Events, conditions and the states of containers that hold one of these words."""
        for one in dict.fromkeys([*self.sayings]):
            if any(word in one for word in words) or (reason and f": {reason}: " in one):
                yield one

    @cached_property
    def sayings(self) -> tuple[str, ...]:
        told = [str(one) for one in self.events]
        for kind, found in self._watched():
            for one in found:
                told += [f"{kind}/{_name(one)}: {said}" for said in _conditions(one)]
        for pod in self.pods:
            told += [f"Pod/{_name(pod)}: {said}" for said in _containers(pod)]
        return tuple(told)

    def _watched(self) -> Iterator[tuple[str, Sequence[Object]]]:
        yield "VirtualMachine", [self.vm] if self.vm else []
        yield "VirtualMachineInstance", [self.instance] if self.instance else []
        yield "Pod", self.pods
        yield "Job", self.jobs
        yield "PersistentVolumeClaim", self.claims
        yield "DataVolume", self.data_volumes

    def _is_mine(self, one: Object) -> bool:
        labels = pairs(one, "metadata", "labels")
        if self.hash10 and labels.get(VM) == self.hash10:
            return True
        owners = {(text(own, "kind"), text(own, "name")) for own in rows(one, "metadata", "ownerReferences")}
        return ("VirtualMachineInstance", self.name) in owners or ("VirtualMachine", self.name) in owners

    def _is_well(self, one: Event) -> bool:
        kind, _, name = one.about.partition("/")
        found = next((_named(them, name) for what, them in self._watched() if what == kind), NOTHING)
        return _WELL[kind](found) if found else kind == "Pod"


def is_up(vmi: Object) -> bool:
    return text(vmi, "status", "phase") == "Running" and not is_false(vmi, "Synchronized")


def is_false(of: Object, kind: str) -> bool:
    return any(text(one, "type") == kind and text(one, "status") == "False" for one in rows(of, "status", "conditions"))


def _pod_is_well(pod: Object) -> bool:
    return text(pod, "status", "phase") == "Succeeded" or holds(pod, "Ready")


_WELL: dict[str, Callable[[Object], bool]] = {
    "VirtualMachine": lambda one: text(one, "status", "printableStatus") == "Running",
    "VirtualMachineInstance": is_up,
    "Pod": _pod_is_well,
    "Job": lambda one: holds(one, "Complete"),
    "PersistentVolumeClaim": lambda one: text(one, "status", "phase") == "Bound",
    "DataVolume": lambda one: text(one, "status", "phase") == "Succeeded",
}


def _name(one: Object) -> str:
    return text(one, "metadata", "name")


def _named(found: Sequence[Object], name: str) -> Object:
    return next((one for one in found if _name(one) == name), NOTHING)


def _event(one: Object) -> Event:
    about = mapping(one, "involvedObject")
    return Event(f"{text(about, 'kind')}/{text(about, 'name')}", text(one, "reason"), text(one, "message"))


def _conditions(one: Object) -> Iterator[str]:
    """Those that say what is wrong: not true, or of a failure."""
    for told in rows(one, "status", "conditions"):
        kind, reason, message = text(told, "type"), text(told, "reason"), text(told, "message")
        if message and (text(told, "status") != "True" or kind in ("Failure", "Failed", "Paused")):
            yield f"{reason or kind}: {message}"
    if message := text(one, "status", "message"):
        yield f"{text(one, 'status', 'reason')}: {message}"


def _containers(pod: Object) -> Iterator[str]:
    for sort in ("initContainerStatuses", "containerStatuses"):
        for one in rows(pod, "status", sort):
            for state in ("waiting", "terminated"):
                told = mapping(one, "state", state) or mapping(one, "lastState", state)
                if text(told, "reason") not in ("", "Completed", "ContainerCreating", "PodInitializing"):
                    yield f"{text(told, 'reason')}: {text(told, 'message') or text(one, 'name')}"


def _claims_of(pod: Object) -> set[str]:
    return {text(one, "persistentVolumeClaim", "claimName") for one in rows(pod, "spec", "volumes")} - {""}
