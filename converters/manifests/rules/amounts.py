"""Kubernetes quantities, exact: 1.5Gi, 500m, 1e8. As the API does, a part of a whole counts as one more."""

import re
from fractions import Fraction
from math import ceil

from mtv.model.estate import Json

_FORM = re.compile(
    r"([+-]?)(\d{0,40})(?:\.(\d{0,40}))?(?:(Ki|Mi|Gi|Ti|Pi|Ei)|([numkMGTPE])|[eE]([+-]?\d{1,3}))?", re.ASCII
)
_BINARY = {unit: Fraction(1 << 10 * power) for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)}
_DECIMAL = {
    unit: Fraction(10) ** power for unit, power in zip("numkMGTPE", (-9, -6, -3, 3, 6, 9, 12, 15, 18), strict=True)
}


def amount(value: Json) -> Fraction | None:
    """None for what is no quantity, or is absent."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    found = _FORM.fullmatch(str(value)[:200])
    if found is None or not (found[2] or found[3]):
        return None
    whole = Fraction(int((found[2] or "0") + (found[3] or "")), int("1" + "0" * len(found[3] or "")))
    scale = _BINARY[found[4]] if found[4] else _DECIMAL[found[5]] if found[5] else Fraction(10) ** int(found[6] or 0)
    return -whole * scale if found[1] == "-" else whole * scale


def whole(value: Json) -> int:
    """Rounded up to a whole; 0 for what is no quantity."""
    found = amount(value)
    return 0 if found is None else ceil(found)


def milli(value: Json) -> int:
    found = amount(value)
    return 0 if found is None else ceil(found * 1000)
