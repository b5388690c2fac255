"""`mtv boot`: a bundle's VM, started and compared with what inspection read before the move."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from mtv.converters.boot import BootReport
from mtv.converters.boot import boot as start
from mtv.words import duration

COLUMNS = ("what", "before", "after", "verdict")


@dataclass(frozen=True)
class Told:
    """Rows for people, a line that sums them up, and whether all that is known on both sides is the same."""

    rows: list[dict[str, str]]
    summary: str
    same: bool


def boot(bundle: Path, timeout_s: float | None, persist: bool, say: Callable[[str], None]) -> Told:
    """Raises Refused `boot.*` for what is no bundle."""
    report = start(bundle, timeout_s=timeout_s, persist=persist, say=say)
    rows = [{name: str(value) for name, value in asdict(row).items()} for row in report.rows]
    return Told(rows, "\n".join(_lines(report)), report.ok)


def _lines(report: BootReport) -> list[str]:
    lines = [f"note: {note}" for note in report.notes] + [f"not answered: {one}" for one in report.unanswered]
    if not report.booted:
        return [*lines, report.console, f"{report.name} did not come up: {report.failure}"]
    login = f"login prompt after {duration(report.login_s)}" if report.login_s is not None else "no login prompt seen"
    agent = f"agent after {duration(report.agent_s)}" if report.agent_s is not None else "no agent answered"
    verdicts = [row.verdict for row in report.rows]
    counts = ", ".join(f"{verdicts.count(one)} {one}" for one in ("same", "different", "unknown") if one in verdicts)
    return [*lines, f"{report.name} is up ({report.accelerator}): {login}, {agent}; {counts or 'nothing to compare'}"]
