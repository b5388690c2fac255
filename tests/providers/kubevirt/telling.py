"""What a target tells, and objects as KubeVirt's API has them."""

import asyncio
from pathlib import Path
from typing import Any, TypeVar

from mtv.model.estate import Change, Finding, Revision
from mtv.model.infrastructure import Facility
from mtv.providers.kubevirt import KubeVirt
from mtv.providers.kubevirt.rights.roles import READING

T = TypeVar("T")
Object = dict[str, Any]


def inventory(kubeconfig: Path) -> list[Change]:
    async def ask() -> list[Change]:
        target = KubeVirt("lab", str(kubeconfig))
        try:
            return [change async for change in target.inventory(None)]
        finally:
            await target.close()

    found = asyncio.run(ask())
    assert found[-1] == Revision("")
    return found[:-1]


def check(kubeconfig: Path, query: str = "") -> dict[str, Finding]:
    async def ask() -> list[Finding]:
        target = KubeVirt("lab", f"{kubeconfig}{query}")
        try:
            return list(await target.check())
        finally:
            await target.close()

    return {one.name: one for one in asyncio.run(ask())}


def rules() -> list[dict[str, list[str]]]:
    """The role `read`."""
    return [{"apiGroups": [one.group], "resources": [one.resource], "verbs": [one.verb]} for one in READING]


def of(found: list[Change], kind: type[T]) -> list[T]:
    return [one for one in found if isinstance(one, kind)]


def facility(found: list[Change], kind: str, name: str) -> Facility:
    (one,) = [one for one in of(found, Facility) if one.kind == kind and one.name == name]
    return one


def claim(name: str, class_: str = "gold", size: str = "10Gi", **spec: object) -> Object:
    return {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": class_,
                 "resources": {"requests": {"storage": size}}, **spec},
    }  # fmt: skip


def machine(name: str, claim_name: str = "", **domain: object) -> Object:
    """A VirtualMachine, halted, with a disk, a cloud-init volume, a NIC on a bridge and one on the pod network."""
    return {
        "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine",
        "metadata": {"name": name, "labels": {"app": "ledger"}},
        "spec": {"runStrategy": "Halted", "template": {"spec": {
            "domain": {
                "cpu": {"sockets": 2, "cores": 2}, "memory": {"guest": "2Gi"},
                "firmware": {"uuid": "42-ff", "serial": "S1", "bootloader": {"efi": {"secureBoot": False}}},
                "devices": {
                    "tpm": {}, "disks": [{"name": "root", "disk": {"bus": "scsi"}, "serial": "D1"},
                                         {"name": "init", "disk": {"bus": "sata"}}],
                    "interfaces": [{"name": "a", "bridge": {}, "macAddress": "02-00-00-AA-BB-CC"},
                                   {"name": "p", "masquerade": {}, "model": "e1000e"}],
                },
                **domain,
            },
            "networks": [{"name": "a", "multus": {"networkName": "vlan-120"}}, {"name": "p", "pod": {}}],
            "volumes": [{"name": "root", "persistentVolumeClaim": {"claimName": claim_name or f"{name}-root"}},
                        {"name": "init", "cloudInitNoCloud": {"userData": "#cloud-config"}}],
        }}},
    }  # fmt: skip
