"""A Kubernetes to try mtv on, until it is interrupted: `make cluster`, or python -m tests.kube."""

import signal
import tempfile
from pathlib import Path

import click

from tests.kube.building import containers, image, servers
from tests.kube.cluster import cluster


@click.command()
@click.option("--only-build", is_flag=True, help="Make what it needs, and end.")
def main(only_build: bool) -> None:
    if only_build:
        return build()
    with tempfile.TemporaryDirectory(prefix="kube-") as place:
        try:
            with cluster(Path(place), Path(place)) as up:
                click.echo(TOLD.format(url=up.url, kubeconfig=up.kubeconfig))
                signal.sigwait({signal.SIGINT, signal.SIGTERM})
        except RuntimeError as error:
            raise click.ClickException(str(error)) from error


def build() -> None:
    """Each part is said before it is begun: scripts/steps shows the last line that was printed."""
    click.echo("building Kubernetes and etcd")
    servers()
    click.echo("packing an image")
    containers()
    image()


TOLD = """
a Kubernetes of one node answers at {url}, with the custom resources of KubeVirt and CDI; in another terminal:

    export KUBECONFIG={kubeconfig}

Ctrl-C ends it, and removes its files."""


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()
