"""A vCenter to try things on, until it is interrupted: python -m tests.vcenter --vms 2000."""

import signal
import tempfile
from pathlib import Path

import click

from tests.vcenter.estate import estate
from tests.vcenter.server import ADMIN, COPY, Setup, VCenter, vcenter


@click.command()
@click.option("--vms", default=2000, show_default=True, help="How many VMs it has.")
@click.option("--listen", default="127.0.0.1:8989", show_default=True, help="Where it answers.")
@click.option("--folder", type=click.Path(path_type=Path), help="Its files; else a folder that goes with it.")
def main(vms: int, listen: str, folder: Path | None) -> None:
    setup = Setup(load=estate(vms), listen=listen)
    with tempfile.TemporaryDirectory(prefix="vcenter-") as place, vcenter(folder or Path(place), setup) as server:
        say(server, vms)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


def say(server: VCenter, vms: int) -> None:
    click.echo(f"a vCenter with {vms} VMs answers at {server.url}")
    for user in (ADMIN, COPY):
        click.echo(f"  user {user}, password {server.setup.accounts[user]}")
    click.echo(f"  its authority's certificate: {server.authority.file}")
    click.echo("It ends with Ctrl-C.")


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()
