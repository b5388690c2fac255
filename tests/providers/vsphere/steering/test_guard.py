"""The datastore guard, over made-up datastores: never a snapshot that may fill one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.errors import CheckFailed, Refused
from mtv.providers.vsphere.steering.guard import GIB, Older, Store, needs, refuse
from mtv.settings import settings

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ROOMY = Store("gold", 1000 * GIB, 500 * GIB, 100 * GIB)
LIMITS = settings()


def refused(stores: Sequence[Store] = (ROOMY,), older: Sequence[Older] = ()) -> tuple[str, str]:
    try:
        refuse("db01", stores, older, NOW, LIMITS)
    except CheckFailed as error:
        return error.fault.code, error.fault.text
    return "", ""


def test_where_there_is_room_nothing_is_said() -> None:
    assert refused() == ("", "")
    assert refused(()) == ("", "")
    assert refused(older=[Older("mine", NOW - timedelta(days=29))]) == ("", "")


def test_a_datastore_that_may_fill_up_is_named_with_what_is_needed() -> None:
    code, text = refused([ROOMY, Store("silver", 1000 * GIB, 69 * GIB, 100 * GIB)])
    assert code == "source.no-room"
    assert "silver: 69.0 GiB are free, and 70.0 GiB are needed (20% of its disks there, and 5%" in text
    assert refused([Store("silver", 1000 * GIB, 70 * GIB, 100 * GIB)]) == ("", "")


def test_one_that_is_not_accessible_is_named() -> None:
    assert refused([replace(ROOMY, accessible=False)])[0] == "source.no-room"


def test_too_many_snapshots_and_too_old_ones_are_refused() -> None:
    many = [Older(f"s{number}", NOW) for number in range(16)]
    assert refused(older=many)[0] == "source.points"
    assert refused(older=many[1:]) == ("", "")
    code, text = refused(older=[Older("before the upgrade", NOW - timedelta(days=31))])
    assert code == "source.points"
    assert "'before the upgrade' since 2026-10-23" in text


@given(st.integers(0, 1 << 50), st.integers(0, 1 << 50), st.integers(0, 1 << 50))
def test_whoever_passes_has_room_for_the_growth_and_the_reserve(capacity: int, free: int, need: int) -> None:
    if refused([Store("x", capacity, free, need)])[0] == "":
        assert free >= int(need * LIMITS.point_growth) + int(capacity * LIMITS.point_reserve)


def test_disks_of_one_datastore_are_summed() -> None:
    assert needs([("a", 1), ("b", 2), ("a", 3)]) == {"a": 4, "b": 2}


def test_the_limits_are_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTV_POINT_GROWTH", "1.5")
    monkeypatch.setenv("MTV_POINTS_LIMIT", "3")
    assert (settings().point_growth, settings().points_limit) == (1.5, 3)
    monkeypatch.setenv("MTV_POINT_GROWTH", "much")
    with pytest.raises(Refused, match="MTV_POINT_GROWTH"):
        settings()
