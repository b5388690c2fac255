"""The namespace that VMs go to: is it there, does it stay, which Pods does it admit."""

from collections.abc import Iterator

from mtv.errors import MtvError
from mtv.model.estate import Finding, Level
from mtv.providers.kubevirt.fields import Object, pairs, rows, text, words
from mtv.providers.kubevirt.reading.discovery import Served
from mtv.providers.kubevirt.reading.wanted import CONSTRAINTS
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api
from mtv.providers.kubevirt.wire.pages import pages

ENFORCE = "pod-security.kubernetes.io/enforce"
UID = 107  # qemu's: who owns a disk's file there
ANY_UID = ("RunAsAny", "MustRunAsNonRoot")


def findings(api: Api, served: Served) -> Iterator[Finding]:
    name = api.access.namespace
    try:
        found = api.get(f"/api/v1/namespaces/{name}")
    except Status as status:
        yield _absent(name, status)
        return
    if text(found, "status", "phase") == "Terminating":
        why = next((text(one, "message") for one in rows(found, "status", "conditions") if _holds(one)), "")
        yield Finding(
            name="namespace", ok=False,
            text=f"namespace '{name}' is being deleted: nothing can be made in it. {why}".strip(),
            fix=f"wait until it is gone, then kubectl create namespace {name}",
        )  # fmt: skip
        return
    level = pairs(found, "metadata", "labels").get(ENFORCE, "")
    said = f"Pod Security '{level}'" if level else "no Pod Security level of its own: the cluster's default holds"
    yield Finding(name="namespace", ok=True, text=f"namespace '{name}' is there, with {said}")
    if served.version(CONSTRAINTS):
        yield from _constraints(api, served, name)


def _holds(condition: Object) -> bool:
    return text(condition, "status") == "True" and text(condition, "type") != "NamespaceDeletionDiscoveryFailure"


def _absent(name: str, status: Status) -> Finding:
    if status.code == 404:
        return Finding(name="namespace", ok=False, text=f"there is no namespace '{name}'",
                       fix=f"kubectl create namespace {name}, or name another one: CONTEXT?namespace=NAME")  # fmt: skip
    text_ = f"namespace '{name}' cannot be looked at: {status.message or status.code}"
    return Finding(name="namespace", ok=False, level=Level.WARNING, text=text_,
                   fix='- {apiGroups: [""], resources: ["namespaces"], verbs: ["get"]}')  # fmt: skip


def _constraints(api: Api, served: Served, namespace: str) -> Iterator[Finding]:
    """Pods of a Job are made by a controller, so the Pod's own account counts, not ours. Which of them a role may
    `use` is not listed here: what an SCC itself names is."""
    try:
        found = [one for page in pages(api, served.path(CONSTRAINTS)) for one in page.items]
    except (Status, MtvError) as error:
        why = error.message if isinstance(error, Status) else error.fault.text
        fix = f'- {{apiGroups: ["{CONSTRAINTS.group}"], resources: ["{CONSTRAINTS.plural}"], verbs: ["list"]}}'
        yield Finding(name="SCC", ok=False, level=Level.WARNING, text=f"SCCs cannot be read: {why}", fix=fix)
        return
    fit = [text(one, "metadata", "name") for one in found if _admits(one, namespace)]
    if fit:
        text_ = f"Pods of namespace '{namespace}' may run as user {UID} by {', '.join(sorted(fit))}"
        yield Finding(name="SCC", ok=True, text=text_)
        return
    yield Finding(
        name="SCC", ok=False, level=Level.WARNING,
        text=f"no SCC names the ServiceAccounts of namespace '{namespace}' for user {UID}; a role may still grant one",
        fix=f"oc adm policy add-scc-to-user nonroot-v2 -z default -n {namespace}",
    )  # fmt: skip


def _admits(one: Object, namespace: str) -> bool:
    groups = {"system:serviceaccounts", f"system:serviceaccounts:{namespace}"}
    users = {f"system:serviceaccount:{namespace}:default"}
    named = bool(groups & set(words(one, "groups")) or users & set(words(one, "users")))
    return named and text(one, "runAsUser", "type") in ANY_UID
