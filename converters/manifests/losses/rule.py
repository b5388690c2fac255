"""What a rule is, and the words that it says."""

from collections.abc import Callable, Iterable, Iterator

from mtv.converters.manifests.shape import Shape
from mtv.model.estate import Concern, Level

Rule = Callable[[Shape], Iterator[Concern]]
NAMED = 5


def info(what: str, text: str, hint: str = "") -> Concern:
    return Concern(id=f"manifest.{what}", level=Level.INFO, text=text, hint=hint)


def warning(what: str, text: str, hint: str = "") -> Concern:
    return Concern(id=f"manifest.{what}", level=Level.WARNING, text=text, hint=hint)


def critical(what: str, text: str, hint: str = "") -> Concern:
    return Concern(id=f"manifest.{what}", level=Level.CRITICAL, text=text, hint=hint)


def listed(words: Iterable[str]) -> str:
    """The first few, and how many more."""
    found = [word[:60] for word in words]
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(found[:NAMED]) + more
