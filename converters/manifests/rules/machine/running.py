"""What a VirtualMachine says beside its template: how it runs, its DataVolumes, its instance type and preference."""

from collections.abc import Iterator

from mtv.converters.manifests.rules.amounts import whole
from mtv.converters.manifests.rules.machine.instance import Instance
from mtv.converters.manifests.rules.rule import Book, Complaint
from mtv.converters.manifests.rules.target import Target
from mtv.converters.manifests.rules.view import View

BOOK = Book("run", "https://kubevirt.io/user-guide/compute/run_strategies/")
BOTH = BOOK.refused("both", "running and runStrategy exclude each other", "leave running out")
NONE = BOOK.refused("none", "a VirtualMachine says its runStrategy", "set runStrategy, such as Halted")
STRATEGY = BOOK.refused(
    "strategy", "a runStrategy is Always, Halted, Manual, RerunOnFailure or Once", "use one of them"
)
RECEIVER = BOOK.refused(
    "receiver", "WaitAsReceiver needs the feature gate DecentralizedLiveMigration", "switch it on, or use Halted"
)
RUNNING = BOOK.warning("running", "spec.running is deprecated", "use runStrategy: Always for true, Halted for false")
TEMPLATES = Book("template", "https://kubevirt.io/user-guide/storage/disks_and_volumes/#datavolume-vm-behavior")
T_NAME = TEMPLATES.refused("name", "a DataVolume template has a name", "set metadata.name")
T_STORAGE = TEMPLATES.refused("storage", "a DataVolume template has either storage or pvc", "leave one of them")
T_SOURCE = TEMPLATES.refused(
    "source", "a DataVolume template has exactly one source, or a sourceRef, or is populated by its claim's dataSource",
    "leave one of them",
)  # fmt: skip
T_UNUSED = TEMPLATES.refused("unused", "no volume of the template names this DataVolume", "add the volume")
T_NAMESPACE = TEMPLATES.refused("namespace", "a DataVolume template is in the VM's own namespace", "leave it out")
SIZES = Book("instancetype", "https://kubevirt.io/user-guide/user_workloads/instancetypes/")
CONFLICT = SIZES.refused("conflict", "the instance type says this already", "leave it out of the VM")
REQUIREMENT = SIZES.refused("requirement", "the preference asks for more than the VM has", "give it as much")
FIRMWARE = SIZES.warning(
    "firmware", "the preference chooses the firmware where the VM does not",
    "write bootloader, such as bios: {}, and tpm as the guest needs them",
)  # fmt: skip
MATCHER = SIZES.refused(
    "matcher", "an instance type or preference is named, or inferred from a volume", "give one of both"
)

STRATEGIES = ("Halted", "Manual", "Always", "RerunOnFailure", "Once")


def check(document: View, machine: Instance) -> Iterator[Complaint]:
    spec = document.at("spec")
    running, strategy = spec.at("running"), spec.at("runStrategy")
    if running:
        yield BOTH.at(running) if strategy else RUNNING.at(running)
    elif not strategy:
        yield NONE.at(strategy)
    if strategy.value == "WaitAsReceiver":
        if not machine.gate("DecentralizedLiveMigration"):
            yield RECEIVER.at(strategy)
    elif strategy and strategy.value not in STRATEGIES:
        yield STRATEGY.at(strategy)
    for template in spec.each("dataVolumeTemplates"):
        yield from _template(template, machine, document.text("metadata", "namespace") or machine.target.namespace)
    for name in ("instancetype", "preference"):
        matcher = spec.at(name)
        if matcher and not matcher.text("name") and not matcher.text("inferFromVolume"):
            yield MATCHER.at(matcher)
    yield from _sizes(document, machine)


def _template(template: View, machine: Instance, namespace: str) -> Iterator[Complaint]:
    name, spec = template.text("metadata", "name"), template.at("spec")
    storage = [spec.at(key) for key in ("pvc", "storage") if spec.has(key)]
    if not name:
        yield T_NAME.at(template.at("metadata", "name"))
    elif len(storage) != 1:
        yield T_STORAGE.at(spec)
    elif not _has_one_source(spec, storage[0]):
        yield T_SOURCE.at(spec.at("source"))
    elif name not in machine.claims:
        yield T_UNUSED.at(template.at("metadata", "name"))
    own = template.text("metadata", "namespace")
    if own and own != namespace:
        yield T_NAMESPACE.at(template.at("metadata", "namespace"))


def _has_one_source(spec: View, storage: View) -> bool:
    populated = storage.has("dataSource") or storage.has("dataSourceRef")
    if populated:
        return not spec.has("source") and not spec.has("sourceRef")
    if spec.has("source"):
        return sum(value is not None for value in spec.at("source").fields.values()) == 1
    return spec.has("sourceRef")


def _sizes(document: View, machine: Instance) -> Iterator[Complaint]:
    size = named(document, "instancetype", "VirtualMachineClusterInstancetype", machine.target)
    taste = named(document, "preference", "VirtualMachineClusterPreference", machine.target)
    if size is not None:
        yield from _conflicts(machine, size)
    if taste is None:
        return
    needed = taste.at("spec", "requirements")
    cpus = size.number("spec", "cpu", "guest") if size is not None else machine.vcpus
    if needed.number("cpu", "guest") > cpus and (cpus or size is not None or not machine.sized):
        yield REQUIREMENT.at(document.at("spec", "preference", "name"), f"{needed.number('cpu', 'guest')} processors")
    memory = whole(size.at("spec", "memory", "guest").value) if size is not None else machine.guest_bytes
    wanted = needed.at("memory", "guest")
    if memory is not None and wanted and whole(wanted.value) > memory:
        yield REQUIREMENT.at(document.at("spec", "preference", "name"), f"{wanted.value} of memory")
    firmware = taste.at("spec", "firmware")
    if firmware.fields and not machine.domain.has("firmware", "bootloader"):
        yield FIRMWARE.at(document.at("spec", "preference", "name"))


def named(document: View, key: str, kind: str, target: Target) -> View | None:
    """The instance type or preference, where it is at hand."""
    matcher = document.at("spec", key)
    wanted = matcher.text("kind").lower().rstrip("s") or kind.lower()
    kinds = (kind, kind.replace("Cluster", ""))
    for one in kinds:
        if one.lower() == wanted and matcher.text("name"):
            namespace = "" if "Cluster" in one else document.text("metadata", "namespace")
            return target.found(one, namespace, matcher.text("name"))
    return None


def _conflicts(machine: Instance, size: View) -> Iterator[Complaint]:
    domain, given = machine.domain, size.at("spec")
    resources = domain.at("resources")
    always = [resources.at(kind, what) for what in ("cpu", "memory") for kind in ("requests", "limits")]
    always += [machine.cpu.at(key) for key in ("sockets", "cores", "threads") if machine.cpu.number(key)]
    always += [domain.at("memory", "guest")]
    yield from (CONFLICT.at(place) for place in always if place)
    both = [("cpu", key) for key in ("model", "dedicatedCpuPlacement", "isolateEmulatorThread", "numa", "realtime")]
    both += [("memory", key) for key in ("hugepages", "maxGuest")]
    yield from (CONFLICT.at(domain.at(*path)) for path in both
                if domain.at(*path).value and given.has(*path) and domain.at(*path).value is not False)  # fmt: skip
    places = {
        "ioThreadsPolicy": domain,
        "launchSecurity": domain,
        "gpus": machine.devices,
        "hostDevices": machine.devices,
        "schedulerName": machine.spec,
        "nodeSelector": machine.spec,
    }
    yield from (CONFLICT.at(place.at(key)) for key, place in places.items() if place.at(key).value and given.has(key))
