"""Kubernetes' quantities: 10Gi, 1572864k, 1500m, 1e3."""

import re
from decimal import Decimal
from functools import lru_cache

_UNITS = {
    "": Decimal(1), "n": Decimal(10) ** -9, "u": Decimal(10) ** -6, "m": Decimal(10) ** -3,
    **{unit: Decimal(1000) ** (place + 1) for place, unit in enumerate("kMGTPE")},
    **{unit: Decimal(1024) ** (place + 1) for place, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))},
}  # fmt: skip
_QUANTITY = re.compile(r"([+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40}))(?:[eE]([+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i)?)")


@lru_cache(4096)
def _amount(given: str) -> Decimal | None:
    found = _QUANTITY.fullmatch(given)
    if found is None:
        return None
    number, power, unit = found.groups()
    return Decimal(number) * (Decimal(10) ** int(power) if power else _UNITS[unit or ""])


def size(given: object) -> int | None:
    """Whole bytes or pieces, rounded up; None for what is no quantity."""
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    amount = _amount(given) if isinstance(given, str) else None
    return None if amount is None else int(amount.to_integral_value("ROUND_CEILING"))


def thousandths(given: object) -> int | None:
    """CPUs as Kubernetes counts them: 1500m is 1500, 2 is 2000."""
    amount = _amount(str(given)) if isinstance(given, str | int) and not isinstance(given, bool) else None
    return None if amount is None else int((amount * 1000).to_integral_value("ROUND_CEILING"))
