"""A YAML file as plain values that remember where they stood. The file is a stranger's: bounded, no tags, no
duplicate keys, no exploding aliases."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from mtv.errors import Refused
from mtv.model.estate import Json

SIZE_LIMIT_BYTES = 4 << 20
NODE_LIMIT = 100_000
DEPTH_LIMIT = 50
STANDARD = "tag:yaml.org,2002:"
TAGS = ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    line: int
    column: int


@dataclass(frozen=True)
class Document:
    """`places` knows each value by its path, and each key of a mapping by the path of its value."""

    name: str
    text: str
    data: Json
    places: Mapping[Path, Place]

    def where(self, path: Path) -> str:
        """FILE:LINE:COLUMN of the nearest value on that path."""
        for size in range(len(path), -1, -1):
            if place := self.places.get(path[:size]):
                return f"{self.name}:{place.line}:{place.column}"
        return self.name


class _TooMany(Exception):
    """Where it stopped."""


class _Bounded(yaml.SafeLoader):
    """Stops after so many values: PyYAML reads some 40,000 a second."""

    seen = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.seen += 1
        if self.seen > NODE_LIMIT:
            raise _TooMany(f"{self.line + 1}:{self.column + 1}")
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


def parse(text: str, name: str) -> Document:
    """Read one YAML document. Raises Refused `plan.yaml`, with file, line and column."""
    if len(text) > SIZE_LIMIT_BYTES:
        raise Refused("plan.yaml", f"{name} is larger than {SIZE_LIMIT_BYTES >> 20} MiB: that is no plan")
    try:
        node = yaml.compose(text, Loader=_Bounded)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        said = (error.problem or "not YAML").replace("found character '\\t' that cannot start any token",
                                                     "found a tab: indent with spaces")  # fmt: skip
        raise Refused("plan.yaml", f"{at}: {said}") from error
    except yaml.YAMLError as error:
        raise Refused("plan.yaml", f"{name}: {error}") from error
    except RecursionError as error:
        raise Refused("plan.yaml", f"{name} is nested too deeply") from error
    except _TooMany as error:
        raise Refused("plan.yaml", f"{name}:{error}: over {NODE_LIMIT} values: that is no plan") from error
    if node is None:
        raise Refused("plan.yaml", f"{name} is empty", "`mtv create plan FILE --from SOURCE --to TARGET` writes one")
    builder = _Builder(name)
    return Document(name, text, builder.value(node, ()), builder.places)


class _Builder:
    """Plain values from YAML's nodes; counts every visit, so that aliases cannot multiply without bound."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.places: dict[Path, Place] = {}
        self.visited = 0

    def value(self, node: yaml.Node, path: Path) -> Json:
        self.visited += 1
        at = Place(node.start_mark.line + 1, node.start_mark.column + 1)
        if self.visited > NODE_LIMIT or len(path) > DEPTH_LIMIT:
            raise self.refuse(at, "aliases or nesting make this file explode")
        self.places.setdefault(path, at)
        if node.tag.removeprefix(STANDARD) not in TAGS:
            raise self.refuse(at, f"tag {node.tag} is not for plans")
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self.scalar(node, at)

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Json]:
        made: dict[str, Json] = {}
        for key, value in node.value:
            at = Place(key.start_mark.line + 1, key.start_mark.column + 1)
            if not isinstance(key, yaml.ScalarNode):
                raise self.refuse(at, "a key must be a word")
            if key.value in made:
                raise self.refuse(at, f"duplicate key '{key.value}'")
            self.places[(*path, key.value)] = at
            made[key.value] = self.value(value, (*path, key.value))
        return made

    def scalar(self, node: yaml.Node, at: Place) -> Json:
        if node.tag.endswith(":timestamp"):
            return str(node.value)
        try:
            made: Json = yaml.SafeLoader("").construct_object(node)
        except (ValueError, LookupError, yaml.YAMLError) as error:  # `!!int ""` is an IndexError of PyYAML's
            raise self.refuse(at, f"'{node.value[:40]}' is no {node.tag.rpartition(':')[2]}") from error
        return made

    def refuse(self, at: Place, text: str) -> Refused:
        return Refused("plan.yaml", f"{self.name}:{at.line}:{at.column}: {text}")
