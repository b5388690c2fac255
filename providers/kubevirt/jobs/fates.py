"""What becomes of a worker's Pod that says nothing itself, by name: why it does not start, and how it ended. The table
is tried from above; what is found in a Pod's status and in events is a stranger's text, and shown bounded. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mtv.model.faults import Fault, Kind
from mtv.model.tasks import Ended
from mtv.providers.kubevirt.fields import Object, mapping, rows, text, whole
from mtv.providers.kubevirt.jobs.places import LAPSED

SAID = 400
Outcome = Literal["temporary", "permanent", "hold"]
KINDS = {"temporary": Kind.TEMPORARY, "permanent": Kind.PERMANENT, "hold": Kind.HOLD}


@dataclass(frozen=True)
class Said:
    """One thing that the cluster says of a Pod, or of a Job that has none: `where` is waiting, terminated, scheduled,
    status, disrupted, or event."""

    where: str
    reason: str
    message: str = ""
    status: int = 0  # of a process


@dataclass(frozen=True)
class Fate:
    """The first row that fits: said there, with such a reason, and such words. `patience_s` is for how long it may
    pass by itself; None: it has ended."""

    where: str
    reason: str
    words: str
    code: str
    outcome: Outcome
    text: str
    hint: str = ""
    patience_s: float | None = None

    def fits(self, said: Said) -> bool:
        return bool(
            self.where == said.where and re.fullmatch(self.reason, said.reason)
            and re.search(self.words, said.message, re.IGNORECASE)
        )  # fmt: skip


FATES = (
    Fate("waiting", "InvalidImageName|ErrImageNeverPull", "", "worker.image", "hold",
         "the worker's image cannot be used", "set MTV_WORKER_IMAGE to one that nodes have or can pull", 0),
    Fate("waiting", "ErrImagePull|ImagePullBackOff|RegistryUnavailable|ImageInspectError", "", "worker.image", "hold",
         "the worker's image cannot be pulled", "set MTV_WORKER_IMAGE and MTV_WORKER_PULL_SECRETS; is the registry"
         " reached from the nodes?", 60),
    Fate("waiting", "CreateContainerConfigError", "", "worker.config", "hold",
         "the worker's container lacks what it names", "a Secret or ConfigMap of that name must be in the namespace",
         30),
    Fate("waiting", "CreateContainerError|RunContainerError|StartError|CrashLoopBackOff", "", "worker.container",
         "hold", "the worker's container does not start", "look at the node's runtime: `kubectl describe pod`", 30),
    Fate("scheduled", "Unschedulable", "persistentvolumeclaim .* not found", "worker.claim-missing", "hold",
         "a claim of the worker's is gone", "who removed it? `mtv retry` makes it anew", 30),
    Fate("scheduled", "Unschedulable", "unbound immediate PersistentVolumeClaims", "worker.claim-unbound", "hold",
         "a claim of the worker's gets no volume", "look at the class's provisioner: `kubectl describe pvc`", 120),
    Fate("scheduled", "Unschedulable", "exceed max volume count|volume node affinity conflict", "worker.attach", "hold",
         "no node can attach all of the VM's volumes", "fewer VMs a node, or classes that one node reaches", 120),
    Fate("scheduled", "Unschedulable", "", "worker.unschedulable", "hold",
         "no node takes the worker", "make room, or ask for less: MTV_WORKER_CPU, MTV_WORKER_MEMORY, MTV_WORKER_NODES",
         120),
    Fate("event", "FailedCreate", "exceeded quota|must specify", "worker.quota", "hold",
         "a quota of the namespace forbids the worker's Pod", "raise the ResourceQuota, then `mtv retry`", 10),
    Fate("event", "FailedCreate", "violates PodSecurity", "worker.pod-security", "hold",
         "Pod Security refuses the worker's Pod", "it fits 'restricted': has a webhook changed it?", 5),
    Fate("event", "FailedCreate", "security context constraint", "worker.scc", "hold",
         "no SCC lets the worker's Pod in", "its ServiceAccount needs one that allows user and group 107", 5),
    Fate("event", "FailedCreate", "serviceaccount .* not found", "worker.account", "temporary",
         "the worker's ServiceAccount is gone", "", 30),
    Fate("event", "FailedCreate", "", "worker.refused", "hold", "the cluster makes no Pod for the worker", "", 30),
    Fate("event", "FailedMount", "secret .* not found|configmap .* not found", "worker.config", "hold",
         "the worker's Pod lacks what it mounts", "a Secret or ConfigMap of that name must be in the namespace", 60),
    Fate("event", "FailedAttachVolume", "Multi-Attach", "worker.multi-attach", "hold",
         "a volume is still attached elsewhere", "which Pod has it? A lost node must be tainted out-of-service", 120),
    Fate("event", "FailedMount|FailedAttachVolume|FailedMapVolume", "", "worker.mount", "hold",
         "a volume of the worker's cannot be mounted", "", 120),
    Fate("event", "FailedCreatePodSandBox", "", "worker.network", "hold",
         "the worker's Pod gets no network", "is MTV_WORKER_NETWORK a network attachment of that namespace?", 60),
    Fate("terminated", "OOMKilled", "", "worker.memory", "temporary",
         "the worker used more memory than its limit", "raise it: MTV_WORKER_MEMORY"),
    Fate("terminated", ".*", "no space left on device", "worker.disk-full", "hold",
         "a disk of the worker's node is full", "make room there, then `mtv retry`"),
    Fate("status", "Evicted", "ephemeral|disk|storage|inode|emptydir", "worker.disk-full", "temporary",
         "the worker was evicted: its node's disk is full", "make room on the node's disk"),
    Fate("status", "Evicted", "", "worker.evicted", "temporary", "the worker was evicted"),
    Fate("status", "DeadlineExceeded", "", "worker.deadline", "temporary", "the worker's Pod ran out of its time",
         "who set activeDeadlineSeconds? mtv does not"),
    Fate("status", "NodeLost", "", "worker.node-lost", "temporary", "the worker's node is lost"),
    Fate("status", "NodeShutdown|Terminated|Shutdown", "", "worker.node-down", "temporary",
         "the worker's node was shut down"),
    Fate("status", "OutOf.*|UnexpectedAdmissionError|NodeAffinity|NodePorts|Preempting", "", "worker.node-refused",
         "temporary", "the node did not take the worker after all"),
    Fate("disrupted", "PreemptionByScheduler", "", "worker.preempted", "temporary",
         "the worker made place for a more important Pod"),
    Fate("disrupted", "DeletionByPodGC|DeletionByTaintManager", "", "worker.node-lost", "temporary",
         "the worker's node is lost"),
    Fate("disrupted", "EvictionByEvictionAPI", "", "worker.evicted", "temporary", "the worker was evicted: a drain?"),
    Fate("disrupted", "TerminationByKubelet", "", "worker.evicted", "temporary", "the worker was ended by its node"),
)  # fmt: skip
LAPSE = Fate(
    "terminated", "", "", "worker.lease-lapsed", "temporary",
    "the worker did not reach the API server in time and stopped writing", "look at the Pod's network",
)  # fmt: skip
DIED = Fate("terminated", "", "", "worker.died", "temporary", "the worker ended and said nothing")
VANISHED = Fate("status", "", "", "worker.vanished", "temporary", "the worker's Pod was removed by somebody")


def of_pod(pod: Object) -> Iterator[Said]:
    """All that its status says, the most telling first."""
    for one in containers(pod):
        if waiting := mapping(one, "state", "waiting"):
            yield Said("waiting", text(waiting, "reason"), text(waiting, "message"))
        if done := mapping(one, "state", "terminated"):
            yield Said("terminated", text(done, "reason"), text(done, "message"), whole(done, "exitCode") or 0)
    yield Said("status", text(pod, "status", "reason"), text(pod, "status", "message"))
    for one in rows(pod, "status", "conditions"):
        if text(one, "type") == "DisruptionTarget" and text(one, "status") == "True":
            yield Said("disrupted", text(one, "reason"), text(one, "message"))
        if text(one, "type") == "PodScheduled" and text(one, "status") == "False":
            yield Said("scheduled", text(one, "reason"), text(one, "message"))


def of_events(events: Sequence[Object]) -> Iterator[Said]:
    for one in events:
        if text(one, "type") == "Warning":
            yield Said("event", text(one, "reason"), text(one, "message"))


def containers(pod: Object) -> list[Object]:
    return [*rows(pod, "status", "initContainerStatuses"), *rows(pod, "status", "containerStatuses")]


def obstacle(said: Sequence[Said]) -> tuple[Fate, Said] | None:
    """Why it does not start."""
    return _first([fate for fate in FATES if fate.patience_s is not None], said)


def end(said: Sequence[Said]) -> tuple[Fate, Said]:
    """How a Pod ended whose worker said no end."""
    for one in said:
        if one.where == "terminated" and one.status == LAPSED:
            return LAPSE, one
    if found := _first([fate for fate in FATES if fate.patience_s is None], said):
        return found
    died = next((one for one in said if one.where == "terminated"), None)
    return (DIED, died) if died else (VANISHED, Said("status", ""))


def _first(fates: Sequence[Fate], said: Sequence[Said]) -> tuple[Fate, Said] | None:
    return next(((fate, one) for fate in fates for one in said if fate.fits(one)), None)


def ended(vm: str, worker: str, found: tuple[Fate, Said]) -> Ended:
    fate, said = found
    how = " ".join(part for part in (said.reason, said.message) if part)[-SAID:]
    status = f" (status {said.status})" if said.where == "terminated" else ""
    told = f"{vm}: {fate.text}: {worker}{status}" + (f": {how}" if how else "")
    return Ended(outcome=fate.outcome, fault=Fault(fate.code, told, fate.hint, KINDS[fate.outcome]))
