"""What is known of the cluster: its versions, its feature gates and the objects there. Nothing known of a claim or an
instance type means that nothing is said of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from mtv.converters.manifests.rules.rule import Version
from mtv.converters.manifests.rules.view import View
from mtv.model.estate import Json


@dataclass(frozen=True)
class Versions:
    kubevirt: Version = (1, 9)
    cdi: Version = (1, 66)

    def of(self, name: str) -> Version:
        return self.cdi if name == "cdi" else self.kubevirt


@dataclass(frozen=True)
class Gate:
    """When a feature came to be on by itself. Gates in beta are on from KubeVirt 1.9 on, before they had to be asked
    for; a gate without either is to be asked for still."""

    beta: Version | None = None
    done: Version | None = None

    def is_on(self, version: Version) -> bool:
        beta = self.beta is not None and version >= max(self.beta, (1, 9))
        return beta or self.done is not None and version >= self.done


GATES: Mapping[str, Gate] = {
    "ContainerPathVolumes": Gate(),
    "DecentralizedLiveMigration": Gate(),
    "DeclarativeHotplugVolumes": Gate(beta=(1, 9)),
    "DownwardMetrics": Gate(),
    "EnableVirtioFsConfigVolumes": Gate(beta=(1, 6), done=(1, 8)),
    "EnableVirtioFsStorageVolumes": Gate(),
    "ExperimentalIgnitionSupport": Gate(),
    "HostDevices": Gate(),
    "HostDisk": Gate(),
    "MultiArchitecture": Gate(done=(1, 8)),
    "NetworkDevicesWithDRA": Gate(),
    "PanicDevices": Gate(beta=(1, 7), done=(1, 9)),
    "PasstBinding": Gate(beta=(1, 8)),
    "PersistentReservation": Gate(done=(1, 9)),
    "PortRangesSpec": Gate(),
    "RebootPolicy": Gate(beta=(1, 9)),
    "ReservedOverheadMemlock": Gate(),
    "Sidecar": Gate(),
    "VSOCK": Gate(),
    "VideoConfig": Gate(beta=(1, 7), done=(1, 9)),
    "WorkloadEncryptionSEV": Gate(beta=(1, 9)),
    "WorkloadEncryptionTDX": Gate(),
}  # pkg/virt-config/featuregate of KubeVirt

Key = tuple[str, str, str]  # kind, namespace, name


@dataclass(frozen=True)
class Target:
    """`objects` are whole documents as the cluster has them: claims, instance types, preferences. A document that says
    no namespace means `namespace`, or any where that is not known either."""

    objects: Mapping[Key, Mapping[str, Json]] = field(default_factory=dict)
    namespace: str = ""
    gates: frozenset[str] = frozenset()
    gates_off: frozenset[str] = frozenset()
    devices: frozenset[str] | None = None  # permittedHostDevices: none in a fresh KubeVirt
    has_persistent_storage: bool | None = None  # a class for NVRAM and TPM state; None where that is not known

    def found(self, kind: str, namespace: str, name: str) -> View | None:
        """An object of the cluster, by the namespace of who asks."""
        own = namespace or self.namespace
        for there, document in self._named.get((kind, name), ()):
            if not own or not there or there == own:
                return View(dict(document))
        return None

    @cached_property
    def _named(self) -> Mapping[tuple[str, str], Sequence[tuple[str, Mapping[str, Json]]]]:
        """Ten thousand claims are looked through once, not for each DataVolume."""
        found: dict[tuple[str, str], list[tuple[str, Mapping[str, Json]]]] = {}
        for (kind, namespace, name), document in self.objects.items():
            found.setdefault((kind, name), []).append((namespace, document))
        return found

    def gate(self, name: str, version: Version) -> bool:
        if name in self.gates_off:
            return False
        return name in self.gates or name in GATES and GATES[name].is_on(version)


def objects_of(documents: Iterable[Mapping[str, Json]]) -> dict[Key, Mapping[str, Json]]:
    found = {}
    for document in documents:
        view = View(dict(document))
        key = (view.text("kind"), view.text("metadata", "namespace"), view.text("metadata", "name"))
        found[key] = document
    return found
