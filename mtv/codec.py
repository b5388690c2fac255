"""Frozen dataclasses to plain JSON values and back. Unknown keys and wrong types are refused, never ignored."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

import cattrs
from cattrs.errors import BaseValidationError
from cattrs.v import transform_error

from mtv.errors import Refused
from mtv.model.estate import Facts, Json

T = TypeVar("T")


def _json_is_json(value: Any, _: Any) -> Any:
    return value


def _converter() -> cattrs.Converter:
    made = cattrs.Converter(forbid_extra_keys=True)
    made.register_structure_hook_func(lambda kind: kind in (Json, Facts, Mapping[str, Json]), _json_is_json)
    made.register_unstructure_hook_func(lambda kind: kind in (Json, Facts, Mapping[str, Json]), lambda value: value)
    return made


_CONVERTER = _converter()


def dump(value: object) -> dict[str, Json]:
    """A dataclass as plain JSON values."""
    return cast(dict[str, Json], _CONVERTER.unstructure(value))


def load(kind: type[T], data: Json | Facts, what: str = "") -> T:
    """A dataclass from JSON values. Raises Refused `codec.shape`, naming the path of what is wrong."""
    try:
        return _CONVERTER.structure(data, kind)
    except (BaseValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
        where = (
            "; ".join(transform_error(error, what or kind.__name__.lower())[:3])
            if isinstance(error, BaseValidationError)
            else str(error)
        )
        raise Refused("codec.shape", f"{what or kind.__name__.lower()} has the wrong shape: {where}") from error
