"""What the server refuses, for people: found by its number and reason, and where many things share one, by the words
that it has used for them for years."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mtv.errors import CheckFailed, Held, MtvError, Temporary
from mtv.providers.kubevirt.wire.answers import Asked, Status

SHORT = 60


@dataclass(frozen=True)
class Meaning:
    """The first that fits counts: of these numbers (none: any), with such words."""

    codes: Sequence[int]
    words: str
    code: str
    error: type[MtvError] = CheckFailed
    hint: str = ""


MEANINGS = (
    Meaning((403,), r"exceeded quota: (?P<what>[^,]+)", "kubevirt.quota", Held,
            "raise the ResourceQuota '{what}', or make room in the namespace; then `mtv retry`"),
    Meaning((403,), r"violates PodSecurity \"(?P<what>[^\"]+)\"", "kubevirt.pod-security", CheckFailed,
            "the namespace enforces '{what}': our Pods fit 'restricted'; has a webhook changed them?"),
    Meaning((403,), r"unable to validate against any security context constraint", "kubevirt.scc", CheckFailed,
            "`mtv describe role move --kind kubevirt` prints the SecurityContextConstraints for uid 107"),
    Meaning((403, 409), r"is being terminated", "kubevirt.namespace-terminating", CheckFailed,
            "wait until it is gone, and make it anew; or name another one"),
    Meaning((403,), r"(?:maximum|minimum) \w[\w.-]* usage per", "kubevirt.limit-range", CheckFailed,
            "raise the LimitRange of the namespace"),
    Meaning((404,), r"namespaces \"(?P<what>[^\"]+)\" not found", "kubevirt.no-namespace", CheckFailed,
            "make it: `kubectl create namespace {what}`"),
    Meaning((400,), r"strict decoding error", "kubevirt.unknown-field", MtvError,
            "the cluster's API has no such field: `mtv check manifest` says which version has it"),
    Meaning((), r"failed calling webhook \"(?P<what>[^\"]+)\"", "kubevirt.webhook", Temporary,
            "the webhook '{what}' does not answer: look after the Pods behind it"),
    Meaning((400, 403, 409, 422, 500), r"admission webhook \"(?P<what>[^\"]+)\" denied", "kubevirt.denied", CheckFailed,
            "'{what}' checks what is made there: `mtv check manifest` may say more"),
    Meaning((409,), r"Apply failed with \d+ conflict", "kubevirt.field-owner", CheckFailed,
            "another manager holds these fields: let it go of them, or take the object out of its hands"),
    Meaning((409,), r"already exists", "kubevirt.exists", CheckFailed, "another name, or remove what has it"),
    Meaning((403,), "", "kubevirt.forbidden", CheckFailed, "`mtv check provider NAME` names the rule to add"),
    Meaning((404,), "", "kubevirt.not-found", MtvError),
    Meaning((409,), "", "kubevirt.conflict", Temporary, "somebody changed it meanwhile"),
    Meaning((410,), "", "kubevirt.expired", Temporary, "the list took longer than the server remembers: try again"),
    Meaning((413,), "", "kubevirt.object-too-large", MtvError, "etcd holds objects up to 1.5 MiB"),
    Meaning((422,), "", "kubevirt.invalid", MtvError, "`mtv check manifest` may say more"),
    Meaning((429,), "", "kubevirt.busy", Temporary),
    Meaning(tuple(range(500, 600)), "", "kubevirt.server", Temporary),
)  # fmt: skip


def meaning(status: Status, asked: Asked) -> MtvError:
    """The error of ours."""
    said = f"{asked.server}: {asked.what}: {status.message or status.reason or status.code}"
    for one in MEANINGS:
        found = re.search(one.words, status.message)
        if found and (not one.codes or status.code in one.codes):
            what = (found.groupdict().get("what") or "")[:SHORT]
            return one.error(one.code, said, one.hint.format(what=what))
    return MtvError("kubevirt.answer", said)
