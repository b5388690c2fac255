"""What is wrong with a plan file, each with its place: all of it at once, in the order of the file."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from mtv.errors import Refused
from mtv.model.estate import Json
from mtv.plans.files.document import Document, Path
from mtv.plans.files.schema import FORMS, LATER, PlanFile

_WANTED = {
    "string_type": "text",
    "string_too_short": "text that is not empty",
    "string_too_long": "text of at most {max_length} characters",
    "list_type": "a list",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "int_type": "a whole number",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
}
"""What a value must be, by pydantic's word for what is wrong with it."""


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
    try:
        plan = PlanFile.model_validate(_without_later(document.data))
    except ValidationError as error:
        found = list(dict.fromkeys(_problem(document, dict(one)) for one in error.errors(include_url=False)))
        return None, sorted(later + found, key=lambda one: [int(part) for part in one.where.split(":")[-2:]])
    return (None if later else plan), later


def refuse(problems: list[Problem]) -> Refused:
    """All problems as one error."""
    lines = [f"{one.where}: {one.text}" for one in problems]
    return Refused("plan.invalid", "\n".join(lines), next((one.hint for one in problems if one.hint), ""))


def _later(document: Document) -> Iterator[Problem]:
    for path, feature in LATER.items():
        value: Json = document.data
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        if value:
            name = path[-1]
            yield Problem(document.where(path), f"key '{name}': this version cannot do {feature}", f"remove '{name}'")


def _without_later(data: Json, path: Path = ()) -> Json:
    if not isinstance(data, dict):
        return data
    return {key: _without_later(value, (*path, key)) for key, value in data.items() if (*path, key) not in LATER}


def _problem(document: Document, error: dict[str, Any]) -> Problem:
    path: Path = tuple(error["loc"])
    last, where, found = str(path[-1]) if path else "", document.where(path), error["input"]
    match error["type"]:
        case "extra_forbidden":
            near = _nearest(last, _known(path[:-1]))
            return Problem(where, f"unknown key '{last}'" + (f": did you mean '{near}'?" if near else ""))
        case "missing":
            return Problem(where, f"key '{_alias(last)}' is missing")
        case "literal_error":
            return Problem(where, f"{_called(path)} is {_show(found)}: it must be {error['ctx']['expected']}")
    while path and path not in document.places:  # which one of several types it tried
        path = path[:-1]
    wanted = _form(path) or _wanted(error)
    shown = "wrong" if "keys" in path else _show(found)  # it may be the secret itself
    return Problem(where, f"{_called(path)} is {shown}: it must be {wanted}")


def _form(path: Path) -> str:
    """Of that key, of the key in its row, or of the mapping that it is a word of."""
    words = [part for part in path if isinstance(part, str)][-2:]
    return next((FORMS[key] for key in (".".join(words), *reversed(words)) if key in FORMS), "")


def _wanted(error: dict[str, Any]) -> str:
    known = _WANTED.get(error["type"])
    return known.format(**error.get("ctx", {})) if known else str(error["msg"]).lower()


def _called(path: Path) -> str:
    """'vms', or 'vms' row 2."""
    key = next((part for part in reversed(path) if isinstance(part, str)), "the plan")
    return f"'{key}'" + (f" row {path[-1] + 1}" if path and isinstance(path[-1], int) else "")


def _nearest(word: str, known: list[str]) -> str | None:
    by_case = {key.lower(): key for key in known}
    return next((by_case[one] for one in difflib.get_close_matches(word.lower(), by_case, 1, 0.5)), None)


def _alias(name: str) -> str:
    return name.removesuffix("_")


def _show(value: Json) -> str:
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "a mapping"
    return f"'{value}'"[:60] if isinstance(value, str) else "empty" if value is None else str(value).lower()[:60]


def _known(path: Path) -> list[str]:
    """Keys that are right at that path."""
    model: type[BaseModel] | None = PlanFile
    for part in path:
        if isinstance(part, int) or model is None:
            continue
        field = next((one for name, one in model.model_fields.items() if part in (name, one.alias)), None)
        model = _model_of(field.annotation) if field else None
    words = tuple(part for part in path if isinstance(part, str))
    later = [one[-1] for one in LATER if one[:-1] == words]
    return [*map(_alias, model.model_fields), *later] if model else []


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_of(part))), None)
