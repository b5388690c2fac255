"""A Kubernetes to try mtv on, until it is interrupted: `make cluster`, or python -m tests.kube."""

import shlex
import signal
import sys
import tempfile
from pathlib import Path

import click

from tests.kube.building import containers, image, servers
from tests.kube.cluster import Cluster, Namespace, cluster
from tests.kube.fakes.kubevirt.machines import VMS
from tests.kube.fakes.kubevirt.vms import vm
from tests.kube.pods import claim

DISK = "db01-disk0"
INSTALLED = (  # as their operators say it: where, which part of it takes the status, and the status
    (
        "kubevirt.io/v1/kubevirts",
        "kubevirt.io/v1",
        "KubeVirt",
        "kubevirt",
        "status",
        "observedKubeVirtVersion",
        "v1.9.0",
    ),
    ("cdi.kubevirt.io/v1beta1/cdis", "cdi.kubevirt.io/v1beta1", "CDI", None, "", "observedVersion", "v1.66.0"),
)


@click.command()
@click.option("--only-build", is_flag=True, help="Make what it needs, and end.")
def main(only_build: bool) -> None:
    if only_build:
        return build()
    with tempfile.TemporaryDirectory(prefix="kube-") as place:
        try:
            with cluster(Path(place), Path(place)) as up, up.namespace("lab") as made:
                populate(made)
                say(up, made.name)
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


def populate(made: Namespace) -> None:
    """What says that KubeVirt and CDI are there, and something to be seen: a VM that runs, and its claim."""
    for kind, version, name, namespace, part, key, value in INSTALLED:
        one = {"apiVersion": version, "kind": name, "metadata": {"name": name.lower()}, "spec": {}}
        made.api.create(kind, namespace, one)
        made.api.patch(kind, namespace, name.lower(), {"status": {"phase": "Deployed", key: value}}, part)
    made.api.create("persistentvolumeclaims", made.name, claim(DISK, "1Gi", "Block", "csi"))
    made.api.create(VMS, made.name, vm("db01", claim=DISK, strategy="Always"))


def say(up: Cluster, namespace: str) -> None:
    """What can be pasted into another terminal. The store lies with the cluster's files, and goes with them."""
    programs, data = shlex.quote(str(Path(sys.executable).parent)), shlex.quote(str(up.folder / "mtv"))
    address = shlex.quote(f"{up.kubeconfig}?namespace={namespace}")
    click.echo(f"""
a Kubernetes of one node answers at {up.url}, with KubeVirt and CDI played by fakes; paste this into
another terminal:

    export PATH={programs}:"$PATH" MTV_DATA={data} KUBECONFIG={shlex.quote(str(up.kubeconfig))}

    mtv add provider lab --kind kubevirt {address}
    mtv check provider lab
    mtv refresh lab
    mtv get vms --where "source = 'lab'"

Ctrl-C ends it, and removes its files and what mtv stored of it.""")


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()
