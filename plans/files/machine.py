"""The key `machine`: what a plan asks of VMs at the target besides disks and cards, and what that means for one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import Field, StrictInt, StrictStr

from mtv.model.details import Device
from mtv.model.estate import VM
from mtv.model.plans import Door, Toleration, Wanted
from mtv.plans.files.document import Path
from mtv.plans.files.part import Part, Word
from mtv.plans.maps import match, unused
from mtv.plans.maps.near import Surroundings

_NAME = r"[a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?"
_KEY = r"([a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_VALUE = r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?"
Flavour = Annotated[StrictStr, Field(pattern=f"^((own:)?{_NAME})?$")]
Key = Annotated[StrictStr, Field(pattern=f"^{_KEY}$")]
Value = Annotated[StrictStr, Field(pattern=f"^{_VALUE}$")]
HOSTS_OWN = ("pci", "vgpu", "scsi-device", "usb")


class PriorityRow(Part):
    from_: Literal["lowest", "low", "medium", "high", "highest"] = Field(alias="from")
    to: Annotated[StrictStr, Field(pattern=f"^{_NAME}$")]
    value: Annotated[StrictInt, Field(ge=-1_000_000_000, le=1_000_000_000)] | None = None


class RuleRow(Part):
    from_: Word = Field(alias="from")
    to: Annotated[StrictStr, Field(pattern=f"^(none|{_KEY}={_VALUE})$")]


class DeviceRow(Part):
    from_: Word = Field(alias="from")
    to: Annotated[StrictStr, Field(pattern=f"^(none|(gpu|host):{_NAME}/[A-Za-z0-9][-A-Za-z0-9_.]{{0,62}})$")]


class TolerationRow(Part):
    key: Key
    value: Value = ""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""


class Service(Part):
    port: Annotated[StrictInt, Field(ge=1, le=65535)]
    name: Annotated[StrictStr, Field(pattern=r"^([a-z]([-a-z0-9]{0,13}[a-z0-9])?)?$")] = ""
    protocol: Literal["TCP", "UDP"] = "TCP"
    route: Annotated[StrictStr, Field(pattern=f"^({_NAME})?$")] = ""


class MachinePart(Part):
    instancetype: Flavour = ""
    preference: Flavour = ""
    labels: Literal["all", "tags", "none"] = "all"
    add_labels: dict[Key, Value] = {}
    run: Literal["auto", "Always", "RerunOnFailure", "Manual"] = "auto"
    cpu: Literal["auto", "shared", "dedicated"] = "auto"
    hugepages: Literal["none", "2Mi", "1Gi"] = "none"
    tpm: Literal["as_source", "none"] = "as_source"
    timezone: Annotated[StrictStr, Field(pattern=r"^([A-Za-z]+([/_+-][A-Za-z0-9]+){0,6})?$")] = ""
    heartbeat: Literal["none", "agent", "watchdog"] = "none"
    nodes: dict[Key, Value] = {}
    tolerations: list[TolerationRow] = []
    priorities: list[PriorityRow] = []
    rules: list[RuleRow] = []
    devices: list[DeviceRow] = []
    claims: Literal["plain", "datavolumes"] = "plain"
    services: list[Service] = []
    snapshot: Literal["none", "first_boot"] = "none"


def over(part: MachinePart, special: MachinePart) -> MachinePart:
    """What an override says goes before what the plan says."""
    return part.model_copy(update={name: getattr(special, name) for name in special.model_fields_set})


def wanted(part: MachinePart, vm: VM) -> Wanted:
    priority = match(part.priorities, vm.restart_priority)
    return Wanted(
        instancetype=part.instancetype, preference=part.preference, labels=part.labels, add_labels=part.add_labels,
        run=part.run, cpu=part.cpu, hugepages="" if part.hugepages == "none" else part.hugepages, tpm=part.tpm,
        timezone=part.timezone, heartbeat=part.heartbeat, nodes=part.nodes,
        tolerations=tuple(Toleration(key=one.key, value=one.value, effect=one.effect) for one in part.tolerations),
        priority=priority.to if priority else "", priority_value=priority.value if priority else None,
        rules={row.from_: row.to for row in part.rules},
        devices=_devices(part.devices, vm.devices), claims=part.claims,
        services=tuple(
            Door(port=one.port, name=one.name, protocol=one.protocol, route=one.route) for one in part.services
        ),
        snapshot=part.snapshot,
    )  # fmt: skip


def _devices(rows: Sequence[DeviceRow], devices: Sequence[Device]) -> Mapping[str, str]:
    """A host's devices by what the source calls them, or what stands behind them."""
    found = ((one.key, match(rows, one.label) or match(rows, one.backing)) for one in devices if one.kind in HOSTS_OWN)
    return {key: row.to for key, row in found if row}


def odd(usual: MachinePart, overs: Sequence[MachinePart]) -> Iterator[tuple[Path, str]]:
    """What no key's form tells, by its place in the file; of an override what it makes of the usual, too."""
    told = list(_odd(usual))
    yield from ((("machine", *path), text) for path, text in told)
    for place, special in enumerate(overs):
        found = (one for one in _odd(over(usual, special)) if one not in told)
        yield from (((*_place(place), *path), text) for path, text in found)


def _place(override: int) -> Path:
    return ("overrides", override, "machine")


def _odd(part: MachinePart) -> Iterator[tuple[Path, str]]:
    if part.timezone and part.timezone not in (available_timezones() or {part.timezone}):
        yield ("timezone",), f"there is no time zone '{part.timezone}'"
    for key in ("cpu", "hugepages") if part.instancetype else ():
        if getattr(part, key) in ("dedicated", "2Mi", "1Gi"):
            yield (key,), f"instancetype '{part.instancetype}' says what '{key}' is: KubeVirt refuses both together"
    names = [one.name or f"{one.protocol.lower()}-{one.port}" for one in part.services]
    for place, name in enumerate(names):
        if name in names[:place]:
            yield ("services", place), f"two ports of a Service are called '{name}'"


def misses(
    usual: MachinePart, overs: Sequence[MachinePart], vms: Sequence[VM], near: Surroundings
) -> Iterator[tuple[Path, str, set[str], str]]:
    """Rows of maps that name nothing there is: where, the word, what there is, its kind."""
    parts: list[tuple[Path, MachinePart]] = [(("machine",), usual)]
    parts += [(_place(place), special) for place, special in enumerate(overs)]
    for path, part in parts:
        for key, word, known, kind in _misses(part, vms, near):
            yield (*path, *key), word, known, kind


def _misses(part: MachinePart, vms: Sequence[VM], near: Surroundings) -> Iterator[tuple[Path, str, set[str], str]]:
    rules = {bond.name for vm in vms for bond in near(vm).bonds} if part.rules else set()
    for place in unused(part.rules, rules):
        yield ("rules", place, "from"), part.rules[place].from_, rules, "rule for these VMs"
    devices = {name for vm in vms for device in vm.devices for name in _called(device)} if part.devices else set()
    for place in unused(part.devices, devices):
        yield ("devices", place, "from"), part.devices[place].from_, devices, "device of a host in these VMs"


def _called(device: Device) -> list[str]:
    return [name for name in (device.label, device.backing) if name and device.kind in HOSTS_OWN]
