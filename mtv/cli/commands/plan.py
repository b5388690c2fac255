"""Commands about plan files: create, lint."""

from pathlib import Path

import click

from mtv.cli import options, output
from mtv.cli.meter import Meter
from mtv.cli.options import example
from mtv.words import count


@click.group(epilog=example("mtv create plan plan.yaml --from ova:exports --to bundle:out"))
def create() -> None:
    """Write a plan with proposed maps."""


@create.command("plan", epilog=example("mtv create plan plan.yaml --from ova:exports --to bundle:out"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--from", "source", required=True, metavar="SOURCE", help="Name of a provider, or a URL: ova:PATH.")
@click.option("--to", "target", required=True, metavar="TARGET", help="Name of a provider, or a URL: bundle:PATH.")
@click.option("--select", is_flag=True, help="Write the expression into the plan, not the VMs it finds today.")
@options.where
@options.yes
def create_plan(file: Path, source: str, target: str, select: bool, where: str, yes: bool) -> int:
    """Write FILE: the VMs that --where finds, with maps to be changed."""
    from mtv.verbs import plans

    if file.exists():
        options.confirm(f"overwrite {file}?", yes)
    with Meter(f"reading {source}"):
        vms = plans.create(file, source, target, where, select)
    click.echo(f"wrote {file}: {count(len(vms), 'VM')}; next: mtv run {file}", err=True)
    critical = sum(any(one.level == "critical" for one in vm.concerns) for vm in vms)
    if critical:
        click.echo(f"{critical} of them cannot move as they are: mtv describe plan {file}", err=True)
    for two, name in plans.twins(vms):
        text = f"{two} would both be named '{name}' there: take one out of {file}, for another plan and target"
        click.echo(text, err=True)
    return 0


@click.command(epilog=example("mtv lint plan.yaml"))
@click.argument("file", type=click.Path(path_type=Path))
@output.form
def lint(file: Path, form: str) -> int:
    """Check plan FILE: every problem with its line and column; exit 2 if there is one."""
    from mtv.verbs import plans

    with Meter(f"checking {file}"):
        problems = plans.lint(file)
    if form == "table":
        for one in problems:
            click.echo(f"{one.where}: {one.text}" + (f" ({one.hint})" if one.hint else ""))
    else:
        rows = [{"where": one.where, "text": one.text, "hint": one.hint} for one in problems]
        click.echo(output.show(rows, form, ("where", "text", "hint")), nl=False)
    if not problems:
        click.echo(f"{file}: nothing to complain of", err=True)
    return 2 if problems else 0
