"""`mtv check provider` of a cluster: everything that can be said without changing anything there."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from mtv.model.estate import Change, Finding, Level
from mtv.model.infrastructure import Facility, Gap, Host
from mtv.providers.kubevirt.reading import wanted
from mtv.providers.kubevirt.reading.discovery import discover
from mtv.providers.kubevirt.reading.inventory import Inventory
from mtv.providers.kubevirt.rights import fitness, missing, namespace, versions
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api

LOOKED_AT = (wanted.CSI_NODES, wanted.NODES, wanted.PROFILES, wanted.CLASSES, wanted.KUBEVIRT, wanted.CDI, wanted.HCO,
             wanted.MAC_POOL, wanted.OPENSHIFT)  # fmt: skip
SOON_S = 7 * 86400.0


def check(api: Api) -> Sequence[Finding]:
    """Raises what keeps us from being let in at all."""
    with api.said("what it serves"):
        served = discover(api)
    seen = [change for page in Inventory(api, api.access.where).pages(LOOKED_AT) for change in page]
    told = [one for one in seen if isinstance(one, Facility)]
    of = {kind: [one for one in told if one.kind == kind] for kind in ("version", "node", "storage-class")}
    with api.said("rights"):
        return [
            *_login(api), *versions.findings(of["version"]), *missing.findings(api, served),
            *fitness.nodes([one for one in seen if isinstance(one, Host)], of["node"]),
            *fitness.storage(of["storage-class"], any(one.name == "CDI" for one in of["version"])),
            *namespace.findings(api, served), *_gaps(seen), _image(),
        ]  # fmt: skip


def _login(api: Api) -> Iterator[Finding]:
    try:
        who = missing.account(api)
    except Status:  # asked for since Kubernetes 1.28
        who = api.access.user.name
    yield Finding(name="login", ok=True, text=f"{api.access.where} at {api.server}, as {who}")
    if api.access.insecure:
        yield Finding(
            name="certificate", ok=False, level=Level.WARNING,
            text="INSECURE: the kubeconfig says insecure-skip-tls-verify; who sits between can read the login",
            fix="kubectl config set-cluster CLUSTER --certificate-authority FILE --embed-certs",
        )  # fmt: skip
    ends = api.credentials.runs_out()
    if ends is not None and ends - time.time() < SOON_S:
        text = f"this login ends at {datetime.fromtimestamp(ends, UTC):%Y-%m-%d %H:%M} UTC"
        fix = "a run may take longer: log in with a ServiceAccount or a plugin that renews itself"
        yield Finding(name="validity", ok=False, level=Level.WARNING, text=text, fix=fix)


def _gaps(seen: Sequence[Change]) -> Iterator[Finding]:
    """What could not be read; what is not served at all is said by the versions."""
    for one in seen:
        if isinstance(one, Gap) and one.hint:
            yield Finding(name=one.name, ok=False, level=Level.WARNING, text=one.text, fix=one.hint)


def _image() -> Finding:
    return Finding(
        name="image", ok=False, level=Level.INFO,
        text="not looked at: that nodes can pull an image shows only when a Pod starts, and this starts none",
        fix="mtv check provider SOURCE --from TARGET starts one",
    )  # fmt: skip
