"""Views as cells: a symbol and a word, never colour alone."""

from rich.text import Text

from mtv.verbs.showing.views import DiskView, MigrationView, StepView
from mtv.words import duration, plain, share, size

SYMBOLS = {
    "done": ("✔", "green"), "probation": ("✔", "green"), "running": ("▶", "cyan"), "undoing": ("◀", "yellow"),
    "held": ("‖", "yellow"), "waiting": ("…", "blue"), "pending": ("·", "grey62"), "failed": ("✘", "red"),
    "cancelled": ("∅", "grey62"), "rolled-back": ("↩", "yellow"), "refused": ("✘", "red"),
    "committing": ("▶", "cyan"), "purging": ("◀", "yellow"),
}  # fmt: skip
MARKS = {"": "·", "begin": "▶", "done": "✔", "wait": "…", "again": "↻", "failed": "✘", "cancelled": "∅", "skipped": "–"}
COLUMNS = ("run", "vm", "state", "step", "progress", "bytes", "rate", "left")


def state(view: MigrationView) -> Text:
    if not view.driven:
        return Text(f"⚠ {view.state}, undriven", style="yellow")
    symbol, colour = SYMBOLS.get(view.state, ("✘" if "failed" in view.state else "?", "red"))
    return Text(f"{symbol} {view.state}", style=colour)


def bar(percent: int | None, width: int = 10) -> str:
    if percent is None:
        return ""
    full = percent * width // 100
    return "█" * full + "░" * (width - full) + f" {percent:3d}%"


def migration(view: MigrationView) -> tuple[str | Text, ...]:
    """One row of the table, in the order of COLUMNS."""
    step = f"{view.number}/{view.steps} {view.title}" if view.number else ""
    moved = share(view.done_bytes, view.total_bytes) if view.done_bytes or view.total_bytes else ""
    rate = f"{size(view.rate_bytes_per_s)}/s" if view.rate_bytes_per_s else ""
    left = duration(view.eta_s) if view.eta_s is not None else ""
    return (view.run, plain(view.name), state(view), step, bar(view.percent), moved, rate, left)


def disk(view: DiskView) -> str:
    """One line of a migration's disks: what its step does with them, how far, how fast, how long still."""
    moved = share(view.done_bytes, view.total_bytes) if view.done_bytes or view.total_bytes else ""
    rate = f"{size(view.rate_bytes_per_s)}/s" if view.rate_bytes_per_s else ""
    left = f"{duration(view.eta_s)} left" if view.eta_s is not None else ""
    return "   ".join(part for part in (plain(view.disk), view.phase, bar(view.percent), moved, rate, left) if part)


def step(view: StepView) -> tuple[str, ...]:
    took = duration(view.seconds) if view.seconds is not None else ""
    tries = str(view.attempt) if view.attempt > 1 else ""
    return (MARKS.get(view.mark, "?"), view.title, view.mark, str(view.round or ""), tries, took, plain(view.text))


def words(view: MigrationView) -> str:
    """What `/` searches in."""
    return f"{view.run} {view.name} {view.state} {view.title}".lower()
