from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.network import FileChange, NetworkPlan, diff


def _diff(before: str | None, after: str | None) -> str:
    return diff(NetworkPlan(changes=(FileChange(path="/etc/x", before=before, after=after),)))


def test_no_changes_make_no_diff() -> None:
    assert diff(NetworkPlan()) == ""


def test_a_made_and_a_removed_file_stand_against_nothing() -> None:
    assert _diff(None, "a\n") == "--- /dev/null\n+++ b/etc/x\n@@ -0,0 +1 @@\n+a\n"
    assert _diff("a\n", None) == "--- a/etc/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"


def test_a_missing_line_feed_is_told() -> None:
    assert _diff("a\nb", "a\nc\n").splitlines()[3:] == [" a", "-b", "\\ No newline at end of file", "+c"]


def test_secrets_beside_a_change_are_hidden() -> None:
    rows = ["password=sesame", "private-key-password = sesame", "wep-key0=sesame", "WPA_PSK='sesame'", "psk: sesame"]
    for row in rows:
        text = _diff(f"mac-address=1\n{row}\n", f"mac-address=2\n{row}\n")
        assert "sesame" not in text
        assert f"{row[:3]}" in text
        assert "(hidden)\n" in text
        assert "+mac-address=2\n" in text


_LINES = st.lists(st.sampled_from(["a", "b", "c\u2028d", "e\x0cf", ""]), max_size=8)


@given(_LINES, _LINES)
def test_plus_and_minus_lines_rebuild_both_sides(before: list[str], after: list[str]) -> None:
    old, new = "".join(one + "\n" for one in before), "".join(one + "\n" for one in after)
    body = [line for line in _diff(old, new).split("\n")[2:-1] if not line.startswith("@@")]
    if old != new and len(before) < 4 and len(after) < 4:  # within the context: nothing is left out
        assert [line[1:] for line in body if line[0] in " -"] == before
        assert [line[1:] for line in body if line[0] in " +"] == after
    assert (old == new) == (body == [])
