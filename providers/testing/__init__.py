"""The conformance suite: what every provider promises, as tests. A provider's test file is a factory and one call:

    test_source = source_suite(lambda folder: SourceBench(...), has=Capabilities(points=True))

`has` is what the provider claims to be able to do: checks for the rest are left out, and the claim is checked too.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mtv.providers.base import Capabilities
from mtv.providers.testing.sources import SOURCE_CHECKS, SourceBench
from mtv.providers.testing.targets import TARGET_CHECKS, TargetBench

__all__ = ["SourceBench", "TargetBench", "source_suite", "target_suite"]


def source_suite(make: Callable[[Path], SourceBench], has: Capabilities) -> Callable[..., None]:
    """A parametrized test function; `make` is given an empty folder for each check."""
    return _suite(make, SOURCE_CHECKS, has)


def target_suite(make: Callable[[Path], TargetBench], has: Capabilities) -> Callable[..., None]:
    return _suite(make, TARGET_CHECKS, has)


def _suite(make: Callable[[Path], Any], checks: Sequence[tuple[str, Any]], has: Capabilities) -> Callable[..., None]:
    chosen = [check for needs, check in checks if not needs or getattr(has, needs)]

    @pytest.mark.parametrize("promise", chosen, ids=lambda check: check.__name__)
    def test_provider(promise: Any, tmp_path: Path) -> None:
        asyncio.run(promise(make(tmp_path), has))

    made: Callable[..., None] = test_provider
    return made
