"""What the crash tests hit, for the report at their end."""

HIT: dict[str, dict[str, int]] = {}


def add(case: str, **counts: int) -> None:
    HIT[case] = counts


def total(what: str) -> int:
    return sum(counts.get(what, 0) for counts in HIT.values())
