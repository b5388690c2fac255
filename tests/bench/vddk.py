"""Copies by VMware's disk library: nbdkit's own plugin over the tests' stub of it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtv.model.points import Export
from mtv.providers.vsphere.ways.exports import SECRET
from mtv.providers.vsphere.ways.served.vddk import open_vddk
from tests.bench import ours
from tests.bench.pairs import Figure, compare
from tests.bench.places import GIB, Place, command
from tests.providers.vsphere.opening import Impostor
from tests.vddk.library import Stub, library

SIZE = 4 * GIB
DISK = "[gold] bench/bench.vmdk"
WORD = b"password"


def vddk(place: Place) -> list[Figure]:
    with _stub(place) as stub, Impostor(place.folder) as server:
        stub.offer(DISK, place.disk())
        stub.behave(delay_us=5000)
        pin = server.certificate.sha256.replace(":", "").lower()
        params = {"url": str(server.address), "user": "u", "vm": "vm-1", "path": DISK, "fingerprint": pin}
        export = Export(id="disk", kind="random", way="vsphere.vddk", size_bytes=SIZE, identity="one", params=params,
                        secrets=(SECRET,))  # fmt: skip
        starts = ours.Starts()
        figure = compare(
            "VMware's library (a stub of it) at 5 ms a read, hash and journal, nbdkit's start too",
            "`nbdcopy --flush` from the same nbdkit, started already",
            lambda: starts.aside(_copy(place, export)), lambda: _nbdcopy(place, export),
            rounds=place.rounds, goal=0.9,
        )  # fmt: skip
    return [starts.told(figure)]


@contextmanager
def _stub(place: Place) -> Iterator[Stub]:
    """For the workers too: they are children of this process."""
    stub = library(place.folder / "vddk")
    os.environ["MTV_VDDK"] = str(stub.folder)
    try:
        yield stub
    finally:
        del os.environ["MTV_VDDK"]


def _copy(place: Place, export: Export) -> ours.Done:
    target = place.empty_target(SIZE)
    ours.clear(place.folder / "scratch")
    made = ours.volume(str(target), SIZE, zeroed=True)
    return ours.work("transfer", place.folder / "scratch", made, export, secrets={SECRET: WORD})


def _nbdcopy(place: Place, export: Export) -> float:
    place.target.unlink(missing_ok=True)
    secrets = place.folder / "secrets"
    secrets.mkdir(mode=0o700, exist_ok=True)
    Path(secrets / SECRET).write_bytes(WORD)
    with open_vddk(export, place.folder / "served", secrets) as server:
        since = time.perf_counter()
        command(["nbdcopy", "--flush", server.uri, str(place.target)])
        return time.perf_counter() - since
