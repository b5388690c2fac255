"""A source for the tests alone: packages whose raw disks nbdkit serves, slowly. Installed by `install`, as a stranger's
provider would be."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mtv.model.estate import Disk
from mtv.model.points import Export, Point
from mtv.model.reading import NbdServer, Opener, SourceCheck
from mtv.process import running, wait_for_path
from mtv.providers.ova import OVA

OPTIONS = "MTV_TEST_NBDKIT"  # filters and their settings


@contextmanager
def open_slowly(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> Iterator[NbdServer]:
    folder = Path(tempfile.mkdtemp(dir=scratch))
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)  # a short name for a long path
    socket = Path(f"/proc/{os.getpid()}/fd/{held}/s")
    words = os.environ.get(OPTIONS, "").split()
    filters = [f"--filter={word.removeprefix('+')}" for word in words if word.startswith("+")]
    settings = [word for word in words if not word.startswith("+")]
    argv = ["nbdkit", "-f", "-r", "--exit-with-parent", "-U", str(socket), *filters, "file", str(export.params["path"])]
    try:
        with running([*argv, *settings]) as child:
            wait_for_path(socket, child)
            yield NbdServer(f"nbd+unix:///?socket={socket}")
    finally:
        os.close(held)


class Slow(OVA):
    kind = "slow"
    openers: Mapping[str, Opener] = {"slow.nbdkit": open_slowly}
    checks: Mapping[str, SourceCheck] = {}

    async def export(self, point: Point, disk: Disk) -> Export:
        made = await super().export(point, disk)
        pieces = made.params["pieces"]
        assert isinstance(pieces, list)
        assert isinstance(pieces[0], dict)
        return replace(made, way="slow.nbdkit", params={"path": pieces[0]["path"]})


HASTE = """
import dataclasses
import mtv.settings
made = mtv.settings.settings
haste = {"flush_s": 0.2, "watch_s": 0.1, "backoff_s": (0.2,), "reconnect_s": (0.1,)}
mtv.settings.settings = lambda: dataclasses.replace(made(), **haste)
"""
LOOKS = """
from mtv.converters.guest import looking
from tests.e2e.looks import look
looking.look = look
"""


def install(folder: Path, looks: bool = False) -> str:
    """Makes it a source of every mtv that is started with the PYTHONPATH that this gives; of this tree's mtv, in a
    hurry: what takes minutes in a data center shows on disks of a few megabytes too."""
    info = folder / "mtv_test_slow-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mtv-test-slow\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[mtv.sources]\nslow = tests.e2e.slow:Slow\n")
    (folder / "sitecustomize.py").write_text(HASTE + (LOOKS if looks else ""))
    return os.pathsep.join([str(folder), str(Path(__file__).parents[2])])
