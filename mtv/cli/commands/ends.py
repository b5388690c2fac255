"""Commands about providers: add, check, refresh."""

import click

from mtv.cli import output
from mtv.cli.meter import Meter
from mtv.cli.options import example


@click.group(epilog=example("mtv add provider exports --kind ova exports/"))
def add() -> None:
    """Remember a source or a target."""


@add.command(
    "provider",
    epilog=example("mtv add provider exports --kind ova exports/", "mtv add provider lab --kind kubevirt my-context"),
)
@click.argument("name")
@click.argument("address")
@click.option("--kind", required=True, help="vsphere, ova, rvtools, kubevirt, bundle, memory or what a package adds.")
@click.option("--user", default="", help="The account.")
@click.option("--secret", default="", metavar="env:VAR|file:PATH", help="Where the password is; never its value.")
@click.option("--copy-user", default="", help="A second, weaker account, for copying.")
@click.option("--copy-secret", default="", metavar="env:VAR|file:PATH", help="Where the second account's password is.")
@click.option("--ca", default="", metavar="FILE", help="Certificates of who signed the server's.")
@click.option("--fingerprint", default="", metavar="SHA256", help="Trust the server's certificate with this one only.")
@click.option("--from-claim", default="", metavar="NS/PVC:PATH", help="Where workers in a cluster find these files.")
@click.option("--insecure", is_flag=True, help="Trust any certificate: who sits between can read the password.")
def add_provider(
    name: str, address: str, kind: str, user: str, secret: str, copy_user: str, copy_secret: str, ca: str,
    fingerprint: str, from_claim: str, insecure: bool,
) -> int:  # fmt: skip
    """Remember ADDRESS (a URL, a path, or a context of the kubeconfig) as provider NAME."""
    from mtv.model.login import Login
    from mtv.verbs import ends

    login = Login(user=user, copy_user=copy_user, ca=ca, fingerprint=fingerprint, insecure=insecure)
    ends.add(name, kind, ends.on_claim(kind, address, from_claim), login, secret, copy_secret)
    if insecure:
        click.echo(f"INSECURE: the certificate of '{name}' will not be checked", err=True)
    click.echo(f"added {kind} '{name}'", err=True)
    return 0


@click.group(epilog=example("mtv check provider exports", "mtv check manifest vm.yaml"))
def check() -> None:
    """Check a provider or manifests and name what is wrong, with its fix."""


@check.command("provider", epilog=example("mtv check provider exports"))
@click.argument("name")
@click.option("--from", "target", default="", metavar="TARGET", help="From there, too: a worker is started and asked.")
@output.form
def check_provider(name: str, target: str, form: str) -> int:
    """Check provider NAME (or a URL such as ova:PATH): exit 4 if something is missing."""
    from mtv.verbs import ends

    with Meter(f"checking {name}") as meter:
        found = ends.check(name)
        if target:
            from mtv.verbs.nearness import check_from

            meter.draw(f"asking a worker in {target}")
            found = [*found, *check_from(name, target)]
    click.echo(output.findings(found, form), nl=False)
    return 4 if any(not one.ok and one.level == "critical" for one in found) else 0


@click.command(epilog=example("mtv refresh exports"))
@click.argument("names", nargs=-1, required=True)
@click.option("--full", is_flag=True, help="Also what has not changed since the last time.")
def refresh(names: tuple[str, ...], full: bool) -> int:
    """Read the inventory of sources or targets NAMES into the store."""
    from mtv.verbs import ends

    for name in names:
        with Meter(f"reading {name}") as meter:
            told = ends.refresh(name, meter.count, full=full)
        click.echo(f"{name}: {told.words}", err=True)
        for line in told.complaints:
            click.echo(f"  {line}", err=True)
    return 0
