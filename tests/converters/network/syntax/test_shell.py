import pytest

from mtv.converters.network.syntax import shell
from mtv.converters.network.syntax.text import Flaw, Text


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("K=v", "v"),
        ("K='a b'", "a b"),
        ('K="a b" # c', "a b"),
        ("export K=v", "v"),
        ("  K=", ""),
        ("K=a b", "a b"),
        ("K=$(reboot)", "$(reboot)"),
        ("K='it'\"'\"'s'", "it's"),
    ],
)
def test_values(line: str, value: str) -> None:
    flaws: list[Flaw] = []
    assert shell.table(shell.entries(Text("x", line), flaws)) == {"K": value}
    assert flaws == []


@pytest.mark.parametrize("line", ["K='open", "if true; then", "1K=v", "K =v", ". /etc/other"])
def test_what_is_no_assignment(line: str) -> None:
    flaws: list[Flaw] = []
    assert shell.entries(Text("x", f"#\n{line}\n"), flaws) == []
    assert [one.line for one in flaws] == [2]


def test_yes() -> None:
    assert [shell.yes(word) for word in ("yes", "YES", "true", "1", "no", "", "0")] == [True] * 4 + [False] * 3
