"""Which kinds a cluster serves, asked and not assumed: two levels of `/apis`, groups of ours only."""

from collections.abc import Mapping
from dataclasses import dataclass

from mtv.errors import MtvError
from mtv.providers.kubevirt.fields import rows, text
from mtv.providers.kubevirt.reading.wanted import CORE, KNOWN, Wanted
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api

Kind = tuple[str, str]  # group and plural


@dataclass(frozen=True)
class Served:
    """`versions` is what a group announces; `broken` are announced and do not answer, with the reason."""

    kinds: Mapping[Kind, str]
    versions: Mapping[str, tuple[str, ...]]
    broken: Mapping[str, str]

    def version(self, wanted: Wanted) -> str:
        """ "" where it is not served in a version that we know."""
        return self.kinds.get((wanted.group, wanted.plural), "")

    def has(self, group: str) -> bool:
        return group == CORE or group in self.versions

    def path(self, wanted: Wanted, namespace: str = "") -> str:
        version = self.version(wanted)
        base = f"/apis/{wanted.group}/{version}" if wanted.group else f"/api/{version}"
        return f"{base}/namespaces/{namespace}/{wanted.plural}" if namespace else f"{base}/{wanted.plural}"


def discover(api: Api) -> Served:
    """Raises Status, MtvError where the server does not even say its groups."""
    announced = {
        text(group, "name"): tuple(text(version, "version") for version in rows(group, "versions"))
        for group in rows(api.get("/apis"), "groups")
    }
    broken: dict[str, str] = {}
    there: dict[tuple[str, str], set[str]] = {}
    for wanted in KNOWN:
        for version in wanted.versions:
            if version in announced.get(wanted.group, ()) and (wanted.group, version) not in there:
                there[wanted.group, version] = _kinds(api, wanted.group, version, broken)
    kinds = {}
    for wanted in KNOWN:
        served = (one for one in wanted.versions if wanted.plural in there.get((wanted.group, one), ()))
        if version := wanted.versions[0] if wanted.group == CORE else next(served, ""):
            kinds[wanted.group, wanted.plural] = version
    return Served(kinds, announced, broken)


def _kinds(api: Api, group: str, version: str, broken: dict[str, str]) -> set[str]:
    try:
        return {text(one, "name") for one in rows(api.get(f"/apis/{group}/{version}"), "resources")}
    except (Status, MtvError) as error:
        broken[group] = error.message if isinstance(error, Status) else error.fault.text
        return set()
