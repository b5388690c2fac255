"""How a cluster treats VMs: versions, KubeVirt's and CDI's own configuration, quotas, limits."""

import re
from collections.abc import Iterator, Mapping
from typing import cast

from mtv.model.estate import Entity
from mtv.model.infrastructure import Facility
from mtv.model.values import Json
from mtv.providers.kubevirt.fields import Object, mapping, pairs, rows, text, value, words
from mtv.providers.kubevirt.objects.around import Around
from mtv.providers.kubevirt.objects.quantities import size

_TAG = re.compile(r":(v?\d[\w.+-]{0,60})(?:@|$)")


def version(around: Around, name: str, said: str, facts: Mapping[str, Json] | None = None) -> Facility:
    return Facility(
        source=around.source, id=f"version/{name}", name=name, kind="version", facts={"version": said, **(facts or {})}
    )


def read_kubevirt(of: Object, around: Around) -> Iterator[Entity]:
    told, status = mapping(of, "spec", "configuration"), mapping(of, "status")
    yield version(around, "KubeVirt", text(status, "observedKubeVirtVersion"), {"phase": text(status, "phase")})
    gates = mapping(told, "developerConfiguration")
    yield around.facility("configuration", of, {
        "of": "KubeVirt", "gates": list(words(gates, "featureGates")),
        "gates_off": list(words(gates, "disabledFeatureGates")), "migrations": _some(told, "migrations"),
        "cpu_model": text(told, "cpuModel"), "cpu_allocation": _plain(gates, "cpuAllocationRatio"),
        "memory_overcommit": _plain(gates, "memoryOvercommit"), "emulation": _plain(gates, "useEmulation"),
        "overhead_ratio": _plain(told, "additionalGuestMemoryOverheadRatio"),
        "eviction": text(told, "evictionStrategy"), "state_class": text(told, "vmStateStorageClass"),
        "rollout": text(told, "vmRolloutStrategy"), "host_devices": [*sorted(_devices(told))],
        "machine_types": list(words(told, "architectureConfiguration", "amd64", "emulatedMachines")),
    })  # fmt: skip


def _devices(told: Object) -> set[str]:
    permitted = mapping(told, "permittedHostDevices")
    return {text(one, "resourceName") for sort in permitted for one in rows(permitted, sort)}


def read_cdi(of: Object, around: Around) -> Iterator[Entity]:
    status = mapping(of, "status")
    yield version(around, "CDI", text(status, "observedVersion"), {"phase": text(status, "phase")})


def read_cdi_config(of: Object, around: Around) -> Iterator[Entity]:
    status = mapping(of, "status")
    yield around.facility("configuration", of, {
        "of": "CDI", "scratch_class": text(status, "scratchSpaceStorageClass"),
        "upload_proxy": text(status, "uploadProxyURL"), "gates": list(words(of, "spec", "featureGates")),
        "overhead": text(status, "filesystemOverhead", "global"),
        "overhead_by_class": dict(pairs(status, "filesystemOverhead", "storageClass")),
        "preallocates": value(status, "preallocation") is True,
    })  # fmt: skip


def read_hco(of: Object, around: Around) -> Iterator[Entity]:
    versions = {text(one, "name"): text(one, "version") for one in rows(of, "status", "versions")}
    yield version(around, "HCO", versions.get("operator", ""))
    spec = mapping(of, "spec")
    yield around.facility("configuration", of, {
        "of": "HCO", "gates": _some(spec, "featureGates"), "migrations": _some(spec, "liveMigrationConfig"),
        "eviction": text(spec, "evictionStrategy"), "tuning": text(spec, "tuningPolicy"),
        "scratch_class": text(spec, "scratchSpaceStorageClass"), "density": _some(spec, "higherWorkloadDensity"),
    })  # fmt: skip


def read_mac_pool(of: Object, around: Around) -> Iterator[Entity]:
    """Its version is that of its image. To 0.50 it refuses a MAC that the cluster has already, later ones do not."""
    images = [text(one, "image") for one in rows(of, "spec", "template", "spec", "containers")]
    tags = [found[1] for image in images if (found := _TAG.search(image))]
    said = pairs(of, "metadata", "labels").get("app.kubernetes.io/version") or next(iter(tags), "")
    yield version(around, "KubeMacPool", said, {"images": cast(Json, images)})


def read_openshift(of: Object, around: Around) -> Iterator[Entity]:
    yield version(around, "OpenShift", text(of, "status", "desired", "version"))


def read_quota(of: Object, around: Around) -> Iterator[Entity]:
    """Amounts in bytes, pieces, or whole CPUs, as Kubernetes writes them beside."""
    hard, used = mapping(of, "status", "hard") or mapping(of, "spec", "hard"), mapping(of, "status", "used")
    rows_: dict[str, Json] = {
        name: {"hard": _plain(hard, name), "used": _plain(used, name), "hard_number": size(hard[name])} for name in hard
    }
    yield around.facility("quota", of, {"limits": rows_, "scopes": list(words(of, "spec", "scopes"))})


def read_limits(of: Object, around: Around) -> Iterator[Entity]:
    limits: list[Json] = [
        {"type": text(one, "type"), **{sort: _some(one, sort) for sort in ("max", "min", "default", "defaultRequest")}}
        for one in rows(of, "spec", "limits")
    ]
    yield around.facility("limit-range", of, {"limits": limits})


def _plain(of: object, *path: str) -> Json:
    """A single value as it stands there."""
    found = value(of, *path)
    return found if isinstance(found, str | int | float | bool) else None


def _some(of: object, *path: str) -> dict[str, Json]:
    """The single values of an object."""
    found = mapping(of, *path)
    return {name: _plain(found, name) for name in found if not isinstance(found[name], dict | list)}
