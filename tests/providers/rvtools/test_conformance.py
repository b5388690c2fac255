"""The suite that every source passes."""

from pathlib import Path

from mtv.providers.base import Capabilities
from mtv.providers.rvtools import RVTools
from mtv.providers.testing import SourceBench, source_suite
from tests.providers.rvtools.books import FULL, book


def bench(folder: Path) -> SourceBench:
    path = book(folder / "estate.xlsx", FULL)
    return SourceBench(open=lambda: RVTools("book", str(path)), vm="vm-1", scratch=folder)


test_rvtools = source_suite(bench, has=Capabilities(steady=True))
