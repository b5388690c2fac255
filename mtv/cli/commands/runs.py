"""Commands that drive and follow runs: run, status, watch."""

from collections.abc import Iterator
from pathlib import Path

import click

from mtv.cli import output
from mtv.cli.follow import follow, tell
from mtv.cli.meter import Meter
from mtv.cli.options import example
from mtv.verbs.showing.views import DiskView, MigrationView, RunView
from mtv.words import count, duration, share, size

COLUMNS = (
    "run", "name", "state", "step", "percent", "done_bytes", "total_bytes", "rate_bytes_per_s", "eta_s", "seconds",
    "why", "hint", "vm", "engine", "disks",
)  # fmt: skip
DISK = ("disk", "phase", "percent", "done_bytes", "total_bytes", "rate_bytes_per_s", "eta_s")
NARROW = ("run", "vm", "state", "step", "done", "left", "why")
WIDE = ("run", "vm", "state", "step", "done", "rate", "left", "took", "why", "hint", "engine")


@click.command(epilog=example("mtv run plan.yaml --detach", "mtv watch demo-1"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check all that can be checked and show what would be done.")
@click.option("--detach", is_flag=True, help="Leave the engine behind and return.")
@click.option("--again", is_flag=True, help="Start the next run of a plan whose last one ended.")
def run(file: Path, dry_run: bool, detach: bool, again: bool) -> int:
    """Do plan FILE, or go on with its unfinished run.

    Returns when every migration has ended, is held or in probation. Where `mtv serve` lives, that one does it.
    """
    if dry_run:
        return _try(file)
    return _detach(file, again) if detach else _drive(file, again)


def _try(file: Path) -> int:
    from mtv.verbs.running.trying import dry_run

    with Meter(f"checking {file}"):
        tried = dry_run(file)
    for line in tried.lines:
        click.echo(line)
    for fault in tried.refused:
        click.echo(f"would be refused: {fault.text}" + (f" ({fault.hint})" if fault.hint else ""))
    click.echo("nothing was changed")
    return 4 if tried.refused else 0


def _detach(file: Path, again: bool) -> int:
    from mtv.verbs.running.starting import detach

    with Meter(f"beginning {file}"):
        started = detach(file, again)
    _note(started.note)
    whose = ": `mtv serve` drives it" if started.served else ""
    click.echo(f"{started.name} runs in the background{whose}; follow it: mtv watch {started.name}", err=True)
    return 0


def _drive(file: Path, again: bool) -> int:
    from mtv.verbs.running import following, starting
    from mtv.verbs.showing import seeing

    with Meter(f"reading {file}"):
        started = starting.prepare(file, again)
    _note(started.note)
    if started.finished:
        text = f"{started.name} has ended already, nothing was changed; the next run: mtv run {file} --again"
        click.echo(text, err=True)
        return seeing.exit_code(seeing.view(started.name))
    click.echo(f"{started.name}: {count(started.count, 'VM')}", err=True)
    if started.served:
        return _follow(started.name)
    whole = following.drive(started.name, follow())
    view = seeing.view(started.name)
    tell(view, interrupted=not whole)
    if not whole:
        click.echo(f"interrupted, nothing was undone; go on with: mtv run {file}", err=True)
    return seeing.exit_code(view) if whole else 130


def _note(text: str) -> None:
    if text:
        click.echo(f"note: {text}", err=True)


@click.command(epilog=example("mtv status demo-1 -o json"))
@click.argument("run", required=False)
@output.form
def status(run: str | None, form: str) -> int:
    """Show where the migrations of RUN (or of all runs) are."""
    from mtv.verbs.showing import seeing

    views = [seeing.view(run)] if run else seeing.overview()
    people, each = form in ("table", "wide", "md"), bool(run) and form == "wide"
    rows = [row for view in views for one in view.migrations
            for row in (_told(view, one, each) if people else [_data(view, one)])]  # fmt: skip
    click.echo(output.show(rows, form, WIDE if people else COLUMNS, NARROW), nl=False)
    for text in filter(None, map(seeing.undriven, views)):
        click.echo(text, err=True)
    return 0


def _data(run: RunView, one: MigrationView) -> dict[str, object]:
    row = {name: getattr(one, name, "") for name in COLUMNS}
    return {**row, "engine": run.engine, "disks": [{name: getattr(disk, name) for name in DISK} for disk in one.disks]}


def _told(run: RunView, one: MigrationView, each: bool) -> Iterator[dict[str, object]]:
    """The same for people; with a line for each disk if asked for."""
    at = f"{one.number}/{one.steps} {one.title}" if one.number and one.state not in ("done", "probation") else ""
    yield {
        "run": one.run, "vm": one.name, "state": one.state, "step": at, **_moved(one),
        "took": duration(one.seconds) if one.seconds is not None else "",
        "why": one.why, "hint": one.hint, "engine": run.engine,
    }  # fmt: skip
    for disk in one.disks if each else ():
        yield {**dict.fromkeys(WIDE, ""), "vm": f"  {disk.disk}", **_moved(disk)}


def _moved(one: MigrationView | DiskView) -> dict[str, object]:
    done = f"{one.percent}% of {size(one.total_bytes)}" if one.total_bytes else ""
    return {
        "done": done or (share(one.done_bytes, 0) if one.done_bytes else ""),
        "rate": f"{size(one.rate_bytes_per_s)}/s" if one.rate_bytes_per_s else "",
        "left": duration(one.eta_s) if one.eta_s is not None else "",
    }


@click.command(epilog=example("mtv watch demo-1"))
@click.argument("run")
def watch(run: str) -> int:
    """Follow RUN until every migration has ended, is held or in probation."""
    return _follow(run)


def _follow(run: str) -> int:
    from mtv.verbs.running import following
    from mtv.verbs.showing import seeing

    view = following.watch(run, follow())
    tell(view)
    if text := seeing.undriven(view):
        click.echo(text, err=True)
    return seeing.exit_code(view)
