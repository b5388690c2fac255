import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.manifests.names import claim_name, is_label, machine_name, machine_names

LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("web", "web"),
        ("WIN2K22 App 01", "win2k22-app-01"),
        ("db.example.org", "db-example-org"),
        ("a__b", "a-b"),
        ("x" * 63, "x" * 63),
    ],
)
def test_plain_names_stay_readable(name: str, label: str) -> None:
    assert machine_name(name) == label


@pytest.mark.parametrize("name", ["", "...", "é", "日本", "x" * 64, "a/b", "../../etc", "a\nb", "🐧" * 300])
def test_what_is_lost_is_made_up_by_a_hash(name: str) -> None:
    label = machine_name(name)
    assert LABEL.match(label)
    assert re.search(r"-[0-9a-f]{8}$", label)
    assert label == machine_name(name)


@given(st.text(max_size=300))
def test_always_a_label_and_its_own_name(name: str) -> None:
    label = machine_name(name)
    assert LABEL.match(label)
    assert is_label(label)
    assert machine_name(label) == label


@given(st.sets(st.text(alphabet="aAbB ._-é/", max_size=5), max_size=20))
def test_names_that_go_together_never_collide(names: set[str]) -> None:
    found = machine_names(sorted(names))
    assert len(set(found.values())) == len(names)
    assert all(LABEL.match(label) for label in found.values())


@given(st.text(alphabet="ab-", min_size=1, max_size=63).map(machine_name), st.integers(0, 999))
def test_claims(machine: str, index: int) -> None:
    assert LABEL.match(claim_name(machine, index))


def test_claims_of_long_names_differ() -> None:
    first, second = (claim_name("x" * 62 + end, 0) for end in "ab")
    assert first != second
    assert first.endswith("-disk0")
