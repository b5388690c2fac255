"""Finds the code of every error in the source, with the kinds that it is raised as, to hold docs/errors.md against."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

KINDS = {
    "MtvError": "fails",
    "Refused": "refused",
    "CheckFailed": "check",
    "Temporary": "again",
    "Held": "held",
    "Cancelled": "cancelled",
}
FAULT_KINDS = {"HOLD": "held", "TEMPORARY": "again", "CANCELLED": "cancelled"}
FATE_KINDS = {"hold": "held", "temporary": "again", "permanent": "fails"}
WINDOW_AREAS = ("tar", "qcow2", "vmdk")  # what reads through a Window, whose refusals are of its area


def raised(files: list[Path]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            for code, kind in _codes(file, node):
                found[code].add(kind)
    return found


def _codes(file: Path, node: ast.AST) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Call(func=ast.Name("Fate"), args=[_, _, _, code, ast.Constant(str(outcome)), *_]):
            yield from ((text, FATE_KINDS[outcome]) for text in _texts(code))
        case ast.Call(func=ast.Name("Meaning"), args=[_, _, code, *rest]):
            kind = rest[0].id if rest and isinstance(rest[0], ast.Name) else "CheckFailed"
            yield from ((text, KINDS[kind]) for text in _texts(code))
        case ast.Call(func=ast.Name(name) | ast.Attribute(attr=name), args=[code, *_]):
            if told := KINDS.get(name) or (_fault_kind(node) if name == "Fault" else ""):
                yield from ((text, told) for text in _texts(code))
            elif name == "refuse" and file.parent.name == "formats":
                area = file.stem.partition("_")[0]
                areas = WINDOW_AREAS if area == "window" else (area,)
                yield from ((f"{one}.{text}", "refused") for one in areas for text in _texts(code))
        case ast.Return(value=ast.Tuple(elts=[code, *_])) if file.name == "refusals.py":
            yield from ((f"guest.{text}", "check") for text in _texts(code))


def _texts(argument: ast.expr) -> Iterator[str]:
    """What the argument is, where it stands there in full; a computed one is found where its parts are written."""
    match argument:
        case ast.Constant(str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from (*_texts(one), *_texts(other))


def _fault_kind(call: ast.Call) -> str:
    source = ast.unparse(call)
    return next((kind for name, kind in FAULT_KINDS.items() if f"Kind.{name}" in source), "fails")
