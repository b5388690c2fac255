import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.network.syntax import yamltree
from mtv.converters.network.syntax.text import Flaw, Text
from mtv.converters.network.syntax.yamltree import Branch, Word


def _parse(text: str) -> tuple[Branch | None, list[Flaw]]:
    flaws: list[Flaw] = []
    return yamltree.parse(Text("x", text), flaws), flaws


def test_words_know_their_line_and_stay_text() -> None:
    tree, flaws = _parse("a:\n  b: 010\n  c: [yes, ~]\n  d: {}\n")
    assert tree == {
        "a": {"b": Word("010", "x", 2), "c": [Word("yes", "x", 3), Word("~", "x", 3)], "d": Word("", "x", 4)}
    }
    assert flaws == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [", 1),
        ("a: 1\n\tb: 2\n", 2),
        ("a: 'x\n", 2),
        ("[" * 30, 1),
        ("a: &a [1]\n" + "b: *a\n" * 65, 66),
        ("a: *none\n", 1),
        ("- a\n" * 20_001, 19_999),
        ("a: \x01\n", 0),
    ],
    ids=["open", "tab", "quote", "deep", "aliases", "no-anchor", "long", "control"],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, line: int) -> None:
    tree, flaws = _parse(text)
    assert tree is None
    assert [(one.file, one.line) for one in flaws] == [("x", line)]


def test_a_ring_ends() -> None:
    tree, flaws = _parse("a: &a {b: *a}\n")
    assert yamltree.at(tree, "a", "b") == Word("", "x", 1)
    assert flaws == []


def test_aliases_share_instead_of_growing() -> None:
    rows = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 20)]
    tree, flaws = _parse("\n".join(rows) + "\n")
    assert flaws == []
    top = yamltree.items(tree, "a19")
    assert top[0] is top[1]


def test_no_tag_makes_an_object() -> None:
    assert _parse("a: !!python/object/apply:os.system [reboot]\n")[0] == {"a": [Word("reboot", "x", 1)]}


def test_merging() -> None:
    old, new = _parse("a: {b: 1, c: [1]}\nd: 1\ne: {f: 1}\n")[0], _parse("a: {c: [2], g: 3}\nd: 2\ne:\n")[0]
    assert old
    assert new
    merged = yamltree.merge(old, new)
    assert yamltree.word(merged, "a", "b") == "1"
    assert yamltree.words(merged, "a", "c") == ["1", "2"]
    assert yamltree.word(merged, "d") == "2"
    assert yamltree.word(merged, "e", "f") == "1"


def test_walking_off_the_tree() -> None:
    tree = _parse("a: 1\nb: [1, {c: 2}]\n")[0]
    assert yamltree.at(tree, "a", "x", "y") is None
    assert yamltree.word(tree, "b") == ""
    assert yamltree.words(tree, "b") == ["1"]
    assert yamltree.words(tree, "a") == ["1"]
    assert yamltree.children(tree, "a") == {}
    assert yamltree.items(tree, "a") == []
    assert yamltree.at(None, "a") is None


@given(st.text(alphabet=st.sampled_from("ab:-[]{},&*!|>'\"#? \n\t"), max_size=80))
def test_any_text_is_a_tree_or_a_flaw(text: str) -> None:
    tree, flaws = _parse(text)
    assert tree is None or flaws == []
