"""A worker's process for the measurements, `python program.py DIR`: it opens an NBD server that runs already, so that
both sides of a pair read the same one, an image of an OVA, or a disk of a vCenter."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from mtv.converters.worker import main  # noqa: E402
from mtv.model.points import Export  # noqa: E402
from mtv.model.reading import NbdServer, Opened  # noqa: E402
from mtv.providers.ova import OVA  # noqa: E402
from mtv.providers.vsphere.ways.openers import OPENERS as VSPHERE  # noqa: E402


@contextmanager
def open_server(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> Iterator[Opened]:
    yield NbdServer(str(export.params["uri"]))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), {**OVA.openers, **VSPHERE, "bench.nbd": open_server}, {}))
