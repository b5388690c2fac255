"""A pytest plugin: seconds per folder of tests, printed after each run and held against budget.toml."""

import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

FILE = Path(__file__).with_name("budget.toml")


@dataclass(frozen=True)
class Budget:
    seconds: Mapping[str, float]  # by folder; "." is tests/ itself
    conversions: int  # full conversions of a real guest in the whole suite

    @classmethod
    def read(cls) -> "Budget":
        table = tomllib.loads(FILE.read_text())
        return cls(table["seconds"], table["conversions"])


def folder_of(nodeid: str) -> str:
    """tests/plans/files/test_x.py::test_y is of plans, tests/test_x.py::test_y of "."."""
    parts = nodeid.partition("::")[0].split("/")
    return parts[1] if len(parts) > 2 else "."


def over(seconds: Mapping[str, float], budget: Budget) -> list[str]:
    """What is wrong, a line each: a folder over its budget, or one that has none."""
    wrong = []
    for folder, spent in sorted(seconds.items()):
        allowed = budget.seconds.get(folder)
        if allowed is None:
            wrong.append(f"tests/{folder} has no budget: give it one in tests/budget.toml")
        elif spent > allowed:
            wrong.append(f"tests/{folder} took {spent:.1f} s of {allowed:.0f} s")
    return wrong


class Clock:
    """Adds up what pytest reports; fails the run where that is too much."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.seconds: dict[str, float] = defaultdict(float)
        self.tests: dict[str, int] = defaultdict(int)

    def pytest_collection_modifyitems(self, items: Sequence[pytest.Item]) -> None:
        marks = [(item, item.get_closest_marker("conversion")) for item in items]
        found = {str(mark.args[0]) if mark.args else item.nodeid for item, mark in marks if mark}
        if len(found) > self.budget.conversions:
            raise pytest.UsageError(
                f"{len(found)} full conversions, {self.budget.conversions} are allowed: {sorted(found)}"
            )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        folder = folder_of(report.nodeid)
        self.seconds[folder] += report.duration
        self.tests[folder] += report.when == "call"

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.OK and over(self.seconds, self.budget):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if len(self.seconds) < 2:
            return  # one folder: pytest's own line says it
        terminalreporter.section("seconds by folder")
        for folder, spent in sorted(self.seconds.items(), key=lambda pair: -pair[1]):
            allowed = self.budget.seconds.get(folder, 0)
            line = f"{spent:8.1f} s of {allowed:5.0f} s  {self.tests[folder]:5} tests  tests/{folder}"
            terminalreporter.write_line(line)
        terminalreporter.write_line(f"{sum(self.seconds.values()):8.1f} s in all")
        for line in over(self.seconds, self.budget):
            terminalreporter.write_line(f"OVER BUDGET: {line}", red=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-budget", action="store_true", help="do not hold seconds against tests/budget.toml")


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--no-budget"):
        config.pluginmanager.register(Clock(Budget.read()), "clock")
