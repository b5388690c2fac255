"""python -m tests.kube.fakes FOLDER, within the cluster's namespaces: all of them, until they are killed."""

import sys
import threading
from pathlib import Path

from tests.kube.api import Api
from tests.kube.fakes.storage import Provisioner
from tests.kube.inside.layout import Layout


def main(folder: str) -> None:
    layout = Layout(Path(folder))
    api = Api.read(layout.admin)
    Provisioner(api, layout.volumes).start()
    (layout.folder / "fakes").touch()
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
