"""`mtv describe role`: what mtv's accounts must be allowed to do at a source."""

from mtv import providers
from mtv.errors import Refused


def roles(kind: str, way: str) -> str:
    """Raises Refused `provider.no-roles` where nobody logs in, and what the provider raises for an unknown way."""
    source = providers.load("sources", kind)
    names = getattr(source, "roles", ())
    if not names:
        raise Refused("provider.no-roles", f"a source of kind '{kind}' needs no role", "there is nothing to grant")
    found: list[str] = [source.role(name) for name in ([way] if way else names)]
    return "\n".join(found)
