"""docs/why.md says what the table says."""

import re
from pathlib import Path

from mtv.providers.kubevirt.causes.cause import Cause
from mtv.providers.kubevirt.causes.table import CAUSES
from tests.providers.kubevirt.causes.test_cluster import BROKEN, OTHERS
from tests.providers.kubevirt.causes.test_recorded import RECORDED

PAGE = Path(__file__).parents[4] / "docs/why.md"


def row(one: Cause) -> str:
    fix = one.fix.format(vm="VM", namespace="NS").replace("|", "\\|")
    return f"| `{one.id}` | {one.what} | {fix} |"


def test_the_page_has_each_cause_as_the_table_has_it() -> None:
    told = re.findall(r"^\| `.*$", PAGE.read_text(), re.MULTILINE)
    assert told == [row(one) for one in CAUSES]


def test_each_cause_is_made_to_happen_or_was_recorded() -> None:
    assert {*BROKEN.values(), *OTHERS, *RECORDED, "namespace.ends"} == {one.id for one in CAUSES}
