"""What is wrong with a plan file, each with its place: all of it at once, in the order of the file."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from mtv.errors import Refused
from mtv.model.estate import Json
from mtv.plans.files.document import Document, Path
from mtv.plans.files.schema import LATER, PlanFile


@dataclass(frozen=True)
class Problem:
    where: str
    text: str
    hint: str = ""


def read(document: Document) -> tuple[PlanFile | None, list[Problem]]:
    """The plan, or what keeps it from being one."""
    if not isinstance(document.data, dict):
        return None, [Problem(document.where(()), "a plan is a mapping of keys", "see `mtv create plan --help`")]
    later = list(_later(document))
    data = {key: value for key, value in document.data.items() if key not in LATER}
    try:
        plan = PlanFile.model_validate(data)
    except ValidationError as error:
        found = [_problem(document, dict(one)) for one in error.errors(include_url=False)]
        return None, sorted(later + found, key=lambda one: [int(part) for part in one.where.split(":")[-2:]])
    return (None if later else plan), later


def refuse(problems: list[Problem]) -> Refused:
    """All problems as one error."""
    lines = [f"{one.where}: {one.text}" for one in problems]
    return Refused("plan.invalid", "\n".join(lines), next((one.hint for one in problems if one.hint), ""))


def _later(document: Document) -> Iterator[Problem]:
    assert isinstance(document.data, dict)
    for key, feature in LATER.items():
        if document.data.get(key):
            yield Problem(document.where((key,)), f"key '{key}': this version cannot do {feature}", f"remove '{key}'")


def _problem(document: Document, error: dict[str, Any]) -> Problem:
    path: Path = tuple(error["loc"])
    last = str(path[-1]) if path else ""
    where = document.where(path)
    match error["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(last, _known(path[:-1]), 1, 0.5)
            return Problem(where, f"unknown key '{last}'" + (f": did you mean '{near[0]}'?" if near else ""))
        case "missing":
            return Problem(where, f"key '{_alias(last)}' is missing")
        case "literal_error":
            found = error["input"]
            return Problem(where, f"'{last}' is {_show(found)}: it must be {error['ctx']['expected']}")
        case _:
            return Problem(where, f"'{last}' is {_show(error['input'])}: {error['msg'][:1].lower()}{error['msg'][1:]}")


def _alias(name: str) -> str:
    return name.removesuffix("_")


def _show(value: Json) -> str:
    return f"'{value}'"[:60] if isinstance(value, str) else str(value)[:60]


def _known(path: Path) -> list[str]:
    """Keys that are right at that path."""
    model: type[BaseModel] | None = PlanFile
    for part in path:
        if isinstance(part, int) or model is None:
            continue
        field = next((one for name, one in model.model_fields.items() if part in (name, one.alias)), None)
        model = _model_of(field.annotation) if field else None
    return [_alias(name) for name in model.model_fields] + ([*LATER] if model is PlanFile else []) if model else []


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_of(part))), None)
