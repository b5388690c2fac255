"""A document of a bundle, which may be a stranger's, or of our own: whether it has the API's own structure, so that who
reads it need not look. What a cluster would make of it is the business of `rules.check`."""

from collections.abc import Iterator, Mapping

from mtv.converters.manifests.rules import Level, identity, structure
from mtv.converters.manifests.rules.rule import Complaint
from mtv.converters.manifests.rules.view import View
from mtv.model.estate import Finding, Json


def check(document: Mapping[str, Json]) -> list[Finding]:
    """What the API would refuse or drop, by field; [] is sound. Nothing is null in a sound one."""
    view = View(dict(document))
    if not structure.is_judged(view):
        kind, version = view.text("kind"), view.text("apiVersion")
        return [Finding(name="kind", ok=False, text=f"{kind} of {version} is no kind that mtv writes")]
    found = [one for one in (*structure.check(view), *identity.check(view)) if one.level is not Level.WARNING]
    named = {one.field: Finding(name=one.field, ok=False, text=_text(one)) for one in reversed(found)}
    named |= {path: Finding(name=path, ok=False, text="null") for path in _nulls(document, "")}
    return [named[field] for field in sorted(named)]


def _text(complaint: Complaint) -> str:
    return f"{complaint.text} ({complaint.value})" if complaint.value else complaint.text


def _nulls(value: Json | Mapping[str, Json], path: str) -> Iterator[str]:
    if value is None:
        yield path
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _nulls(one, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _nulls(one, f"{path}[{number}]")
