"""A run as it goes, on stderr: a line for every step that ends, and a bar for the bytes that move."""

from collections.abc import Callable

import click

from mtv.cli.meter import Meter
from mtv.verbs.showing.views import MigrationView, RunView
from mtv.words import duration, plain, size


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
        moving = [one for one in view.migrations if one.state == "running" and one.total_bytes]
        if moving:
            meter.bytes(sum(one.done_bytes for one in moving), sum(one.total_bytes for one in moving))

    return show


def _says(view: MigrationView) -> str:
    if view.state == "running":
        return f"{view.number}/{view.steps} {view.title}"
    return f"{view.state}" + (f": {view.why}" if view.why else "")


def tell(view: RunView) -> None:
    """How it ended, one line a VM, with the next command."""
    for one in view.migrations:
        how = "refused before any change" if one.refused else one.state
        moved = f", {size(one.total_bytes)} of data" if one.total_bytes else ""
        took = f" in {duration(one.seconds)}" if one.seconds is not None and not one.refused else ""
        click.echo(f"{plain(one.name)}: {how}{took}{moved}" + (f": {one.why}" if one.why else ""))
        if one.hint:
            click.echo(f"    {one.hint}")
