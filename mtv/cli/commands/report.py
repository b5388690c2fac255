"""Reports into files."""

from pathlib import Path

import click

from mtv.cli.meter import Meter
from mtv.cli.options import example


@click.group(epilog=example("mtv report estate --out estate.html"))
def report() -> None:
    """Write what is known into a file that one can hand on."""


@report.command(
    "estate",
    epilog=example("mtv report estate --out estate.html", "mtv report estate --source exports --out estate.xlsx"),
)
@click.option("--out", metavar="FILE", required=True, type=click.Path(path_type=Path),
              help="Where to: FILE.html, .xlsx, .csv, .json or .md.")  # fmt: skip
@click.option("--source", metavar="NAME", default="", help="Only what this source holds; else all sources.")
def estate(out: Path, source: str) -> int:
    """What the sources hold: sizes, systems, disks, networks, snapshots, hosts, and what cannot move and why."""
    from mtv.verbs.showing import reports
    from mtv.words import count

    with Meter("estate report") as meter:
        made = reports.estate(out, source, meter.draw)
    parts = count(len(made.sections), "section")
    click.echo(f"{made.title}, {parts}: {out.absolute().as_uri()}", err=True)
    return 0
