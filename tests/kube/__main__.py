"""A Kubernetes to try mtv on, until it is interrupted: `make cluster`, or python -m tests.kube."""

import shlex
import signal
import sys
import tempfile
from pathlib import Path

import click

from tests.guests.guests import debian_guest
from tests.guests.ova import guest_ova
from tests.kube.building import containers, image, servers
from tests.kube.cluster import Cluster, Namespace, cluster
from tests.kube.fakes.kubevirt.machines import VMS
from tests.kube.fakes.kubevirt.vms import vm
from tests.kube.images.seed import seed
from tests.kube.images.worker import worker_image
from tests.kube.pods import claim, claimed

DISK = "db01-disk0"
EXPORTS = "exports"  # a claim with the OVA of the demo's VM
PLAN = """apiVersion: mtv/v1
name: demo
source: exports
target: lab
namespace: {namespace}
vms: [finance-db01]
networks: [{{from: "*", to: pod}}]
storage: [{{from: "*", to: csi-wffc, access: ReadWriteOnce, volume: Block}}]
machine: {{add_labels: {{fakes.test/boot: "true"}}}}     # here a fake of KubeVirt boots it, in QEMU
start: always
"""
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
                ova = guest_ova(debian_guest())
                claimed(made, EXPORTS, [ova])
                image = worker_image()
                up.load(image.tar)
                say(up, made.name, image.name, ova)
                signal.sigwait({signal.SIGINT, signal.SIGTERM})
        except RuntimeError as error:
            raise click.ClickException(str(error)) from error


def build() -> None:
    """Each part is said before it is begun: scripts/steps shows the last line that was printed."""
    click.echo("building Kubernetes and etcd")
    servers()
    click.echo("packing images")
    containers()
    image()
    seed()
    worker_image()
    click.echo("building a VM that is to be moved")
    guest_ova(debian_guest())


def populate(made: Namespace) -> None:
    """What says that KubeVirt and CDI are there, and something to be seen: a VM that runs, and its claim."""
    for kind, version, name, namespace, part, key, value in INSTALLED:
        one = {"apiVersion": version, "kind": name, "metadata": {"name": name.lower()}, "spec": {}}
        made.api.create(kind, namespace, one)
        made.api.patch(kind, namespace, name.lower(), {"status": {"phase": "Deployed", key: value}}, part)
    made.api.create("persistentvolumeclaims", made.name, claim(DISK, "1Gi", "Block", "csi"))
    made.api.create(VMS, made.name, vm("db01", claim=DISK, strategy="Always"))


def say(up: Cluster, namespace: str, image: str, ova: Path) -> None:
    """What can be pasted into another terminal. The store lies with the cluster's files, and goes with them."""
    (up.folder / "plan.yaml").write_text(PLAN.format(namespace=namespace))
    programs, data = shlex.quote(str(Path(sys.executable).parent)), shlex.quote(str(up.folder / "mtv"))
    address = shlex.quote(f"{up.kubeconfig}?namespace={namespace}")
    click.echo(f"""
a Kubernetes of one node answers at {up.url}, with KubeVirt and CDI played by fakes; paste this into
another terminal:

    export PATH={programs}:"$PATH" MTV_DATA={data} KUBECONFIG={shlex.quote(str(up.kubeconfig))}
    export MTV_WORKER_IMAGE={image} MTV_WORKER_PULL=Never MTV_WORKER_SCRATCH_CLASS=csi-wffc

    mtv add provider lab --kind kubevirt {address}
    mtv check provider lab
    mtv refresh lab
    mtv add provider exports {shlex.quote(str(ova.parent))} --kind ova --from-claim {namespace}/{EXPORTS}:
    mtv lint {shlex.quote(str(up.folder / "plan.yaml"))}
    mtv get vms --where "source = 'lab'"

then move a VM by Jobs, and see it boot from its claims (some four minutes without KVM; kill what you like):

  mtv run {shlex.quote(str(up.folder / "plan.yaml"))}

Ctrl-C ends it, and removes its files and what mtv stored of it.""")


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()
