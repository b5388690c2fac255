"""Causes that lie around a VM: what its namespace allows, what its Pods need, what its cluster refuses."""

from collections.abc import Iterator

from mtv.providers.kubevirt.causes.cause import Cause, matching, saying
from mtv.providers.kubevirt.causes.scene import Scene
from mtv.providers.kubevirt.fields import text


def ends(scene: Scene) -> Iterator[str]:
    if text(scene.near.namespace, "status", "phase") == "Terminating":
        yield f"namespace {text(scene.near.namespace, 'metadata', 'name')} is Terminating"
    yield from scene.said("because it is being terminated")


def killed(scene: Scene) -> Iterator[str]:
    """By the kernel, for memory."""
    yield from scene.said(": OOMKilled: ")


CAUSES = (
    Cause("namespace.ends", "the namespace is being deleted: nothing can be made in it", ends,
          "wait until it is gone and make it anew: `kubectl get namespace {namespace} -o yaml` says what holds it"),
    Cause("quota.exceeded", "a quota of the namespace is used up", saying("exceeded quota"),
          "`kubectl describe quota -n {namespace}`; a VM's Pod takes 250 MiB and more beside its memory"),
    Cause("quota.range", "a limit range of the namespace does not allow such a Pod or claim",
          matching(r"(maximum|minimum) [\w.-]+ usage per (Container|Pod|PersistentVolumeClaim)"),
          "`kubectl describe limitrange -n {namespace}`"),
    Cause("security.pod", "the namespace's Pod Security does not allow the Pod", saying("violates PodSecurity"),
          "what it violates stands there; `kubectl label ns {namespace} pod-security.kubernetes.io/enforce=...`"),
    Cause("security.scc", "no SCC of OpenShift's allows the Pod",
          saying("unable to validate against any security context constraint"),
          "`oc adm policy add-scc-to-user SCC -z ACCOUNT -n {namespace}`: of a Job, the Pod's own account counts"),
    Cause("right.missing", "an account may not do what is needed", matching(r"is forbidden: User \""),
          "`mtv check provider NAME` names the lines; `mtv describe role --kind kubevirt` prints the role"),
    Cause("webhook.down", "a webhook of the cluster's does not answer, so objects are refused",
          saying("failed calling webhook"),
          "`kubectl get pods -A | grep -v Running`; its name says whose it is: virt-api, cdi-apiserver, kubemacpool"),
    Cause("image.pull", "an image cannot be pulled",
          saying("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "Back-off pulling image"),
          "`kubectl describe pod -n {namespace}`; is the name right, the registry reachable, its secret named?"),
    Cause("secret.missing", "a secret that a Pod needs is not there", matching(r"(?i)secrets? \"[^\"]+\" not found"),
          "make it: `kubectl create secret generic NAME -n {namespace} ...`; the Pod then goes on by itself"),
    Cause("configmap.missing", "a ConfigMap that a Pod needs is not there",
          matching(r"(?i)configmaps? \"[^\"]+\" not found"),
          "make it: `kubectl create configmap NAME -n {namespace} ...`; the Pod then goes on by itself"),
    Cause("priority.missing", "the VM names a PriorityClass that is not there", saying("no PriorityClass with name"),
          "`mtv export gitops` writes it; or `kubectl create priorityclass NAME --value=...`"),
    Cause("pod.evicted", "a Pod was evicted from its node", matching(r": (Evicted|Preempt\w+|TaintManagerEviction): "),
          "the node lacks what stands there: `kubectl describe node`"),
    Cause("pod.memory", "a program was killed because its Pod has too little memory", killed,
          "raise the worker's memory (`mtv check provider`, docs/kubevirt.md), or the VM's overhead"),
    Cause("pod.crashes", "a container of a Pod ends again and again, or failed",
          matching(r"^Pod/[^:]+: (CrashLoopBackOff|Error|StartError|CreateContainerError|ContainerCannotRun): "),
          "`kubectl logs -n {namespace} POD --previous`, `mtv logs RUN --vm {vm}`", ("pod.memory", "image.pull")),
    Cause("job.failed", "a worker's Job failed",
          matching(r"^Job/[^:]+: (BackoffLimitExceeded|DeadlineExceeded|PodFailurePolicy): "),
          "`mtv logs RUN --vm {vm}` shows what it said", ("pod.memory", "pod.evicted", "pod.crashes")),
)  # fmt: skip
