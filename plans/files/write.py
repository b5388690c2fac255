"""`mtv create plan`: a plan file with proposed maps, ready to be read by a person."""

from collections.abc import Sequence

import yaml

from mtv.model.estate import VM
from mtv.providers.base import Capabilities


def _quoted(word: str) -> str:
    """One scalar as YAML writes it, on one line."""
    return yaml.safe_dump([word], default_flow_style=True, width=100_000, allow_unicode=True).strip()[1:-1]


def write(name: str, source: str, target: str, vms: Sequence[VM], select: str, can: Capabilities) -> str:
    """The file's text. Every network goes to `pod` and every datastore to the first storage there, to be changed."""
    storage = can.storage[0] if can.storage else "CHANGE-ME"
    networks = sorted({nic.network for vm in vms for nic in vm.nics})
    datastores = sorted({disk.datastore for vm in vms for disk in vm.disks})
    lines = ["apiVersion: mtv/v1", f"name: {_quoted(name)}", f"source: {_quoted(source)}", f"target: {_quoted(target)}"]
    lines += ["namespace: CHANGE-ME"] if can.namespaced else []
    lines += [f"select: {_quoted(select)}"] if select else ["vms:", *(f"  - {_quoted(_unique(vm, vms))}" for vm in vms)]
    lines += ["journey: cold"]
    lines += (
        ["networks:                # to: pod, none, nad:NAMESPACE/NAME, sriov:NAMESPACE/NAME or udn"]
        if networks
        else []
    )
    lines += [f"  - {{from: {_quoted(one)}, to: pod}}" for one in networks]
    lines += [f"storage:                 # to: {' or '.join(can.storage) or 'a StorageClass'}"] if datastores else []
    lines += [f"  - {{from: {_quoted(one)}, to: {_quoted(storage)}}}" for one in datastores]
    lines += ["guest: {conversion: auto, agent: install, addresses: keep, devices: virtio}", "on_failure: rollback"]
    return "\n".join(lines) + "\n"


def _unique(vm: VM, vms: Sequence[VM]) -> str:
    return vm.name if sum(one.name == vm.name for one in vms) == 1 else f"{vm.name}@{vm.id}"
