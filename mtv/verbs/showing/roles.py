"""`mtv describe role`: what mtv's accounts must be allowed to do at a source or target."""

from mtv import providers
from mtv.errors import Refused
from mtv.verbs.opening import end_of


def roles(kind: str, way: str) -> str:
    """Raises Refused `provider.no-roles` where nobody logs in, and what the provider raises for an unknown way."""
    end = end_of(kind) if kind in providers.kinds("targets") else "sources"
    provider = providers.load(end, kind)
    names = getattr(provider, "roles", ())
    if not names:
        raise Refused("provider.no-roles", f"a provider of kind '{kind}' needs no role", "there is nothing to grant")
    found: list[str] = [provider.role(name) for name in ([way] if way else names)]
    return "\n".join(found)
