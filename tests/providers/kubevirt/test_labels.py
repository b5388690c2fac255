"""Names and labels by which our objects are found again, and a stranger's told."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.errors import CheckFailed
from mtv.model.tasks import worker_name
from mtv.providers.kubevirt.labels import Owner, short

OWNER = Owner("r-1", "src/vm-1")


def labelled(**labels: str) -> dict[str, Any]:
    return {"metadata": {"namespace": "shop", "name": "web", "labels": labels}}


@given(st.text(max_size=80), st.text(max_size=80))
def test_all_names_of_a_migration_share_the_workers_digits(run: str, vm: str) -> None:
    assert worker_name(run, vm, "transfer", 1) == f"mtv-{Owner(run, vm).hash10}-transfer-1"


@given(st.text(max_size=100))
def test_any_run_fits_into_a_label(run: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", short(run), re.ASCII)


@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?", fullmatch=True))
def test_a_run_that_fits_is_read_as_it_is(run: str) -> None:
    assert short(run) == run


def test_what_carries_our_labels_is_ours() -> None:
    made = labelled(**OWNER.labels("disk", 0), app="shop")
    assert OWNER.check(made, "claim") is made
    assert OWNER.labels("disk", 0)["mtv/disk"] == "0"


@pytest.mark.parametrize(
    "labels",
    [
        {}, {"app.kubernetes.io/managed-by": "mtv"}, Owner("r-2", "src/vm-1").labels(),
        Owner("r-1", "src/vm-2").labels(),
        {**OWNER.labels(), "app.kubernetes.io/managed-by": "helm"},
    ],
)  # fmt: skip
def test_what_lacks_one_of_them_is_not(labels: dict[str, str]) -> None:
    with pytest.raises(CheckFailed, match="claim shop/web is there and not ours") as error:
        OWNER.check(labelled(**labels), "claim")
    assert error.value.fault.code == "kubevirt.foreign"
