"""The command that brings a bundle into a cluster: import."""

from pathlib import Path

import click

from mtv.cli.meter import Meter
from mtv.cli.options import example


@click.command("import", epilog=example("mtv import out/db01 --to lab --namespace finance"))
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--to", required=True, metavar="TARGET", help="Name of a cluster, or kubevirt:CONTEXT.")
@click.option("--namespace", default="", metavar="NS", help="Where the VM shall be; else the context's own.")
@click.option("--class", "storage_class", default="", metavar="NAME", help="StorageClass of all disks, not vm.yaml's.")
@click.option("--upload-proxy", "through", default="", metavar="HOST:PORT", help="Where CDI takes disks, as seen here.")
@click.option("--as-is", is_flag=True, help="Send disks that are not what their receipt signs for, too.")
def import_bundle(bundle: Path, to: str, namespace: str, storage_class: str, through: str, as_is: bool) -> int:
    """Upload BUNDLE's disks to a cluster by CDI and make its VM there, halted. What arrived whole is not sent again."""
    from mtv.verbs import importing

    wish = importing.Wish(namespace=namespace, storage_class=storage_class, through=through, as_is=as_is)
    with Meter(f"importing {bundle.name}") as meter:
        done = importing.import_bundle(
            bundle, to, wish, lambda what, file, sent, total: meter.bytes(sent, total, f"{what} {file}")
        )
    click.echo(done.path)
    for note in done.notes:
        click.echo(note, err=True)
    return 0
