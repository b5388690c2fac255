"""Exit codes of runs."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mtv.errors import CheckFailed, MtvError
from mtv.model.outcomes import Mark, Row
from mtv.plans.tally import exit_code, refused
from mtv.times import stamp

BEGUN = Row(
    n=1, step="check", round=1, attempt=1, undo=False, at=stamp(datetime(2026, 1, 1, tzinfo=UTC)), mark=Mark.BEGIN
)
BY_A_CHECK = CheckFailed("target.foreign-files", "there is something").fault
BY_FATE = MtvError("source.checksum", "it differs").fault


@pytest.mark.parametrize(
    ("states", "by_checks", "code"),
    [
        ("", "", 0),
        ("done", "", 0),
        ("done probation", "", 0),
        ("done failed", "", 3),
        ("done rolled-back", "2", 3),
        ("failed", "", 1),
        ("held", "", 1),
        ("pending", "", 1),
        ("rolled-back", "1", 4),
        ("rolled-back failed", "12", 4),
        ("rolled-back failed", "1", 1),
        ("rolled-back held", "1", 1),
        ("failed pending", "1", 4),
    ],
)
def test_a_run_has_one_exit_code(states: str, by_checks: str, code: int) -> None:
    assert exit_code({str(n): state for n, state in enumerate(states.split(), 1)}, set(by_checks)) == code


def test_refused_is_what_a_check_stopped_before_anything_was_made() -> None:
    failed = replace(BEGUN, n=2, mark=Mark.FAILED, fault=BY_A_CHECK)
    assert refused([BEGUN, failed])
    assert not refused([BEGUN, replace(failed, fault=BY_FATE)])
    assert not refused([BEGUN, replace(failed, mark=Mark.DONE, fault=None)])
    made = [replace(BEGUN, step="create-volumes"), replace(BEGUN, n=2, step="create-volumes", mark=Mark.DONE)]
    later = [replace(BEGUN, n=3, step="convert"), replace(failed, n=4, step="convert")]
    assert refused(later)
    assert not refused([*made, *later])
