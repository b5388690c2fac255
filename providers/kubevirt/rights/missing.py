"""Which rules an account lacks, as the cluster's own authorizer says: it is asked, nothing is tried."""

from collections.abc import Iterator, Sequence

from mtv.model.estate import Finding, Level
from mtv.providers.kubevirt.fields import flag, text
from mtv.providers.kubevirt.reading import wanted
from mtv.providers.kubevirt.reading.discovery import Served
from mtv.providers.kubevirt.rights.roles import MOVING, READING, Reads, Rule
from mtv.providers.kubevirt.wire.api import Api

NEEDED = (wanted.NODES, wanted.CLASSES, wanted.CLAIMS, wanted.KUBEVIRT, wanted.MACHINES)
"""Without these nothing can be planned; without others it is planned with less."""
LISTED = 5  # rights in one line
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


def account(api: Api) -> str:
    """Who the cluster takes us for. Raises Status."""
    told = api.review(WHO, {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"})
    return text(told, "status", "userInfo", "username")


def allowed(api: Api, rule: Rule, namespace: str = "") -> bool:
    """Raises Status."""
    resource, _, part = rule.resource.partition("/")
    attributes = {"group": rule.group, "resource": resource, "verb": rule.verb, "namespace": namespace}
    if part:
        attributes["subresource"] = part
    kind = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    return flag(api.review(REVIEWS, {**kind, "spec": {"resourceAttributes": attributes}}), "status", "allowed")


def findings(api: Api, served: Served) -> Iterator[Finding]:
    """One for each rule that is missing, or one for all. Raises Status."""
    asked = [rule for rule in READING if served.version(rule.of)]
    lacks = [rule for rule in asked if not allowed(api, rule)]
    if not lacks:
        yield Finding(name="rights", ok=True, text=f"it may read all {len(asked)} kinds that mtv reads there")
    yield from (_missing(api, rule) for rule in _together(lacks))
    yield _moving(api, served)


def _moving(api: Api, served: Served) -> Finding:
    """One for all that a move changes: an account that only plans needs none of it."""
    namespace = api.access.namespace
    asked = [rule for rule in MOVING if served.has(rule.group)]
    lacks = [rule for rule in asked if not allowed(api, rule, namespace)]
    if not lacks:
        return Finding(name="moving", ok=True, text=f"it may move VMs into namespace '{namespace}'")
    if len(lacks) == len(asked) or not any(rule.verb == "create" and rule not in lacks for rule in asked):
        return Finding(
            name="moving", ok=False, level=Level.INFO, text=f"it may plan, and move nothing into '{namespace}'",
            fix="mtv describe role --kind kubevirt --way move",
        )  # fmt: skip
    what = ", ".join(f"{rule.verb} {rule.resource}" for rule in lacks[:LISTED])
    more = f" and {len(lacks) - LISTED} more" if len(lacks) > LISTED else ""
    return Finding(
        name="moving", ok=False, level=Level.WARNING,
        text=f"it may not {what}{more} in namespace '{namespace}' ({lacks[0].why}): no VM can be moved there",
        fix="\n".join(rule.line for rule in lacks),
    )  # fmt: skip


def _together(lacks: Sequence[Reads]) -> list[Reads]:
    """What nothing can be planned without comes first."""
    return sorted(lacks, key=lambda rule: rule.of not in NEEDED)


def _missing(api: Api, rule: Reads) -> Finding:
    what = f"{rule.verb} {rule.resource}" + (f".{rule.group}" if rule.group else "")
    namespace = api.access.namespace
    partly = rule.of.namespaced and allowed(api, rule, namespace)
    where = f"only in namespace '{namespace}'" if partly else "nowhere"
    return Finding(
        name=f"right {what}", ok=False, text=f"it may {what} {where} ({rule.why})", fix=rule.line,
        level=Level.CRITICAL if rule.of in NEEDED and not partly else Level.WARNING,
    )  # fmt: skip
