"""Commands that look: get, describe, why, logs."""

import click

from mtv.cli import options, output
from mtv.cli.meter import Meter
from mtv.cli.options import example


@click.command(
    epilog=example(
        "mtv get vms --where \"cpus > 4 AND name LIKE 'db%'\" -o csv",
        "mtv get disks --sort -size_bytes --limit 20",
        "mtv get vms --where \"tags->>'app' = 'ledger'\" --out ledger.xlsx",
    )
)
@click.argument("kind")
@options.where
@click.option("--sort", metavar="COLUMN", default="", help="Sort by that column; -COLUMN: the other way round.")
@click.option("--columns", metavar="A,B,...", default="", help="Only these columns, in this order.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many rows.")
@output.forms
@output.out
def get(kind: str, where: str, sort: str, columns: str, limit: int | None, form: str | None, out: str) -> int:
    """List objects of KIND.

    Kinds: providers vms disks nics snapshots networks datastores hosts clusters places switches policies rules
    occurrences facilities gaps concerns plans runs migrations steps receipts.
    """
    from mtv.verbs.showing import look

    names = [name.strip() for name in columns.split(",") if name.strip()]
    rows = look.get(kind, where, sort, names, limit)
    output.write(rows, form, out, names or look.columns(kind), look.narrow(kind) if not names else None)
    return 0


@click.group(epilog=example("mtv describe vm db01"))
def describe() -> None:
    """Show all that is known of one VM or plan, or which rights an account needs."""


@describe.command("vm", epilog=example("mtv describe vm db01 --plan plan.yaml"))
@click.argument("name")
@click.option("--plan", "plan", type=click.Path(), help="Show its manifest-to-be and its concerns under this plan.")
def describe_vm(name: str, plan: str | None) -> int:
    """All that is known of VM NAME: hardware, concerns, guest, network diff, manifest-to-be."""
    from mtv.verbs.showing import describing

    click.echo(describing.vm(name, plan), nl=False)
    return 0


@describe.command("plan", epilog=example("mtv describe plan plan.yaml"))
@click.argument("file", metavar="FILE|NAME", type=click.Path())
def describe_plan(file: str) -> int:
    """What plan FILE would do, VM by VM; or what a plan or a run of that NAME did, as `mtv get plans` lists them."""
    from mtv.verbs.showing import describing

    with Meter(f"reading {file}"):
        text = describing.plan(file)
    click.echo(text, nl=False)
    return 0


@describe.command("role", epilog=example("mtv describe role --kind vsphere --way folder"))
@click.option("--kind", required=True, help="Kind of provider: vsphere, kubevirt.")
@click.option("--way", default="", help="Only this one: control, or a way of reading disks; read.")
def describe_role(kind: str, way: str) -> int:
    """The least rights that mtv's accounts need at a source or target, with the lines that grant them."""
    from mtv.verbs.showing import roles

    click.echo(roles.roles(kind, way), nl=False)
    return 0


@click.command(epilog=example("mtv why demo-1 --vm db01"))
@click.argument("run")
@options.vm
def why(run: str, vms: tuple[str, ...]) -> int:
    """Say where each migration of RUN stands, what keeps it there, and the next command.

    A target that can tell is asked, too: causes that it knows, each with its evidence and its fix.
    """
    from mtv.verbs.showing import causes, look, seeing

    for line in look.why(run, vms):
        click.echo(line)
    for line in causes.explained(run, vms):
        click.echo(line)
    if text := seeing.undriven(seeing.view(run)):
        click.echo(text)
    return 0


@click.command(epilog=example("mtv logs demo-1 --vm db01 --step transfer"))
@click.argument("run")
@options.vm
@click.option("--step", default="", help="Only this step.")
def logs(run: str, vms: tuple[str, ...], step: str) -> int:
    """Show the attempts of RUN's steps, and what their tools printed."""
    from mtv.verbs.showing import look

    lines = list(look.logs(run, vms, step))
    for line in lines:
        click.echo(line)
    if not lines:
        click.echo(f"{f'step {step}' if step else run} has not begun yet: mtv status {run}", err=True)
    return 0
