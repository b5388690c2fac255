"""What the crash tests hit, for the report at the run's end. A plugin, because that report is made where the tests are
handed out, which may be another process than those that run them."""

from typing import Any

import pytest

HIT: dict[str, dict[str, int]] = {}


def add(case: str, **counts: int) -> None:
    HIT[case] = counts


def total(what: str) -> int:
    return sum(counts.get(what, 0) for counts in HIT.values())


def pytest_sessionfinish(session: pytest.Session) -> None:
    told: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["crash"] = HIT


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A process that ran tests has ended; one that was killed told nothing."""
    HIT.update(getattr(node, "workeroutput", {}).get("crash", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if HIT:
        told = ", ".join(f"{total(what)} {what}" for what in ("boundaries", "states", "crashes", "faults"))
        terminalreporter.write_line(f"crash tests: {told} over {len(HIT)} journeys")
        for case, hit in HIT.items() if terminalreporter.verbosity >= 0 else ():
            terminalreporter.write_line(f"  {case}: {', '.join(f'{count} {what}' for what, count in hit.items())}")
