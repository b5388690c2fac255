"""Where things lie in the folder of a cluster."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    folder: Path

    @property
    def certificates(self) -> Path:
        return self.folder / "certs"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def runtime(self) -> Path:
        return self.folder / "run/containerd.sock"

    @property
    def databases(self) -> Path:
        """etcd's and containerd's, in memory."""
        return self.folder / "databases"

    @property
    def volumes(self) -> Path:
        """What claims hold: a folder or a file each, named as the volume."""
        return self.folder / "volumes"

    @property
    def admin(self) -> Path:
        """The administrator's kubeconfig, for use within the namespaces."""
        return self.folder / "inside.kubeconfig"

    @property
    def cgroup(self) -> str:
        """Of this cluster alone: a kubelet ends what it finds in a cgroup and does not know."""
        return f"/{self.folder.name}"
