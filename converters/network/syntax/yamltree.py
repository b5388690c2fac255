"""YAML of a stranger, with the file and line of each word: no tags, few aliases, no depth, no types to trip over."""

from dataclasses import dataclass

import yaml

from mtv.converters.network.syntax.text import Flaw, Text

DEPTH = 24
ALIASES = 64
EVENTS = 20_000


@dataclass(frozen=True)
class Word:
    """A scalar as it is written: `0123` stays text, `yes` stays yes."""

    text: str
    file: str
    line: int


Branch = dict[str, "Branch"] | list["Branch"] | Word


def parse(text: Text, flaws: list[Flaw]) -> Branch | None:
    """The first document as a tree; None with a flaw where it is no YAML or too big a knot."""
    try:
        if not _fits(text, flaws):
            return None
        node = yaml.compose(text.whole, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        flaws.append(
            Flaw(text.file, mark.line + 1 if mark is not None else 0, f"is no YAML: {error.problem or error.context}")
        )
        return None
    except yaml.YAMLError as error:
        flaws.append(Flaw(text.file, 0, f"is no YAML: {str(error).splitlines()[0]}"))
        return None
    return None if node is None else _branch(node, text.file, {})


def _fits(text: Text, flaws: list[Flaw]) -> bool:
    """Counted before anything is composed: the composer recurses and aliases may form a ring or a bomb."""
    depth = aliases = 0
    for count, event in enumerate(yaml.parse(text.whole, Loader=yaml.SafeLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        aliases += isinstance(event, yaml.AliasEvent)
        if depth > DEPTH or aliases > ALIASES or count > EVENTS:
            flaws.append(Flaw(text.file, _line(event.start_mark), "is deeper, longer or more knotted than any real"))
            return False
    return True


def _line(mark: object) -> int:
    return int(getattr(mark, "line", -1)) + 1


def _branch(node: yaml.Node, file: str, done: dict[int, Branch]) -> Branch:
    """Each node once: what aliases share stays shared, so that no alias makes it grow."""
    if id(node) not in done:
        done[id(node)] = Word("", file, _line(node.start_mark))  # what a ring finds when it comes back here
        done[id(node)] = _built(node, file, done)
    return done[id(node)]


def _built(node: yaml.Node, file: str, done: dict[int, Branch]) -> Branch:
    """What is empty becomes an empty word, so that it keeps its place."""
    if not node.value:
        return Word("", file, _line(node.start_mark))
    if isinstance(node, yaml.SequenceNode):
        return [_branch(one, file, done) for one in node.value]
    if isinstance(node, yaml.MappingNode):
        pairs = [(key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]
        return {key.value: _branch(value, file, done) for key, value in pairs}
    return Word(str(node.value), file, _line(node.start_mark))


def merge(older: Branch, newer: Branch) -> Branch:
    """As netplan does it: mappings are merged, lists are joined, of anything else the newer holds."""
    if isinstance(older, dict) and isinstance(newer, dict):
        return older | {key: merge(older[key], value) if key in older else value for key, value in newer.items()}
    if isinstance(older, list) and isinstance(newer, list):
        return older + newer
    empty = isinstance(newer, Word) and not newer.text
    return older if empty and not isinstance(older, Word) else newer


def at(tree: Branch | None, *keys: str) -> Branch | None:
    """What lies at this path; None where it ends before."""
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def word(tree: Branch | None, *keys: str) -> str:
    found = at(tree, *keys)
    return found.text if isinstance(found, Word) else ""


def words(tree: Branch | None, *keys: str) -> list[str]:
    """A list's words, or the one word that stands in its place."""
    found = at(tree, *keys)
    if isinstance(found, Word):
        return [found.text]
    return [one.text for one in found if isinstance(one, Word)] if isinstance(found, list) else []


def children(tree: Branch | None, *keys: str) -> dict[str, Branch]:
    found = at(tree, *keys)
    return found if isinstance(found, dict) else {}


def items(tree: Branch | None, *keys: str) -> list[Branch]:
    found = at(tree, *keys)
    return found if isinstance(found, list) else []
