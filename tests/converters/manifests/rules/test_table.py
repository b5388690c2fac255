"""The table of rules: each is said by an example, and each example by its rule."""

from collections import Counter
from pathlib import Path

import pytest

from mtv.converters.manifests.rules import RULES, Level, Rule, check
from tests.converters.manifests.rules.documents import SOUND, changed
from tests.converters.manifests.rules.examples import EXAMPLES

DOCS = Path(__file__).parents[4] / "docs" / "manifest-rules.md"


def test_every_rule_has_an_example_and_a_name_of_its_own() -> None:
    assert [name for name, count in Counter(rule.id for rule in RULES).items() if count > 1] == []
    assert {rule.id for rule in RULES} ^ set(EXAMPLES) == set()
    assert len(RULES) >= 60


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_is_said_of_its_example(rule: Rule) -> None:
    example = EXAMPLES[rule.id]
    document = changed(example.base, example.changes)
    said = [one.complaint for one in check([document], example.target, example.versions)]
    (mine,) = {one.rule.id: one for one in said if one.rule is rule}.values()
    assert (mine.level, bool(mine.text), mine.field == "") == (rule.level, True, rule.id == "kind.missing")


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_rule_says_what_happens_and_what_helps(rule: Rule) -> None:
    assert rule.link.startswith("https://")
    for text in (rule.what, rule.fix):
        assert text[-1:] not in ("", ".")


@pytest.mark.parametrize("document", SOUND, ids=[str(one["kind"]) for one in SOUND])
def test_nothing_is_said_of_what_is_sound(document: dict[str, object]) -> None:
    assert check([document]) == []  # type: ignore[list-item]


def test_the_documentation_has_every_rule() -> None:
    lines = DOCS.read_text().splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    assert rows == [_row(rule) for rule in RULES]
    counts = Counter(rule.level for rule in RULES)
    told = (
        f"{len(RULES)} rules: {counts[Level.REFUSED]} refused, {counts[Level.BROKEN]} broken, "
        f"{counts[Level.WARNING]} warnings"
    )
    assert told in " ".join(lines)


def _row(rule: Rule) -> str:
    versions = [f"from {_version(rule.since)}"] if rule.since else []
    versions += [f"before {_version(rule.until)}"] if rule.until else []
    cells = (f"`{rule.id}`", str(rule.level), rule.what, rule.fix, " ".join(versions), f"[{rule.of}]({rule.link})")
    return "| " + " | ".join(cells) + " |"


def _version(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
