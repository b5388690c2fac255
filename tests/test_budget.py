"""The suite's budget: what counts against which folder, and what fails a run."""

from pathlib import Path

import pytest

from tests.budget import PROCESSES, Budget, folder_of, over

pytest_plugins = ["pytester"]


@pytest.mark.parametrize(
    ("nodeid", "folder"),
    [
        ("tests/plans/files/test_x.py::test_y[a/b]", "plans"),
        ("tests/plans/test_x.py::test_y", "plans"),
        ("tests/test_x.py::test_y", "."),
    ],
)
def test_a_test_counts_for_its_top_folder(nodeid: str, folder: str) -> None:
    assert folder_of(nodeid) == folder


def test_a_folder_over_its_budget_or_without_one_is_named() -> None:
    wrong = over({"a": 1.0, "b": 3.0, "new": 0.1}, Budget({"a": 2, "b": 2}, 3, 10))
    assert wrong == [
        "tests/b took 3.0 s of 2 s",
        "tests/new has no budget: give it one in tests/budget.toml",
    ]


def test_a_run_that_is_too_long_by_the_clock_is_named() -> None:
    assert over({"a": 1.0}, Budget({"a": 2}, 3, 10), clock_s=11) == ["the whole run took 11.0 s of 10 s"]


def test_the_folders_budgets_make_no_more_than_the_whole_runs() -> None:
    assert sum(Budget.read().seconds.values()) <= Budget.read().total_s * PROCESSES


def test_every_folder_of_tests_has_a_budget() -> None:
    tests = Path(__file__).parent
    folders = {file.relative_to(tests).parts[0] for file in tests.glob("*/**/test_*.py")}
    assert folders <= set(Budget.read().seconds)


SUITE = """
    import pytest
    @pytest.mark.conversion
    @pytest.mark.parametrize("n", range({conversions}))
    def test_it(n): pass
"""
SHARED = """
    @pytest.mark.conversion("one for all of these")
    @pytest.mark.parametrize("n", range(5))
    def test_what_it_made(n): pass
"""

OTHER = """
    def test_of_something_else(): pass
"""
APPLIANCES = """
    import os
    @pytest.mark.appliance
    @pytest.mark.parametrize("n", range(6))
    def test_that_starts_one(n):
        with open("homes", "a") as homes:
            print(os.environ.get("PYTEST_XDIST_WORKER"), file=homes)
"""


def run(pytester: pytest.Pytester, conversions: int, allowed_s: float, *args: str, more: str = "") -> pytest.RunResult:
    pytester.makeini("[pytest]\nmarkers =\n    conversion: x\n    appliance: x\n")
    pytester.mkdir("tests").joinpath("f").mkdir()
    pytester.makeconftest(f"""
        from tests import budget
        from tests.budget import pytest_collection_modifyitems
        def pytest_configure(config):
            config.pluginmanager.register(budget.Clock(budget.Budget({{"f": {allowed_s}}}, 3, 60)), "clock")
    """)
    file = pytester.makepyfile(SUITE.format(conversions=conversions) + more)
    file.rename(pytester.path / "tests" / "f" / "test_it.py")
    without = [f"-pno:{plugin}" for plugin in ("cacheprovider", "hypothesispytest", "textual-snapshot", "syrupy")]
    return pytester.runpytest(*without, *args, "tests/f")


def test_a_run_over_budget_fails_though_its_tests_pass(pytester: pytest.Pytester) -> None:
    result = run(pytester, conversions=1, allowed_s=0)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes()["passed"] == 1


def test_a_run_within_its_budget_passes(pytester: pytest.Pytester) -> None:
    assert run(pytester, conversions=3, allowed_s=60).ret == pytest.ExitCode.OK


def test_tests_that_share_a_conversion_count_once(pytester: pytest.Pytester) -> None:
    assert run(pytester, conversions=2, allowed_s=60, more=SHARED).ret == pytest.ExitCode.OK


def test_of_one_conversion_too_many_none_is_run(pytester: pytest.Pytester) -> None:
    result = run(pytester, conversions=3, allowed_s=60, more=SHARED + OTHER)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes() == {"errors": 8, "passed": 1}
    result.stdout.fnmatch_lines(["*4 full conversions, 3 are allowed*"])


def test_two_processes_are_counted_too_and_only_one_starts_appliances(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    result = run(pytester, 4, 0, "-n2", "--dist=loadgroup", more=APPLIANCES + OTHER)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes() == {"errors": 4, "passed": 7}
    result.stdout.fnmatch_lines(["*4 full conversions, 3 are allowed*", "OVER BUDGET: tests/f took *"])
    homes = (pytester.path / "homes").read_text().split()
    assert (len(homes), len(set(homes))) == (6, 1)
