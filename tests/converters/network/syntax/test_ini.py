from mtv.converters.network.syntax import ini
from mtv.converters.network.syntax.text import Flaw, Text


def test_sections_keys_comments_and_blanks() -> None:
    found = ini.entries(Text("x", "# a\n; b\n\n[One]\n key = a = b \n[Two]\nkey=\n"), flaws := list[Flaw]())
    assert [(one.section, one.key, one.value, one.line) for one in found] == [
        ("One", "key", "a = b", 5),
        ("Two", "key", "", 7),
    ]
    assert flaws == []


def test_lines_of_no_kind_are_flaws() -> None:
    flaws: list[Flaw] = []
    assert ini.entries(Text("x", "key=value\n[One\nword\n"), flaws) == []
    assert [one.line for one in flaws] == [1, 2, 3]


def test_a_backslash_joins_only_where_asked() -> None:
    text = Text("x", "[A]\nk=a \\\n b\nl=c\\")
    assert [(one.key, one.value, one.line) for one in ini.entries(text, [], continued=True)] == [
        ("k", "a   b", 2),
        ("l", "c", 4),
    ]
    assert [one.value for one in ini.entries(text, [])] == ["a \\", "c\\"]


def test_the_last_value_holds_and_repeated_sections_stay_apart() -> None:
    found = ini.entries(Text("x", "[A]\nk=1\nk=2\n[R]\nto=a\n[R]\nto=b\nvia=c\n"), [])
    assert ini.last(found, "A", "k") == "2"
    assert ini.last(found, "A", "none") == ""
    assert [one.value for one in ini.values(found, "A", "k")] == ["1", "2"]
    assert ini.rows(found, "R") == [{"to": "a"}, {"to": "b", "via": "c"}]
