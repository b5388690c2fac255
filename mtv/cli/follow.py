"""A run as it goes, on stderr: a line for every step that ends, and a bar for the bytes that move."""

from collections.abc import Callable

import click

from mtv.cli.meter import Meter
from mtv.plans.deciding.fold import UNDONE
from mtv.verbs.showing.views import MigrationView, RunView
from mtv.words import duration, plain, share, size

COPYING = ("transfer", "copy", "last-delta")  # steps whose bytes are counted from their first second on
UNDER_WAY = ("running", "waiting", "undoing", "committing", "purging")


def follow(before: RunView | None = None) -> Callable[[RunView], None]:
    """A function that is given the run's view whenever it changed. What it was `before` is no news."""
    seen = {one.vm: (one.state, one.step) for one in before.migrations} if before else {}
    meter = Meter("moving")

    def show(view: RunView) -> None:
        for one in view.migrations:
            now = (one.state, one.step)
            if seen.get(one.vm) != now:
                seen[one.vm] = now
                meter.line(f"{plain(one.name)}: {_says(one)}")
        running = [one for one in view.migrations if one.state == "running"]
        moving = [one for one in running if one.done_bytes or one.total_bytes or one.step in COPYING]
        if moving:
            counted = all(one.total_bytes for one in moving)
            total = sum(one.total_bytes for one in moving) if counted else 0
            rate = sum(one.rate_bytes_per_s or 0 for one in moving)
            meter.moved(sum(one.done_bytes for one in moving), total, rate)

    return show


def _says(view: MigrationView) -> str:
    if view.state == "running":
        return f"{view.number}/{view.steps} {view.title}"
    return f"{view.state}" + (f": {view.why}" if view.why else "")


def tell(view: RunView, interrupted: bool = False) -> None:
    """How it ended, or how it stands where somebody interrupted it: one line a VM, with the next command."""
    for one in view.migrations:
        how = "refused before any change" if one.refused else f"{_stands(one, interrupted)}{_so_far(one)}"
        click.echo(f"{plain(one.name)}: {how}" + (f": {one.why}" if one.why else ""))
        if one.hint:
            click.echo(f"    {one.hint}")


def _stands(one: MigrationView, interrupted: bool) -> str:
    return "interrupted" if interrupted and one.state in UNDER_WAY else one.state


def _so_far(one: MigrationView) -> str:
    """Time, step and bytes: of what is done, all that was read back; of what was undone, no bytes are left."""
    took = f" in {duration(one.seconds)}" if one.seconds is not None and one.state != "pending" else ""
    if one.state in ("done", "probation"):
        return took + (f", {size(one.total_bytes)} read back" if one.total_bytes else "")
    if one.state in UNDONE:
        return took + (f", it had come to '{one.title}'" if one.title else "")
    moved = f", {share(one.done_bytes, one.total_bytes)}" if one.done_bytes or one.total_bytes else ""
    return took + (f" at '{one.title}'" if one.title else "") + moved
