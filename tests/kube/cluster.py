"""The cluster from a test's side: one for all processes of a run, up while one of them is connected."""

import base64
import fcntl
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.kube.api import Api, Object
from tests.kube.building import containers, image, servers
from tests.kube.images.seed import seed
from tests.kube.inside.control import Control
from tests.kube.inside.layout import Layout
from tests.kube.inside.settings import kubeconfig
from tests.kube.outside import sweep
from tests.kube.waiting import until

ROOT = Path(__file__).parents[2]
PREFIX = "mtv-kube-"
RBAC = "rbac.authorization.k8s.io/v1"
POD_SECURITY = ("pod-security.kubernetes.io/enforce", "pod-security.kubernetes.io/warn")


@dataclass(frozen=True)
class Namespace:
    """A test's own; Pod Security restricted is enforced in it."""

    name: str
    cluster: "Cluster"

    @property
    def api(self) -> Api:
        """The administrator's."""
        return self.cluster.api

    def account(
        self, name: str, rules: Sequence[Object] = (), cluster_rules: Sequence[Object] = (), minutes: int = 60
    ) -> Path:
        """A kubeconfig of a ServiceAccount that may what the rules say: here, and in the whole cluster."""
        self.api.create("serviceaccounts", self.name, {"metadata": {"name": name}})
        subject = {"kind": "ServiceAccount", "name": name, "namespace": self.name}
        if rules:
            self._allow("Role", self.name, name, rules, subject)
        if cluster_rules:
            self._allow("ClusterRole", None, f"{self.name}-{name}", cluster_rules, subject)
        where = f"/api/v1/namespaces/{self.name}/serviceaccounts/{name}/token"
        token = self.api.want("POST", where, {"spec": {"expirationSeconds": minutes * 60}})["status"]["token"]
        return self.cluster.write(f"{self.name}-{name}", {"token": token}, self.name)

    def _allow(self, kind: str, namespace: str | None, name: str, rules: Sequence[Object], subject: Object) -> None:
        plural = f"{RBAC}/{kind.lower()}"
        self.api.create(f"{plural}s", namespace, {"metadata": {"name": name}, "rules": list(rules)})
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
        self.api.create(
            f"{plural}bindings", namespace, {"metadata": {"name": name}, "roleRef": role, "subjects": [subject]}
        )


@dataclass(frozen=True)
class Cluster:
    """`folder` is for files of this process's; `layout` of the cluster itself, whose volumes are there."""

    folder: Path
    layout: Layout
    url: str
    control: Control
    kubeconfig: Path
    api: Api

    def write(self, name: str, user: Object, namespace: str = "default") -> Path:
        """A kubeconfig for any user, such as {"token": ...} or {"exec": ...}."""
        return write(self.folder / f"{name}.kubeconfig", self.layout, self.url, user, namespace)

    @contextmanager
    def namespace(self, name: str = "test", *, level: str = "restricted") -> Iterator[Namespace]:
        """Made with a name of its own; when left it is deleted with all that is in it, which nobody waits for."""
        made = f"{name[:40]}-{secrets.token_hex(3)}"
        labels = dict.fromkeys(POD_SECURITY, level)
        self.api.create("namespaces", None, {"metadata": {"name": made, "labels": labels}})
        try:
            until(self.api, "serviceaccounts", made, "default", lambda _: True)  # else no Pod may be made
            yield Namespace(made, self)
        finally:
            self.api.delete("namespaces", None, made)

    @contextmanager
    def stopped(self, program: str) -> Iterator[None]:
        """kubelet, kube-apiserver, kube-controller-manager, kube-scheduler, etcd, containerd or fakes; it was killed.
        No other test runs meanwhile: those of the cluster are one group of xdist."""
        self.control.order("stop", name=program)
        try:
            yield
        finally:
            self.control.order("start", name=program)

    def expose(self, port: int) -> str:
        """The address at which Pods reach a server on this machine's loopback."""
        return str(self.control.order("expose", port=port))

    def reach(self, port: int) -> str:
        """The address on this machine's loopback of what listens on the node, such as the proxy for uploads."""
        return str(self.control.order("reach", port=port))

    def load(self, tar: Path) -> None:
        """An image, for Pods with imagePullPolicy Never; building.wrap makes one of a root file system."""
        self.control.order("image", tar=str(tar))


@contextmanager
def cluster(shared: Path, folder: Path) -> Iterator[Cluster]:
    """The one whose whereabouts are written in `shared`, started if it is not up."""
    for build in (servers, containers, image, seed):
        build()
    layout, url, control = _connected(shared)
    try:
        control.order("ready")
        certs = layout.certificates
        user = {
            f"client-{what}-data": base64.b64encode((certs / f"admin.{end}").read_bytes()).decode()
            for what, end in (("certificate", "crt"), ("key", "key"))
        }
        file = write(folder / "admin.kubeconfig", layout, url, user)
        yield Cluster(folder, layout, url, control, file, Api.read(file))
    finally:
        control.close()


def write(file: Path, layout: Layout, url: str, user: Object, namespace: str = "default") -> Path:
    authority = (layout.certificates / "ca.crt").read_bytes()
    file.touch(0o600)
    file.write_text(kubeconfig(url, authority, user, namespace))
    return file


def _connected(shared: Path) -> tuple[Layout, str, Control]:
    """One process at a time looks, and starts it."""
    shared.mkdir(parents=True, exist_ok=True)
    with (shared / "kube.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        where = shared / "kube"
        if where.exists():
            folder, url = where.read_text().split()
            try:
                return Layout(Path(folder)), url, Control.connect(Path(folder) / "control")
            except OSError:
                pass  # ended with the last one who used it
        sweep(Path(tempfile.gettempdir()), PREFIX)
        layout, url = start(shared / "kube-logs")
        where.write_text(f"{layout.folder} {url}")
        return layout, url, Control.connect(layout.folder / "control")


def start(logs: Path) -> tuple[Layout, str]:
    """The sockets listen before anything serves them: who connects waits. Sockets' names must be short."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    logs.mkdir(parents=True, exist_ok=True)
    (folder / "logs").symlink_to(logs)
    with socket.socket(socket.AF_UNIX) as control, socket.create_server(("127.0.0.1", 0)) as door:
        control.bind(str(folder / "control"))
        control.listen()
        url = f"https://127.0.0.1:{door.getsockname()[1]}"
        argv = [sys.executable, "-m", "tests.kube.outside", str(folder), str(control.fileno()), str(door.fileno())]
        with (logs / "supervisor.log").open("ab") as log:
            subprocess.run(  # by a shell that ends: no child of this process's, as others of the run may need it longer
                ["/bin/sh", "-c", '"$@" &', "sh", *argv], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                check=True, start_new_session=True, pass_fds=(control.fileno(), door.fileno()),
            )  # fmt: skip
    return Layout(folder), url
