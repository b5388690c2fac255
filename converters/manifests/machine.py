"""The VirtualMachine document. Each choice that loses something has a row in docs/mapping.md."""

from mtv.converters.manifests import claims
from mtv.converters.manifests.names import is_label
from mtv.converters.manifests.parts import labels
from mtv.converters.manifests.parts.devices import devices, network
from mtv.converters.manifests.parts.features import clock, features
from mtv.converters.manifests.parts.firmware import firmware
from mtv.converters.manifests.parts.flavours import flavours
from mtv.converters.manifests.parts.placing import annotations, placing, run_strategy
from mtv.converters.manifests.parts.processors import cpu, memory, memory_bytes, resources
from mtv.converters.manifests.quantities import quantity
from mtv.converters.manifests.shape import Shape
from mtv.model.estate import Json

GRACE_S = {True: 3600, False: 180}  # Windows installs its updates while it shuts down


def virtual_machine(shape: Shape) -> dict[str, Json]:
    outside = claims.metadata(shape, shape.name, labels.texts(shape) | _noted(shape))
    template: dict[str, Json] = {"labels": labels.of_template(shape)}
    if noted := annotations(shape):
        template["annotations"] = noted
    spec: dict[str, Json] = {"runStrategy": "Halted", "template": {"metadata": template, "spec": _instance(shape)}}
    if shape.wanted.claims == "datavolumes" and shape.disks:
        spec["dataVolumeTemplates"] = [claims.template(shape, disk) for disk in shape.disks]
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": outside | {"labels": labels.of_machine(shape)},
        "spec": spec | flavours(shape),
    }


def _noted(shape: Shape) -> dict[str, Json]:
    found: dict[str, Json] = {
        "mtv/name": shape.vm.name,
        "mtv/run-strategy": run_strategy(shape),
        "mtv/vm": shape.vm.key,
    }
    if shape.wanted.instancetype:  # which alone knows what the VM gets: this is what it had
        found |= {"mtv/cpus": str(max(shape.vm.cpus, 1)), "mtv/memory": quantity(memory_bytes(shape.vm))}
    return found


def _instance(shape: Shape) -> dict[str, Json]:
    spec: dict[str, Json] = {
        "architecture": "amd64",
        "domain": _domain(shape),
        "terminationGracePeriodSeconds": GRACE_S[shape.windows],
        "volumes": [claims.volume(shape, disk) for disk in shape.disks],
        **placing(shape),
    }
    if shape.nics:
        spec["networks"] = [network(nic) for nic in shape.nics]
    if host := hostname(shape):
        spec["hostname"] = host
    return spec


def hostname(shape: Shape) -> str:
    """The guest's own, so that what it is told by DHCP is what it knew."""
    told = (shape.guest.hostname if shape.guest else "") or shape.vm.guest.hostname
    first = told.split(".")[0].lower()
    return first if is_label(first) else ""


def _domain(shape: Shape) -> dict[str, Json]:
    found: dict[str, Json] = {
        "clock": clock(shape),
        "cpu": cpu(shape),
        "devices": devices(shape),
        "features": features(shape),
        "firmware": firmware(shape),
        "machine": {"type": "q35"},
        "memory": {} if shape.wanted.instancetype else memory(shape),
        "resources": resources(shape),
    }
    return {key: value for key, value in found.items() if value}
