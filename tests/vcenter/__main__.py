"""A vCenter to try mtv on, until it is interrupted: `make vcenter`, or python -m tests.vcenter --vms 2000."""

import shlex
import signal
import sys
import tempfile
from pathlib import Path

import click

from mtv.providers.vsphere.rights.roles import FOLDER
from tests.guests.guests import debian_guest
from tests.vcenter.building import rights, simulator
from tests.vcenter.estate import estate
from tests.vcenter.guests import lay
from tests.vcenter.machines import allow
from tests.vcenter.server import ADMIN, COPY, Setup, VCenter, vcenter

WHERE = "snapshots > 0 AND cluster = 'DC0_C1'"
COLUMNS = "name,host,os_name,size_bytes,snapshots,addresses"

MOVE = """
One of them is a real Debian, and runs. To shut it down, move it, and boot what arrived:

    mtv create plan plan.yaml --from vc01 --to bundle:out --where "name = 'finance-db01'"
    mtv run plan.yaml
    mtv boot out/finance-db01
"""


@click.command()
@click.option("--vms", default=2000, show_default=True, help="How many VMs it has.")
@click.option("--listen", default="127.0.0.1:8989", show_default=True, help="Where it answers.")
@click.option("--folder", type=click.Path(path_type=Path), help="Its files; else a folder that goes with it.")
@click.option("--guest/--no-guest", default=True, help="One VM is a real Debian, to be moved.")
@click.option("--only-build", is_flag=True, help="Make what it needs, and end.")
def main(vms: int, listen: str, folder: Path | None, guest: bool, only_build: bool) -> None:
    if only_build:
        return build(vms, guest)
    with tempfile.TemporaryDirectory(prefix="vcenter-") as place:
        try:
            with vcenter(folder or Path(place), Setup(load=estate(vms), listen=listen)) as server:
                if guest:
                    populate(server)
                say(server, vms, guest)
                signal.sigwait({signal.SIGINT, signal.SIGTERM})
        except RuntimeError as error:
            raise click.ClickException(str(error).splitlines()[0]) from error  # below it is where Go was


def build(vms: int, guest: bool) -> None:
    """Each part is said before it is begun: scripts/steps shows the last line that was printed."""
    click.echo("building the simulator")
    simulator()
    click.echo("reading the table of rights")
    rights()
    click.echo(f"making {vms} VMs")
    estate(vms)
    if guest:
        click.echo("building a Debian guest")
        debian_guest("virtio")


def populate(server: VCenter) -> None:
    """A VM that runs, with a real guest's disks, and a second account that may read them."""
    with server.connected() as service:
        allow(service, COPY, FOLDER.given)
        lay(server, service, debian_guest("virtio"), on=True)


def say(server: VCenter, vms: int, guest: bool) -> None:
    """What can be pasted into another terminal. The store lies with the vCenter's files, and goes with them."""
    data, ca = shlex.quote(str(server.folder / "mtv")), shlex.quote(str(server.authority.file))
    accounts, programs = server.setup.accounts, shlex.quote(str(Path(sys.executable).parent))
    click.echo(f"""
a vCenter with {vms} VMs answers at {server.url}; paste this into another terminal:

    export PATH={programs}:"$PATH" MTV_DATA={data}
    export VC_PASSWORD="{accounts[ADMIN]}" VC_COPY_PASSWORD="{accounts[COPY]}"

    mtv add provider vc01 {server.url} --kind vsphere --ca {ca} \\
        --user {ADMIN} --secret env:VC_PASSWORD \\
        --copy-user {COPY} --copy-secret env:VC_COPY_PASSWORD
    mtv refresh vc01
    mtv report estate --out estate.html

and open estate.html in a browser: what there is, what can move, and what cannot and why. To look closer:

    mtv get vms --where "{WHERE}" --columns {COLUMNS} --limit 3
{MOVE if guest else ""}
Ctrl-C ends it, and removes its files and what mtv stored of it.""")


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()
