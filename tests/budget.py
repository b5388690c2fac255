"""A pytest plugin: seconds per folder of tests, printed after each run and held against budget.toml; so are the seconds
of the whole run by the clock. Where tests run in two processes, the one that hands them out counts."""

import time
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

FILE = Path(__file__).with_name("budget.toml")
PROCESSES = 2  # that run tests beside each other in `make test`


@dataclass(frozen=True)
class Budget:
    seconds: Mapping[str, float]  # by folder; "." is tests/ itself
    conversions: int  # full conversions of a real guest in the whole suite
    total_s: float  # of the whole run by the clock; the folders' seconds make no more in each process

    @classmethod
    def read(cls) -> "Budget":
        table = tomllib.loads(FILE.read_text())
        return cls(table["seconds"], table["conversions"], table["total"])


def folder_of(nodeid: str) -> str:
    """tests/plans/files/test_x.py::test_y is of plans, tests/test_x.py::test_y of "."."""
    parts = nodeid.partition("::")[0].split("/")
    return parts[1] if len(parts) > 2 else "."


def conversion_of(item: pytest.Item) -> str | None:
    """The full conversion that this test looks at; tests may share one."""
    mark = item.get_closest_marker("conversion")
    return None if mark is None else str(mark.args[0]) if mark.args else item.nodeid


def over(seconds: Mapping[str, float], budget: Budget, clock_s: float = 0) -> list[str]:
    """What is wrong, a line each: a folder over its budget, or one that has none; the whole run too long."""
    wrong = []
    for folder, spent in sorted(seconds.items()):
        allowed = budget.seconds.get(folder)
        if allowed is None:
            wrong.append(f"tests/{folder} has no budget: give it one in tests/budget.toml")
        elif spent > allowed:
            wrong.append(f"tests/{folder} took {spent:.1f} s of {allowed:.0f} s")
    if clock_s > budget.total_s:
        wrong.append(f"the whole run took {clock_s:.1f} s of {budget.total_s:.0f} s")
    return wrong


class Clock:
    """Adds up what pytest reports; fails the run where that is too much, and conversions where they are too many."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.seconds: dict[str, float] = defaultdict(float)
        self.tests: dict[str, int] = defaultdict(int)
        self.conversions: set[str] = set()
        self.started = time.monotonic()

    def pytest_collection_modifyitems(self, items: Sequence[pytest.Item]) -> None:
        self.conversions = {name for item in items if (name := conversion_of(item))}

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        found, allowed = sorted(self.conversions), self.budget.conversions
        if len(found) > allowed and conversion_of(item):
            pytest.fail(f"{len(found)} full conversions, {allowed} are allowed: {found}", pytrace=False)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        folder = folder_of(report.nodeid)
        self.seconds[folder] += report.duration
        self.tests[folder] += report.when == "call"

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.OK and self.wrong():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def wrong(self) -> list[str]:
        return over(self.seconds, self.budget, time.monotonic() - self.started)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if len(self.seconds) > 1:  # of one folder pytest's own line says it
            self.tell(terminalreporter)
        for line in self.wrong():
            terminalreporter.write_line(f"OVER BUDGET: {line}", red=True)

    def tell(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("seconds by folder")
        for folder, spent in sorted(self.seconds.items(), key=lambda pair: -pair[1]):
            allowed = self.budget.seconds.get(folder, 0)
            line = f"{spent:8.1f} s of {allowed:5.0f} s  {self.tests[folder]:5} tests  tests/{folder}"
            terminalreporter.write_line(line)
        in_all, clock_s = sum(self.seconds.values()), time.monotonic() - self.started
        terminalreporter.write_line(
            f"{in_all:8.1f} s in all, {clock_s:.1f} s of {self.budget.total_s:.0f} s by the clock"
        )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-budget", action="store_true", help="do not hold seconds against tests/budget.toml")


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--no-budget"):
        config.pluginmanager.register(Clock(Budget.read()), "clock")


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """One appliance at a time, where tests run in two processes."""
    for item in items:
        if item.get_closest_marker("appliance") or conversion_of(item):
            item.add_marker(pytest.mark.xdist_group("appliance"))
