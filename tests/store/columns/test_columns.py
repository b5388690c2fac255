"""Code and document say the same of the columns, and every column is really there."""

from pathlib import Path

import pytest

from mtv.store.columns import KINDS, markdown
from mtv.store.query import select
from mtv.store.store import Store
from tests.store.made import filled

DOCUMENT = Path(__file__).parents[3] / "docs" / "columns.md"


def test_the_document_is_what_the_code_says() -> None:
    assert DOCUMENT.read_text() == markdown()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_listed_by_all_its_columns(store: Store, kind: str) -> None:
    filled(store)
    names = KINDS[kind].names
    assert names[0] == "name"
    assert len(set(names)) == len(names)
    for row in store.read(lambda found: select(found, kind, sort=",".join(names), columns=names)):
        assert tuple(row) == names


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_can_be_asked_for(store: Store, kind: str) -> None:
    for name in KINDS[kind].names:
        store.read(lambda found, name=name: select(found, kind, f"{name} IS NOT NULL"))  # type: ignore[misc]
