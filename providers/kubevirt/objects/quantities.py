"""Kubernetes' quantities: 10Gi, 1572864k, 1500m, 1e3."""

import math
import re
from fractions import Fraction
from functools import lru_cache

LARGEST = 2**63 - 1  # that a store can hold
_UNITS = {
    "": Fraction(1), "n": Fraction(1, 10**9), "u": Fraction(1, 10**6), "m": Fraction(1, 1000),
    **{unit: Fraction(1000 ** (place + 1)) for place, unit in enumerate("kMGTPE")},
    **{unit: Fraction(1024 ** (place + 1)) for place, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))},
}  # fmt: skip
_QUANTITY = re.compile(
    r"([+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40}))(?:[eE]([+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i)?)", re.ASCII
)


def size(given: object) -> int | None:
    """Whole bytes or pieces, rounded up; None for what is no quantity."""
    return _whole(given, 1)


def thousandths(given: object) -> int | None:
    """CPUs as Kubernetes counts them: 1500m is 1500, 2 is 2000."""
    return _whole(given, 1000)


def _whole(given: object, times: int) -> int | None:
    if isinstance(given, int) and not isinstance(given, bool):
        found: int | None = given * times
    else:
        found = _amount(given, times) if isinstance(given, str) else None
    return found if found is not None and abs(found) <= LARGEST else None


@lru_cache(4096)
def _amount(given: str, times: int) -> int | None:
    found = _QUANTITY.fullmatch(given)
    if found is None:
        return None
    number, power, unit = found.groups()
    return math.ceil(Fraction(number) * (Fraction(10) ** int(power) if power else _UNITS[unit or ""]) * times)
