"""Commands that write what mtv knows in other programs' forms."""

from pathlib import Path

import click

from mtv.cli import options
from mtv.cli.meter import Meter
from mtv.cli.options import example
from mtv.words import count, plain


@click.group(epilog=example("mtv export rvtools estate.xlsx --source exports"))
def export() -> None:
    """Write an estate in another program's form."""


@export.command("rvtools", epilog=example("mtv export rvtools estate.xlsx --source exports"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", required=True, metavar="SOURCE", help="Name of a provider, or a URL: ova:PATH.")
@options.yes
def export_rvtools(file: Path, source: str, yes: bool) -> int:
    """Write FILE.xlsx: all that is known of SOURCE, in RVTools' tabs and columns."""
    from mtv.verbs import exporting

    if file.exists():
        options.confirm(f"overwrite {file}?", yes)
    with Meter(f"writing {file}") as meter:
        done = exporting.rvtools(file, source, meter.count)
    click.echo(f"wrote {file}: {count(done.vms, 'VM')}; columns that mtv knows nothing for are empty", err=True)
    for line in done.losses:
        click.echo(f"  {plain(line)}", err=True)
    return 0


@export.command("gitops", epilog=example("mtv export gitops manifests --plan plan.yaml --namespace finance"))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--plan", "plan", required=True, type=click.Path(path_type=Path), help="The plan.")
@click.option("--namespace", default="", help="Of the objects, where the plan names none.")
def export_gitops(folder: Path, plan: Path, namespace: str) -> int:
    """Write the manifests of a plan's VMs, networks and Services into the new folder DIR, a file each.

    VMs are halted and claims empty: Git can hold them before a move, and after it claims are left as they are."""
    from mtv.verbs import exporting

    with Meter(f"writing {folder}"):
        done = exporting.gitops(folder, plan, namespace)
    for line in done.losses:
        click.echo(f"  {plain(line)}", err=True)
    click.echo(f"wrote {folder}: {count(done.vms, 'VM')}; kubectl apply -k {folder}", err=True)
    return 0
