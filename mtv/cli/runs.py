"""Commands that drive and follow runs: run, status, watch."""

from pathlib import Path

import click

from mtv.cli import output
from mtv.cli.follow import follow, tell
from mtv.verbs.views import MigrationView
from mtv.words import size

COLUMNS = (
    "run",
    "name",
    "state",
    "step",
    "percent",
    "done_bytes",
    "total_bytes",
    "rate_bytes_per_s",
    "eta_s",
    "why",
    "hint",
    "vm",
)
NARROW = ("run", "name", "state", "step", "percent", "why")


def exit_code(views: list[MigrationView]) -> int:
    """0 all done, 3 some done, 1 none done."""
    done = sum(view.state in ("done", "probation") for view in views)
    return 0 if done == len(views) else 3 if done else 1


@click.command(epilog="Example: mtv run plan.yaml --detach, then: mtv watch demo-1")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check all that can be checked and show what would be done.")
@click.option("--detach", is_flag=True, help="Leave the engine behind and return.")
@click.option("--again", is_flag=True, help="Start the next run of a plan whose last one ended.")
def run(file: Path, dry_run: bool, detach: bool, again: bool) -> int:
    """Do plan FILE, or go on with its unfinished run.

    Returns when every migration has ended, is held or in probation.
    """
    from mtv.verbs import runs

    if dry_run:
        for line in runs.dry_run(file):
            click.echo(line)
        return 0
    if detach:
        name = runs.detach(file, again)
        click.echo(f"{name} runs in the background; follow it: mtv watch {name}", err=True)
        return 0
    started = runs.prepare(file, again)
    if started.finished:
        click.echo(
            f"{started.name} has ended already, nothing was changed; the next run: mtv run {file} --again", err=True
        )
        return exit_code(list(runs.view(started.name).migrations))
    if started.note:
        click.echo(f"note: {started.note}", err=True)
    click.echo(f"{started.name}: {started.count} VM{'s' * (started.count != 1)}", err=True)
    runs.drive(started, follow())
    view = runs.view(started.name)
    tell(view)
    return exit_code(list(view.migrations))


@click.command(epilog="Example: mtv status demo-1 -o json")
@click.argument("run", required=False)
@output.form
def status(run: str | None, form: str) -> int:
    """Show where the migrations of RUN (or of all runs) are."""
    from mtv.verbs import runs

    views = [runs.view(run)] if run else runs.overview()
    rows = [
        {name: getattr(one, name) for name in COLUMNS} for view in views for one in view.migrations
    ]  # fmt: skip
    if form in ("table", "wide"):
        for row in rows:
            row["percent"] = "" if row["percent"] is None else f"{row['percent']}%"
            row["rate_bytes_per_s"] = size(row["rate_bytes_per_s"])
    click.echo(output.show(rows, form, COLUMNS if form != "table" else NARROW), nl=False)
    return 0


@click.command(epilog="Example: mtv watch demo-1")
@click.argument("run")
def watch(run: str) -> int:
    """Follow RUN until every migration has ended, is held or in probation."""
    from mtv.verbs import runs

    view = runs.watch(run, follow())
    tell(view)
    return exit_code(list(view.migrations))
