"""A guest's text file, bounded and decoded, or the flaw that says why it cannot be used."""

from dataclasses import dataclass

from mtv.converters.guest.files import GuestFiles
from mtv.errors import MtvError

LIMIT_BYTES = 256 << 10  # real network files are under 10 KiB
LIMIT_FILES = 256  # of one pattern


@dataclass(frozen=True)
class Flaw:
    """One thing in a guest's file that could not be understood. Line 0: the whole file."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


@dataclass(frozen=True)
class Text:
    file: str
    whole: str

    @property
    def lines(self) -> list[str]:
        """Without their ends. Only a line feed ends a line."""
        return [line.removesuffix("\r") for line in self.whole.split("\n")]


@dataclass(frozen=True)
class Entry:
    """One `key = value` and where it stands. `section` counts how often it was opened: twice [Route] is two routes."""

    section: str
    nth: int
    key: str
    value: str
    line: int


def load(files: GuestFiles, path: str, flaws: list[Flaw]) -> Text | None:
    """The file, or None: it is not there, or a flaw says what is wrong with it."""
    try:
        raw = files.read(path, LIMIT_BYTES)
    except FileNotFoundError:
        return None
    except (OSError, MtvError) as error:
        flaws.append(Flaw(path, 0, f"cannot be read: {error}"))
        return None
    try:
        whole = raw.decode()
    except UnicodeDecodeError as error:
        flaws.append(Flaw(path, raw.count(b"\n", 0, error.start) + 1, "is not UTF-8 text: left alone"))
        return None
    if "\0" in whole:
        flaws.append(Flaw(path, whole.count("\n", 0, whole.index("\0")) + 1, "holds a zero byte: left alone"))
        return None
    return Text(path, whole)


def load_all(files: GuestFiles, flaws: list[Flaw], *patterns: str) -> list[Text]:
    """Every file that the patterns name, in the order in which they are named."""
    return [text for path in find(files, flaws, *patterns) if (text := load(files, path, flaws)) is not None]


def find(files: GuestFiles, flaws: list[Flaw], *patterns: str) -> list[str]:
    paths = list(dict.fromkeys(path for pattern in patterns for path in files.glob(pattern)))
    if len(paths) > LIMIT_FILES:
        flaws.append(Flaw(paths[LIMIT_FILES], 0, f"and {len(paths) - LIMIT_FILES - 1} more: not read"))
    return paths[:LIMIT_FILES]
