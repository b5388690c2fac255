from mtv.converters.network.syntax.text import LIMIT_BYTES, LIMIT_FILES, Flaw, find, load, load_all
from tests.converters.network.trees import Tree


def _load(raw: bytes) -> tuple[list[str] | None, list[Flaw]]:
    flaws: list[Flaw] = []
    text = load(Tree({"/x": raw}), "/x", flaws)
    return (text.lines if text else None), flaws


def test_only_line_feeds_end_lines() -> None:
    assert _load("a\r\nb\x0cc\u2028d\n".encode()) == (["a", "b\x0cc\u2028d", ""], [])


def test_what_is_not_there_is_no_flaw() -> None:
    flaws: list[Flaw] = []
    assert load(Tree(), "/x", flaws) is None
    assert load(Tree({"/x": None}), "/x", flaws) is None
    assert flaws == []


def test_bytes_that_are_no_text_are_told_with_their_line() -> None:
    assert _load(b"a\nb\n\xff") == (None, [Flaw("/x", 3, "is not UTF-8 text: left alone")])
    assert _load(b"a\n\0") == (None, [Flaw("/x", 2, "holds a zero byte: left alone")])


def test_a_file_at_the_limit_is_read_and_one_above_is_not() -> None:
    assert _load(b"a" * LIMIT_BYTES)[1] == []
    lines, flaws = _load(b"a" * (LIMIT_BYTES + 1))
    assert lines is None
    assert str(flaws[0]).startswith("/x: cannot be read: ")


def test_a_folder_in_a_files_place_is_told() -> None:
    class Folder(Tree):
        def read(self, path: str, limit_bytes: int = 0) -> bytes:
            raise IsADirectoryError(21, "Is a directory", path)

    flaws: list[Flaw] = []
    assert load(Folder(), "/x", flaws) is None
    assert "Is a directory" in str(flaws[0])


def test_many_files_are_bounded() -> None:
    tree = Tree({f"/d/{index:04}": b"" for index in range(LIMIT_FILES + 10)})
    flaws: list[Flaw] = []
    assert len(find(tree, flaws, "/d/*")) == LIMIT_FILES
    assert "and 9 more" in str(flaws[0])


def test_each_file_is_read_once() -> None:
    assert [text.file for text in load_all(Tree.of(**{"/d/a": "", "/d/b": ""}), [], "/d/b", "/d/*")] == ["/d/b", "/d/a"]


def test_a_flaw_says_where() -> None:
    assert str(Flaw("/x", 3, "is odd")) == "/x:3: is odd"
    assert str(Flaw("/x", 0, "is odd")) == "/x: is odd"
