"""A run as it goes, on stderr: a line for every step that ends, and a bar for the bytes that move."""

import sys
from collections.abc import Callable

import click

from mtv.cli.meter import Meter
from mtv.verbs.views import MigrationView, RunView
from mtv.words import duration, plain, size


def follow() -> Callable[[RunView], None]:
    """A function that is given the run's view whenever it changed."""
    seen: dict[str, tuple[str, str]] = {}
    meter = Meter("moving")

    def show(view: RunView) -> None:
        for one in view.migrations:
            now = (one.state, one.step)
            if seen.get(one.vm) != now:
                seen[one.vm] = now
                _line(meter, f"{plain(one.name)}: {_says(one)}")
        moving = [one for one in view.migrations if one.state == "running" and one.total_bytes]
        if moving:
            meter.bytes(sum(one.done_bytes for one in moving), sum(one.total_bytes for one in moving))

    return show


def _line(meter: Meter, text: str) -> None:
    if meter.width and sys.stderr.isatty():
        click.echo("\r" + " " * meter.width + "\r", nl=False, err=True)
    click.echo(text, err=True)


def _says(view: MigrationView) -> str:
    if view.state == "running":
        return f"{view.number}/{view.steps} {view.title}"
    return f"{view.state}" + (f": {view.why}" if view.why else "")


def tell(view: RunView) -> None:
    """How it ended, one line a VM, with the next command."""
    for one in view.migrations:
        moved = f", {size(one.total_bytes)} of data" if one.total_bytes else ""
        took = f" in {duration(one.seconds)}" if one.seconds is not None else ""
        click.echo(f"{plain(one.name)}: {one.state}{took}{moved}" + (f": {one.why}" if one.why else ""))
        if one.hint:
            click.echo(f"    {one.hint}")
