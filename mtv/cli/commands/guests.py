"""Commands that look into guests or boot them: inspect, boot."""

from pathlib import Path

import click

from mtv.cli import options, output
from mtv.cli.meter import Meter
from mtv.cli.options import example


@click.command(epilog=example("mtv inspect ova:exports --where \"name = 'db01'\""))
@click.argument("source")
@options.where
@output.form
def inspect(source: str, where: str, form: str) -> int:
    """Look into the disks of SOURCE's VMs, read-only, and keep what was found for `mtv describe vm`."""
    from mtv.verbs import inspecting

    with Meter("inspecting") as meter:
        rows = inspecting.inspect(source, where, meter.count)
    click.echo(output.show(rows, form, inspecting.COLUMNS), nl=False)
    failed = sum(bool(row["fault"]) for row in rows)
    return 0 if not failed else 3 if failed < len(rows) else 1


@click.command(epilog=example("mtv boot out/db01"))
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--timeout", "timeout_s", type=click.IntRange(min=1), help="Seconds to wait for the guest.")
@click.option("--persist", is_flag=True, help="Write to the bundle's own disks: its receipt no longer holds then.")
@options.yes
@output.form
def boot(bundle: Path, timeout_s: int | None, persist: bool, yes: bool, form: str) -> int:
    """Boot BUNDLE in QEMU and compare what its agent tells with what inspection read before; exit 1 if it differs."""
    from mtv.verbs import booting

    if persist:
        options.confirm(f"let the guest write to the disks in {bundle}?", yes)
    with Meter(f"booting {bundle.name}") as meter:
        report = booting.boot(bundle, timeout_s, persist, lambda text: meter.draw(text))
    click.echo(output.show(report.rows, form, booting.COLUMNS), nl=False)
    click.echo(report.summary, err=True)
    return 0 if report.same else 1
