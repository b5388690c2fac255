"""python -m tests.kube.fakes FOLDER, within the cluster's namespaces: all of them, until they are killed."""

import base64
import sys
import threading
import time
from pathlib import Path

from tests.kube.api import Api
from tests.kube.fakes.cdi.uploads import Uploads
from tests.kube.fakes.cdi.volumes import DataVolumes
from tests.kube.fakes.kubevirt.launching import NODE_LABELS
from tests.kube.fakes.kubevirt.machines import Machines
from tests.kube.fakes.kubevirt.server import KubeVirt
from tests.kube.fakes.kubevirt.snapshots import Snapshots
from tests.kube.fakes.kubevirt.state import says
from tests.kube.fakes.pace import LOOK_S
from tests.kube.fakes.serving import API_SERVICES, Routes, serve
from tests.kube.fakes.storage import Provisioner
from tests.kube.inside.layout import Layout

AGGREGATED = ("v1.subresources.kubevirt.io", "v1beta1.upload.cdi.kubevirt.io")


def main(folder: str) -> None:
    layout = Layout(Path(folder))
    api = Api.read(layout.admin)
    Provisioner(api, layout.volumes).start()
    authority = base64.b64encode((layout.certificates / "ca.crt").read_bytes()).decode()
    api.patch("nodes", None, "localhost", {"metadata": {"labels": NODE_LABELS}})
    machines, routes = Machines(api), Routes()
    kubevirt = KubeVirt(api, machines)
    uploads = Uploads(api)
    for one in (kubevirt, uploads):
        one.offer(routes)
    serve(layout, routes)
    for one in (kubevirt, uploads):
        one.register(authority)
    machines.start()
    Snapshots(api, machines).start()
    DataVolumes(api, machines, uploads, layout.folder).start(authority)
    while not all(available(api, name) for name in AGGREGATED):
        time.sleep(LOOK_S)
    (layout.folder / "fakes").touch()
    threading.Event().wait()


def available(api: Api, name: str) -> bool:
    """The apiserver has reached us."""
    return bool(says(api.find(API_SERVICES, None, name), "Available").get("status") == "True")


if __name__ == "__main__":
    main(sys.argv[1])
