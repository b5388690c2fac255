"""The benchmark's own arithmetic."""

import pytest

from tests.bench.pairs import figure, take_turns

PAIRS = [(1.0, 2.0), (1.0, 9.0), (10.0, 5.0)]  # three rounds; ratios of speed 2, 9 and 0.5


def test_the_figure_is_the_median_of_the_rounds_ratios_and_no_ratio_of_medians() -> None:
    found = figure("w", "p", PAIRS, 1.0, "speed")
    assert (found.found, found.spread, found.rounds) == ("2.00x", "0.50 to 9.00", 3)
    assert (found.ours, found.theirs) == ("1.000 s", "5.000 s")


@pytest.mark.parametrize(("goal", "is_met"), [(2.0, True), (2.01, False)])
def test_a_speed_is_to_reach_its_goal(goal: float, is_met: bool) -> None:
    assert figure("w", "p", PAIRS, goal, "speed").is_met is is_met


@pytest.mark.parametrize(("goal", "is_met"), [(0.5, True), (0.49, False)])
def test_a_time_is_not_to_exceed_its_goal(goal: float, is_met: bool) -> None:
    found = figure("w", "p", PAIRS, goal, "time")
    assert (found.found, found.spread, found.is_met) == ("0.50x", "0.11 to 2.00", is_met)


@pytest.mark.parametrize(("warm_up", "order"), [(True, "tm mt tm mt"), (False, "mt tm mt")])
def test_who_begins_changes_and_warming_up_does_not_count(warm_up: bool, order: str) -> None:
    calls: list[str] = []

    def mine() -> float:
        calls.append("m")
        return 1.0 + len(calls)

    def theirs() -> float:
        calls.append("t")
        return 1.0 + len(calls)

    pairs = take_turns("w", mine, theirs, 3, warm_up)
    assert "".join(calls) == order.replace(" ", "")
    counted = pairs if not warm_up else [(0.0, 0.0), *pairs]
    assert len(pairs) == 3
    assert all((yours < mine) == (number % 2 == 0) for number, (mine, yours) in enumerate(counted, not warm_up) if mine)
