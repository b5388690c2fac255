"""Commands about proof: verify, key."""

import click

from mtv.cli import output
from mtv.cli.meter import Meter
from mtv.cli.options import example


@click.command(epilog=example("mtv verify demo-1", "mtv verify out/db01/receipt.json"))
@click.argument("what")
@output.form
def verify(what: str, form: str) -> int:
    """Read the target disks of RUN or RECEIPT again and hold them against the signed receipt; exit 4 if they differ."""
    from mtv.verbs import proof

    with Meter("verifying") as meter:
        found = proof.verify(what, lambda disk, done, total: meter.bytes(done, total, disk))
    click.echo(output.show([one.row() for one in found], form, proof.COLUMNS, proof.NARROW), nl=False)
    for place in dict.fromkeys(one.where for one in found):
        click.echo(f"held against {place}", err=True)
    for one in found:
        for line in one.complaints:
            click.echo(f"mtv: {line}", err=True)
    return 4 if any(one.complaints for one in found) else 0


@click.group(epilog=example("mtv key show"))
def key() -> None:
    """Make or show the key that signs receipts."""


@key.command("create", epilog=example("mtv key create"))
def create() -> int:
    """Make the key; refused where there is one already."""
    from mtv.verbs import proof

    click.echo(proof.create_key())
    return 0


@key.command("show", epilog=example("mtv key show"))
def show() -> int:
    """Show the key's fingerprint, its public half and the keys that are trusted."""
    from mtv.verbs import proof

    for line in proof.show_key():
        click.echo(line)
    return 0
