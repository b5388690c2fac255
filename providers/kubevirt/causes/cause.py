"""One row of the table: how a cause is known, and what mends it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mtv.providers.kubevirt.causes.scene import Scene

Look = Callable[[Scene], Iterator[str]]


@dataclass(frozen=True)
class Cause:
    """`look` gives the evidence, line by line; none means that it is not this. `fix` may name {vm}, {namespace} and
    what the evidence's pattern found. `unless`: a cause that tells the same more exactly."""

    id: str
    what: str
    look: Look
    fix: str
    unless: tuple[str, ...] = ()


def saying(*words: str, reason: str = "") -> Look:
    """Some event, condition or container says one of these words, or has that reason."""
    return lambda scene: scene.said(*words, reason=reason)


def matching(pattern: str) -> Look:
    found = re.compile(pattern)
    return lambda scene: (one for one in scene.sayings if found.search(one))
