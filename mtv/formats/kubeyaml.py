"""Kubernetes documents as YAML: written so that every parser reads the same, read within bounds."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from mtv.errors import Refused
from mtv.model.estate import Json

LIMIT_BYTES = 1 << 20
LIMIT_DEPTH = 60
LIMIT_NODES = 250_000  # ten seconds of one core; a VM has about 70
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"}
_PLAIN = re.compile(r"[A-Za-z/](?:[A-Za-z0-9._/ -]*[A-Za-z0-9._/-])?")


class _Writer(yaml.SafeDumper):
    """Block style, no aliases; a string that some YAML 1.1 or 1.2 parser could take for a number, a truth value or a
    time is quoted: MAC addresses (base 60), 1e3, 0o17, on."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _write_string(writer: _Writer, text: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Writer.add_representer(str, _write_string)


def dump(documents: Sequence[Mapping[str, Json]]) -> bytes:
    """The documents in one file; equal input, equal bytes."""
    parts = [
        yaml.dump(document, Dumper=_Writer, sort_keys=False, default_flow_style=False, width=1000, allow_unicode=False)
        for document in documents
    ]
    return "---\n".join(parts).encode()


class _Reader(yaml.SafeLoader):
    """No aliases (they explode), no key twice, no times, no endless nesting, not more values than one waits for."""

    depth = 0
    nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        self.depth += 1
        self.nodes += 1
        if self.nodes > LIMIT_NODES:
            raise yaml.YAMLError(f"more than {LIMIT_NODES} values")
        if self.depth > LIMIT_DEPTH:
            raise yaml.YAMLError(f"nested deeper than {LIMIT_DEPTH}")
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if len(set(map(str, keys))) != len(keys) or not all(isinstance(key, str) for key in keys):
            raise yaml.YAMLError(f"line {node.start_mark.line + 1}: a key twice, or one that is no text")
        return super().construct_mapping(node, deep=True)


_UNREAD = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:merge", "tag:yaml.org,2002:value"}
_NUMBERS = {  # without base 60: to Kubernetes a MAC such as 52:54:00:12:34:56 is a text
    "tag:yaml.org,2002:int": re.compile(r"[-+]?(0b[0-1_]+|0x[0-9a-fA-F_]+|0[0-7_]+|0|[1-9][0-9_]*)$"),
    "tag:yaml.org,2002:float": re.compile(
        r"([-+]?([0-9][0-9_]*\.[0-9_]*([eE][-+]?[0-9]+)?|\.[0-9][0-9_]*([eE][-+]?[0-9]+)?|\.(inf|Inf|INF))|\.(nan|NaN|NAN))$"
    ),
}
_Reader.yaml_implicit_resolvers = {
    first: [(tag, _NUMBERS.get(tag, pattern)) for tag, pattern in found if tag not in _UNREAD]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(text: bytes, what: str = "the manifest", limit_bytes: int = LIMIT_BYTES) -> list[dict[str, Json]]:
    """Every document of the text. Raises Refused `manifest.unreadable`."""
    if len(text) > limit_bytes:
        raise Refused("manifest.unreadable", f"{what} has {len(text)} bytes, and {limit_bytes} are read")
    try:
        found = [document for document in yaml.load_all(text, Loader=_Reader) if document is not None]  # noqa: S506
    except (yaml.YAMLError, ValueError, LookupError, RecursionError) as error:  # `!!int ''` is an IndexError
        raise Refused("manifest.unreadable", f"{what} is no YAML that mtv reads: {_line(error)}") from error
    if not all(isinstance(document, dict) and _plain(document) for document in found):
        raise Refused("manifest.unreadable", f"{what} holds something else than documents of plain values")
    return found


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(_plain(item) for item in value)
    return value is None or isinstance(value, (bool, int, float, str))
